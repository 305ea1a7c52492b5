/* pause: whether a sync is paused: connected to its checkpoint, without reading anything (docs/decisions/0030). A record of the checkpoint,
 * `paused`, keeps that over a restart:
 *   {"since":"1764600000000"}
 * A command leaves a wish, which the supervisor fulfils. Saving the record, or its removal, is what makes a command take effect.
 * While it is paused, the retention of the binlog is watched.
 * Thread: pause_wish, pause_wished and pause_since any; the others the sync's own. Owner: the supervisor; pause_init / pause_fini. */
#ifndef TIDEWAY_PAUSE_H
#define TIDEWAY_PAUSE_H

#include "engine/state/checkpoint.h"
#include "engine/sync/retention.h"

#include <stdatomic.h>

/* What a command has asked for. */
enum pause_wish {
	PAUSE_KEEP,  /* nothing */
	PAUSE_BEGIN, /* the sync shall be paused */
	PAUSE_END,   /* it shall continue */
};

struct pause {
	struct checkpoint *checkpoint;
	_Atomic int wish;         /* enum pause_wish */
	_Atomic int64_t since_ms; /* wall time of the pause, as last saved; 0: none */
	struct position position; /* where the sync will continue, while it is paused */
	bool has_position;        /* it has one, and its binlog is watched */
	struct retention retention;
};

void pause_init(struct pause *pause, struct checkpoint *checkpoint);
void pause_fini(struct pause *pause);

/* Leave a wish. It replaces an earlier one that is not fulfilled yet. */
void pause_wish(struct pause *pause, enum pause_wish wish);
/* Return the wish that is not fulfilled yet. */
enum pause_wish pause_wished(const struct pause *pause);
/* Return the wall time since when the sync is paused; 0: it is not. */
int64_t pause_since(const struct pause *pause);

/* Return whether the sync must be paused: by the wish, without one by the checkpoint, which must be open. */
bool pause_is_due(struct pause *pause);
/* Post the record, so that it is saved with what the lanes post. */
void pause_post(struct pause *pause);
/* Save the record, and begin to watch. The wish is fulfilled then. */
int pause_begin(struct pause *pause, struct source *source, struct sync_events *events,
		struct err *err) MUST_CHECK;
/* Watch the binlog that will be needed. A wish for a pause is fulfilled. */
int pause_watch(struct pause *pause, struct err *err) MUST_CHECK;
/* The binlog was purged, which does not matter. */
void pause_watch_no_more(struct pause *pause);
/* Stop watching. */
void pause_leave(struct pause *pause);
/* Remove the record, if there is one, and save that. The wish is fulfilled then. */
int pause_end(struct pause *pause, struct err *err) MUST_CHECK;

#endif
