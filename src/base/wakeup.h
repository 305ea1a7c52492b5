/* wakeup: a signal that ends the wait of another thread (base/wait.h). It stays set until it is cleared, so none is lost.
 * Thread: wakeup_set any; wakeup_clear the thread that waits. Owner: wakeup_init / wakeup_fini. */
#ifndef TIDEWAY_WAKEUP_H
#define TIDEWAY_WAKEUP_H

struct wakeup {
	int fd; /* readable while the signal is set */
};

/* Aborts if the process has no descriptor left. */
void wakeup_init(struct wakeup *wakeup);
void wakeup_fini(struct wakeup *wakeup);
void wakeup_set(const struct wakeup *wakeup);
void wakeup_clear(const struct wakeup *wakeup);

#endif
