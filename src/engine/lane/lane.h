/* lane: one thread that takes changes from a source to Kafka. It owns its Lua state, sink, window, plans and
 * buffers; nothing else touches them. The stream lane (stream.h) and full-sync lanes (full.h) are built on it.
 * Thread: the lane's own, from lane_open to lane_close. Owner: whoever opened it. */
#ifndef TIDEWAY_LANE_H
#define TIDEWAY_LANE_H

#include "engine/state/sync.h"
#include "engine/lane/commit.h"
#include "engine/lane/destination.h"
#include "format/format.h"
#include "model/metrics.h"
#include "script/host.h"

struct script;
struct send_gate;
struct sink;
struct wait;
struct wakeup;

enum {
	LANE_KEEP_BYTES = 4 << 20
}; /* of a buffer of messages, after a large row (rule: long-sessions) */

/* What the script's own loop and change:records() work with. */
struct lane_loop {
	struct script_host host;       /* the functions that scripts call */
	struct message_batch *instead; /* collects what the loop sends; NULL: it goes to the sink */
	const struct message_batch
		*item_messages;     /* of the statement or heartbeat that the loop has now */
	struct message_batch spare; /* change:records() borrows it */
};

struct lane {
	/* engine/lane/step.h; set after lane_open by the kind of lane */
	int (*step)(struct lane *lane, struct wait *wait, struct err *err);
	struct sync *sync;
	const _Atomic bool *halt;         /* of the part of the sync that the lane belongs to */
	const struct wakeup *wakeup;      /* set by another thread: ends a wait; NULL: none does */
	const struct sync_config *config; /* of this lane's own script */
	const char *label;                /* "stream", "full-1": for texts and client ids */
	struct script *script;
	const struct format *format; /* of its messages */
	struct sink *sink;
	struct commit *commit;      /* how what the lane sends becomes durable */
	struct arena arena;         /* event arena: reset for the next change */
	struct arena texts;         /* names, valid as long as the lane */
	struct message_batch batch; /* of the change that is being written */
	struct map plans;           /* "db.table" -> struct plan */
	struct destinations destinations;
	struct lane_loop loop;
	const struct send_gate
		*gate;       /* for the messages of the present change; NULL: all are sent */
	int reports_wait_ms; /* the last wait for reports; 0: none */
	int64_t now_ms;      /* wall time, refreshed for each batch of changes */
	struct lane_metrics *metrics; /* owned by the run, read by others */
};

/* Load the script, open the sink and the commit. part: the part of the sync that the lane belongs to, and ends with. lease
 * NULL: the lane sends without one. meaning: of the lane's marks; NULL: the lane commits nothing. */
int lane_open(struct lane *lane, struct sync *sync, enum sync_part part, const char *label,
	      size_t queue_bytes, const struct lease *lease, const struct commit_meaning *meaning,
	      struct lane_metrics *metrics, struct err *err) MUST_CHECK;
void lane_close(struct lane *lane);
/* Discard messages that are not acknowledged. */
void lane_purge(struct lane *lane);

/* Note the failure of the lane: a topic that was replaced is recorded in the checkpoint. */
void lane_note_failure(struct lane *lane);
/* Return whether the sync, or this part of it, must stop. */
bool lane_stopping(const struct lane *lane);

#endif
