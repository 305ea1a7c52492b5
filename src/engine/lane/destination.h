/* destination: the topics that a lane writes to, each found or created at its first use.
 * Thread: the lane. Owner: the lane. */
#ifndef TIDEWAY_DESTINATION_H
#define TIDEWAY_DESTINATION_H

#include "base/err.h"
#include "base/map.h"
#include "model/table.h"
#include "sink/sink.h"

struct lane;
struct pinned;
struct sync_config;

/* How many tables are copied, as the heartbeats of a topic say it. */
struct copying {
	unsigned tables;
	char text[12];        /* the same */
	struct header header; /* refers to the text */
};

/* A destination topic of a lane. */
struct destination {
	struct destination *next; /* the next one in the order of opening */
	struct topic *topic;
	struct slice name; /* in the topic's own storage */
	struct map
		tables; /* full name of each table whose topic function has returned it -> the destination */
	struct copying copying; /* tables of the topic */
};

/* The destination topics of a lane. */
struct destinations {
	struct map by_name;               /* topic -> struct destination */
	struct destination *first, *last; /* the same, in the order of opening */
	unsigned
		uncounted; /* number of them that topics.max does not count: the topics for heartbeats and for statements */
};

void copying_set(struct copying *copying, unsigned tables);
void destinations_init(struct destinations *destinations);
void destinations_fini(struct destinations *destinations);
/* Return how a topic is found or created. keyed: whether its tables have keys; pinned: what the checkpoint has of it, or
 * NULL. */
struct topic_spec lane_topic_spec(const struct sync_config *config, struct slice name, bool keyed,
				  const struct pinned *pinned);
/* Find the destination of that name, or create it at its first use. keyed: whether a new topic gets the number of partitions
 * for tables with keys; table (may be NULL): recorded as one that writes to the topic. */
int lane_destination(struct lane *lane, struct slice name, bool keyed, const struct table *table,
		     struct destination **destination, struct err *err) MUST_CHECK;

#endif
