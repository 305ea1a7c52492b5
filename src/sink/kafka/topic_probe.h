/* ask: query a cluster, for `check`, which topics exist and may be created. Writes nothing.
 * Thread: main. Owner: ask_free; the config must outlive it. */
#ifndef TIDEWAY_TOPIC_PROBE_H
#define TIDEWAY_TOPIC_PROBE_H

#include "sink/sink.h"

struct ask;

/* Connect and list the topics. Wait at most 10 s for a broker. */
struct ask *ask_new(const struct sink_config *config, struct err *err);
void ask_free(struct ask *ask);
/* Return the number of partitions of a topic; 0: it does not exist, or we may not describe it. */
int ask_partitions(const struct ask *ask, struct slice name);
/* Fail unless the broker would create the topic: send a request that it only validates, including
 * our privilege, partitions, replication and configuration. Always succeed with the embedded
 * broker. */
int ask_create(struct ask *ask, const char *name, const struct topic_spec *spec,
	       struct err *err) MUST_CHECK;

#endif
