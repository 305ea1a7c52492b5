/* sync_state: the states of a sync, and which state may follow which. Only its supervisor changes
 * the state.
 * Thread: any. */
#ifndef TIDEWAY_SYNC_STATE_H
#define TIDEWAY_SYNC_STATE_H

#include <stdbool.h>

#define SYNC_STATES(X)                                                                             \
	X(STARTING)  /* opens the checkpoint, looks at the source and at the topics */             \
	X(COPYING)   /* reads the tables */                                                        \
	X(STREAMING) /* follows the binlog */                                                      \
	X(WAITING)   /* an attempt has failed; the next one starts later */                        \
	X(PAUSING)   /* waits until what was sent is acknowledged and saved, then pauses */        \
	X(PAUSED)    /* reads nothing until a command ends the pause */                            \
	X(STOPPING)  /* waits until what was sent is acknowledged and saved, then stops */         \
	X(STOPPED)   /* ended as asked; final */                                                   \
	X(FAILED)    /* ended with an error; final */

enum sync_state {
#define X(id) SYNC_##id,
	SYNC_STATES(X)
#undef X
		SYNC_STATE_COUNT
};

/* Return the name in lower case: "starting". */
const char *sync_state_name(enum sync_state state);
/* Return whether `to` may follow `from`. */
bool sync_state_may_follow(enum sync_state from, enum sync_state to);
/* Return whether the sync has ended. */
bool sync_state_is_final(enum sync_state state);

#endif
