/* pins: the topics that the checkpoint contains: the partition count that each had at first, the
 * tables whose topic function has returned it (rule: pinned-partitions), and where its partitions
 * end at least. All lanes of a sync share them. A record in the checkpoint is never older than the
 * position saved with it: pins_post posts the changed records together with the position.
 * Thread: any; during pins_load and pins_next no lane may run. Owner: the sync; pins_fini. */
#ifndef TIDEWAY_PINS_H
#define TIDEWAY_PINS_H

#include "base/arena.h"
#include "base/map.h"
#include "engine/state/checkpoint.h"

#include <pthread.h>

struct pin {
	struct slice name; /* of the topic */
	int partitions;    /* pinned count; 0: not pinned yet */
	int nends;
	int64_t *
		ends; /* of the first nends partitions: after the highest acknowledged offset; in the arena */
	bool replaced; /* the topic was found to be replaced */
	bool changed;  /* its record must be saved */
	bool open;     /* a lane of this run writes to it */
	struct map
		tables; /* "db.table" of the tables whose function has returned it, to the pin itself */
};

struct pins {
	pthread_mutex_t lock; /* guards the rest */
	size_t nopen;         /* pins that are open */
	struct map by_topic;  /* topic -> struct pin */
	struct arena arena;   /* pins and names */
	bool urgent;          /* something other than ends has changed since the last save */
};

void pins_init(struct pins *pins);
void pins_fini(struct pins *pins);
/* Forget everything. */
void pins_reset(struct pins *pins);
/* Add a record of the checkpoint, `topic/<name>`. */
int pins_load(struct pins *pins, struct slice topic, struct slice json, struct err *err) MUST_CHECK;
/* The pinned state of a topic. The names of its tables and the ends of its partitions are copies in
 * the arena. */
struct pinned {
	int partitions; /* 0: not pinned yet */
	int nends;
	const int64_t *ends;
	bool replaced;
	struct slice *tables;
	size_t ntables;
};
struct pinned pins_get(struct pins *pins, struct slice topic, struct arena *arena);
/* Open the topic for a lane. Return whether at most max topics are open now, over all lanes. */
bool pins_open(struct pins *pins, struct slice topic, size_t max) MUST_CHECK;
/* Record the partition count of a topic and, unless NULL, a table that writes to it. A change is
 * saved later. A count that is pinned already stays. */
void pins_note(struct pins *pins, struct slice topic, int partitions, const struct slice *table);
/* Replace the pinned count. Call it before a lane opens the topic. */
void pins_adopt(struct pins *pins, struct slice topic, int partitions);
/* Record where the partitions of a topic end at least, from acknowledgements. */
void pins_acked(struct pins *pins, struct slice topic, const int64_t *ends, int n);
/* Record that the topic was replaced, so that no start takes the new topic for the old one. */
void pins_replaced(struct pins *pins, struct slice topic);
/* Forget everything about the topic except its name: it may be created again. */
void pins_forget(struct pins *pins, struct slice topic);
/* Add the records that have changed to the batch. A caller that posts the batch uses pins_post. */
void pins_take(struct pins *pins, struct record_batch *records);
/* Post the batch, which is then empty, with the changed records and, unless NULL, the position.
 * This is one step: of two records of a topic the later one must be posted later. Any thread. */
void pins_post(struct pins *pins, struct checkpoint *checkpoint, struct record_batch *records,
	       const struct position *position);
/* Return whether something other than ends has changed, which must be saved without waiting for a
 * position. */
bool pins_are_urgent(struct pins *pins);
/* Log that keys stay on fewer partitions than the topic has. */
void pins_tell_grown(struct slice topic, int present, int pinned);
/* Iterate over the pins, starting with *at = 0. Return NULL at the end. */
const struct pin *pins_next(const struct pins *pins, size_t *at);

#endif
