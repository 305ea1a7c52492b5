/* thread: starts threads that have names, which show in /proc, top and gdb.
 * Thread: any. Owner: the caller joins the thread. */
#ifndef TIDEWAY_THREAD_H
#define TIDEWAY_THREAD_H

#include <pthread.h>

/* Starts a thread. Aborts if there is none left. name: at most 15 characters. */
void thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg);
/* Waits for the end of a thread that thread_start started. */
void thread_join(pthread_t thread);

#endif
