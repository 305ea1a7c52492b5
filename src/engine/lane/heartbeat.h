/* heartbeat: watermark messages to every destination topic and partition, spread over the interval so that
 * many partitions do not come in one go (consistency rule: heartbeats-in-order). Every transaction before a heartbeat in the
 * binlog is before it in its partition. Thread: the stream lane. Owner: the stream lane. */
#ifndef TIDEWAY_ENGINE_HEARTBEAT_H
#define TIDEWAY_ENGINE_HEARTBEAT_H

#include "engine/lane/lane.h"

struct heartbeat {
	int64_t interval_ms;             /* 0: off */
	int64_t round_ms;                /* wall time at which this round began; 0: none yet */
	unsigned total;                  /* partitions of this round */
	unsigned sent;                   /* of them, so far */
	struct destination *destination; /* being served */
	int partition;                   /* its next partition */
	struct slice name;               /* of that topic; in lane.texts */
	bool one_topic;                  /* too many partitions: a topic of its own instead */
	bool look;                       /* for partitions that topics have got, in this round */
	struct buf value;                /* the message */
	struct buf key[2];               /* of topics that are not compacted, and that are */
	bool has_key[2];                 /* false: the key is null */
};

enum { HEARTBEAT_PARTITIONS_MAX = 1000 };

void heartbeat_init(struct heartbeat *heartbeat, const struct sync_config *config);
void heartbeat_fini(struct heartbeat *heartbeat);
/* Sends what is due at lane->now_ms with this watermark. Cheap when nothing is due. Uses the lane's current slot
 * when one is open (slot_open), else a slot of its own that is closed with `mark`. */
int heartbeat_tick(struct heartbeat *heartbeat, struct lane *lane, int64_t watermark_ms,
		   bool slot_open, const struct mark *mark, struct err *err) MUST_CHECK;
/* Adds what is due to the batch instead: for a script that sends its messages itself. They borrow the heartbeat's
 * value until the next call. */
int heartbeat_add(struct heartbeat *heartbeat, struct lane *lane, int64_t watermark_ms,
		  struct message_batch *batch, struct err *err) MUST_CHECK;

#endif
