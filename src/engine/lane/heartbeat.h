/* heartbeat: watermark messages to every partition of every destination topic. They are spread over
 * the interval, so that many partitions do not receive them at once. Every transaction that
 * precedes a heartbeat in the binlog precedes it in its partition (rule: heartbeats-in-order).
 * Thread: the stream lane. Owner: the stream lane. */
#ifndef TIDEWAY_ENGINE_HEARTBEAT_H
#define TIDEWAY_ENGINE_HEARTBEAT_H

#include "engine/lane/lane.h"

struct heartbeat {
	int64_t interval_ms;             /* 0: off */
	int64_t round_ms;                /* wall time when this round began; 0: no round yet */
	unsigned total;                  /* partitions of this round */
	unsigned sent;                   /* of total, in this round */
	struct destination *destination; /* the topic to which heartbeats are being sent */
	int partition;                   /* its next partition */
	struct slice name;               /* of that topic; in lane.texts */
	bool one_topic; /* send to a topic for heartbeats only, since there are too many partitions */
	bool look;      /* look for added partitions in this round */
	struct buf value;       /* the message */
	struct buf key[2];      /* for topics that are not compacted, and for compacted ones */
	bool has_key[2];        /* false: the key is null */
	struct copying copying; /* tables of any topic */
};

enum { HEARTBEAT_PARTITIONS_MAX = 1000 };

void heartbeat_init(struct heartbeat *heartbeat, const struct sync_config *config);
void heartbeat_fini(struct heartbeat *heartbeat);
/* Send the heartbeats that are due at lane->now_ms, with this watermark. Cheap if none is due. Use
 * the lane's current slot if one is open (slot_open), else a slot of its own that is closed with
 * `mark`. */
int heartbeat_tick(struct heartbeat *heartbeat, struct lane *lane, int64_t watermark_ms,
		   bool slot_open, const struct mark *mark, struct err *err) MUST_CHECK;
/* Add the heartbeats that are due to the batch instead, for a script that sends its messages
 * itself. They borrow the value of the heartbeat until the next call. */
int heartbeat_add(struct heartbeat *heartbeat, struct lane *lane, int64_t watermark_ms,
		  struct message_batch *batch, struct err *err) MUST_CHECK;

#endif
