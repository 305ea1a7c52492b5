/* pins: the topics as the checkpoint knows them: with how many partitions each was met first, and the tables whose
 * topic function has returned it (consistency rule 18). All lanes of a sync share them.
 * Thread: any, but for pins_load and pins_next, which want no other lane to run. Owner: the sync; pins_fini. */
#ifndef TIDEWAY_PINS_H
#define TIDEWAY_PINS_H

#include "base/arena.h"
#include "base/map.h"
#include "engine/checkpoint.h"

#include <pthread.h>

struct pin {
	struct slice name; /* of the topic */
	int partitions;    /* pinned count; 0: not yet */
	bool open;         /* some lane of this run writes to it */
	struct map
		tables; /* "db.table" of the tables whose function has returned it, to the pin itself */
};

struct pins {
	pthread_mutex_t lock; /* guards the rest */
	size_t nopen;         /* pins that are open */
	struct map by_topic;  /* topic -> struct pin */
	struct arena arena;   /* pins and names */
	struct saves saves;   /* records not yet posted, oldest first */
};

void pins_init(struct pins *pins);
void pins_fini(struct pins *pins);
/* Forgets everything. */
void pins_reset(struct pins *pins);
/* Takes a record of the checkpoint, `topic/<name>`. */
int pins_load(struct pins *pins, struct slice topic, struct slice json, struct err *err) MUST_CHECK;
/* The pinned count of the topic, 0: not pinned yet; and copies of its tables' names, in the arena. */
int pins_get(struct pins *pins, struct slice topic, struct arena *arena, struct slice **tables,
	     size_t *ntables);
/* A lane is going to open the topic: whether no more than max topics are open then, over all lanes. */
bool pins_open(struct pins *pins, struct slice topic, size_t max) MUST_CHECK;
/* The topic has so many partitions, and (unless NULL) this table writes to it: what is new about that is to be saved. A
 * count that is pinned already stays. */
void pins_note(struct pins *pins, struct slice topic, int partitions, const struct slice *table);
/* From here on the topic has so many, whatever is pinned; before a lane opens it. */
void pins_adopt(struct pins *pins, struct slice topic, int partitions);
/* Hands what is to be saved to the checkpoint, in the order in which it was noted. */
void pins_post(struct pins *pins, struct checkpoint *checkpoint);
/* Walks the pins: start with *at = 0; NULL at the end. */
const struct pin *pins_next(const struct pins *pins, size_t *at);

#endif
