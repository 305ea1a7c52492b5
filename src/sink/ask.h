/* ask: what a cluster has and allows, asked without writing anything, for `check`.
 * Thread: main. Owner: ask_free; the config must outlive it. */
#ifndef TIDEWAY_ASK_H
#define TIDEWAY_ASK_H

#include "sink/sink.h"

struct ask;

/* Connects and lists the topics; waits at most 10 s for a broker. */
struct ask *ask_new(const struct sink_config *config, struct err *err);
void ask_free(struct ask *ask);
/* Partitions of a topic; 0: it does not exist, or may not be seen. */
int ask_partitions(const struct ask *ask, struct slice name);
/* Whether the broker would create the topic so: a request that is only validated, for the right and for
 * partitions, replication and configuration. The embedded broker is not asked. */
int ask_create(struct ask *ask, const char *name, const struct topic_spec *spec,
	       struct err *err) MUST_CHECK;

#endif
