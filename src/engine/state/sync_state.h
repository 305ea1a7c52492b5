/* sync_state: the states of a sync, and which may follow which. Only its supervisor changes the
 * state.
 * Thread: any. */
#ifndef TIDEWAY_SYNC_STATE_H
#define TIDEWAY_SYNC_STATE_H

#include <stdbool.h>

#define SYNC_STATES(X)                                                                             \
	X(STARTING)  /* opens the checkpoint, looks at the source and at the topics */             \
	X(COPYING)   /* reads the tables */                                                        \
	X(STREAMING) /* follows the binlog */                                                      \
	X(WAITING)   /* an attempt has failed; the next one starts after a pause */                \
	X(STOPPING)  /* was asked to stop; what was sent is being acknowledged and saved */        \
	X(STOPPED)   /* ended as asked; nothing follows */                                         \
	X(FAILED)    /* ended with an error; nothing follows */

enum sync_state {
#define X(id) SYNC_##id,
	SYNC_STATES(X)
#undef X
		SYNC_STATE_COUNT
};

/* Returns the name in lower case: "starting". */
const char *sync_state_name(enum sync_state state);
/* Returns whether `to` may follow `from`. */
bool sync_state_may_follow(enum sync_state from, enum sync_state to);
/* Returns whether the sync has ended. */
bool sync_state_is_final(enum sync_state state);

#endif
