/* pins: the topics as the checkpoint knows them: with how many partitions each was met first, the tables whose
 * topic function has returned it (consistency rule: pinned-partitions), and where its partitions end at least. All lanes of a sync share them.
 * A record of the checkpoint is never older than the position that is saved with it: pins_post posts what has changed with
 * the position.
 * Thread: any, but for pins_load and pins_next, which want no other lane to run. Owner: the sync; pins_fini. */
#ifndef TIDEWAY_PINS_H
#define TIDEWAY_PINS_H

#include "base/arena.h"
#include "base/map.h"
#include "engine/state/checkpoint.h"

#include <pthread.h>

struct pin {
	struct slice name; /* of the topic */
	int partitions;    /* pinned count; 0: not yet */
	int nends;
	int64_t *
		ends; /* of the first nends partitions: after the highest acknowledged offset; in the arena */
	bool replaced; /* it has turned out to be another topic than before */
	bool changed;  /* its record is to be saved */
	bool open;     /* some lane of this run writes to it */
	struct map
		tables; /* "db.table" of the tables whose function has returned it, to the pin itself */
};

struct pins {
	pthread_mutex_t lock; /* guards the rest */
	size_t nopen;         /* pins that are open */
	struct map by_topic;  /* topic -> struct pin */
	struct arena arena;   /* pins and names */
	bool urgent;          /* more than ends has changed since the last save */
};

void pins_init(struct pins *pins);
void pins_fini(struct pins *pins);
/* Forgets everything. */
void pins_reset(struct pins *pins);
/* Takes a record of the checkpoint, `topic/<name>`. */
int pins_load(struct pins *pins, struct slice topic, struct slice json, struct err *err) MUST_CHECK;
/* What is pinned of the topic, and copies of its tables' names and of where its partitions end, in the arena. */
struct pinned {
	int partitions; /* 0: not pinned yet */
	int nends;
	const int64_t *ends;
	bool replaced;
	struct slice *tables;
	size_t ntables;
};
struct pinned pins_get(struct pins *pins, struct slice topic, struct arena *arena);
/* A lane is going to open the topic: whether no more than max topics are open then, over all lanes. */
bool pins_open(struct pins *pins, struct slice topic, size_t max) MUST_CHECK;
/* The topic has so many partitions, and (unless NULL) this table writes to it: what is new about that is to be saved. A
 * count that is pinned already stays. */
void pins_note(struct pins *pins, struct slice topic, int partitions, const struct slice *table);
/* From here on the topic has so many, whatever is pinned; before a lane opens it. */
void pins_adopt(struct pins *pins, struct slice topic, int partitions);
/* The topic's partitions end there at least: acknowledgements say so. */
void pins_acked(struct pins *pins, struct slice topic, const int64_t *ends, int n);
/* The topic is another one than before: no start may take it for the old one. */
void pins_replaced(struct pins *pins, struct slice topic);
/* Nothing is known of the topic any more but its name: it may be made anew. */
void pins_forget(struct pins *pins, struct slice topic);
/* Add the records that have changed to the batch. A caller that posts the batch uses pins_post. */
void pins_take(struct pins *pins, struct record_batch *records);
/* Post the batch, which is emptied, with the records that have changed and, unless NULL, the position. It is one step, for of
 * two records of a topic the later one must stay the later one. Any thread. */
void pins_post(struct pins *pins, struct checkpoint *checkpoint, struct record_batch *records,
	       const struct position *position);
/* Whether more than ends has changed, which is not to wait for a position. */
bool pins_are_urgent(struct pins *pins);
/* The log says that keys stay on fewer partitions than the topic has. */
void pins_tell_grown(struct slice topic, int present, int pinned);
/* Walks the pins: start with *at = 0; NULL at the end. */
const struct pin *pins_next(const struct pins *pins, size_t *at);

#endif
