/* lane: one thread that takes changes from a source to Kafka. It owns its Lua state, sink, window, plans and
 * buffers; nothing else touches them. The stream lane (stream.h) and full-sync lanes (full.h) are built on it.
 * Thread: the lane's own, from lane_open to lane_close. Owner: whoever opened it. */
#ifndef TIDEWAY_LANE_H
#define TIDEWAY_LANE_H

#include "engine/state/sync.h"
#include "engine/lane/commit.h"
#include "format/format.h"
#include "model/metrics.h"
#include "model/table.h"
#include "script/host.h"

struct script;
struct sink;
struct topic;
struct topic_spec;
struct plan;

enum {
	LANE_KEEP_BYTES = 4 << 20
}; /* of a buffer of messages, after a large row (rule: long-sessions) */

/* A destination topic of this lane. */
struct destination {
	struct destination *next; /* the one that was opened after it */
	struct topic *topic;
	struct slice name; /* in the topic's own storage */
	struct map
		tables; /* full names of the tables whose topic function has returned it, to plans
	                              or the destination itself */
};

/* The destination topics of a lane. */
struct destinations {
	struct map by_name;               /* topic -> struct destination */
	struct destination *first, *last; /* the same, in the order of opening */
	unsigned uncounted; /* of them, that topics.max leaves out: the heartbeats' own topic */
};

/* What the script's own loop and change:records() work with. */
struct lane_loop {
	struct script_host host;       /* the functions that they call */
	struct message_batch *instead; /* takes what the loop sends; NULL: the sink does */
	const struct message_batch *item_messages; /* of the statement or beat in the loop now */
	struct message_batch spare;                /* change:records() borrows it */
};

struct lane {
	struct sync *sync;
	const struct sync_config *config; /* of this lane's own script */
	const char *label;                /* "stream", "full-1": for texts and client ids */
	struct script *script;
	const struct format *format; /* of its messages */
	struct sink *sink;
	struct commit *commit;      /* how what the lane sends becomes durable */
	struct arena arena;         /* event arena: until the next change */
	struct arena texts;         /* as long as the lane: names */
	struct message_batch batch; /* of what is written now */
	struct map plans;           /* "db.table" -> struct plan */
	struct destinations destinations;
	struct lane_loop loop;
	int64_t now_ms;               /* wall time, refreshed for each group of changes */
	struct lane_metrics *metrics; /* owned by the run, read by others */
};

/* Loads the script, opens the sink and the commit. lease NULL: the lane sends without one. meaning: of the lane's marks; NULL:
 * the lane commits nothing. */
int lane_open(struct lane *lane, struct sync *sync, const char *label, size_t queue_bytes,
	      const struct lease *lease, const struct commit_meaning *meaning,
	      struct lane_metrics *metrics, struct err *err) MUST_CHECK;
void lane_close(struct lane *lane);
/* What messages of the lane contain about the sync. */
struct format_sync lane_format_sync(const struct lane *lane);
/* Throws away what was sent and is not acknowledged. */
void lane_purge(struct lane *lane);

/* How a topic is found or created. */
struct topic_spec lane_topic_spec(const struct sync_config *config, bool keyed,
				  const struct pinned *pinned);
/* The destination of that name, found or created at its first use. `keyed` chooses the number of partitions of a
 * new topic; `table` (may be NULL) is remembered as one that writes to it. */
int lane_destination(struct lane *lane, struct slice name, bool keyed, const struct table *table,
		     struct destination **destination, struct err *err) MUST_CHECK;
/* Hands a message to the sink in the lane's current slot, and counts it. */
int lane_send(struct lane *lane, struct destination *destination, const struct message *message,
	      struct err *err) MUST_CHECK;
/* One more message of the lane's current slot, of so many bytes. */
void lane_count(struct lane *lane, size_t bytes);
/* The lane has failed; a topic that has turned out to be another one stays so in the checkpoint. */
void lane_note_failure(struct lane *lane);
/* Whether the sync is to stop, cleanly or not. */
bool lane_stopping(const struct lane *lane);

#endif
