/* topic_probe: query a cluster, for `check`, which topics exist and may be created. Writes nothing.
 * Thread: main. Owner: topic_probe_free; the config must outlive it. */
#ifndef TIDEWAY_TOPIC_PROBE_H
#define TIDEWAY_TOPIC_PROBE_H

#include "sink/sink.h"

struct topic_probe;

/* Connect and list the topics. Wait at most 10 s for a broker. */
struct topic_probe *topic_probe_new(const struct sink_config *config, struct err *err);
void topic_probe_free(struct topic_probe *probe);
/* Return the number of partitions of a topic; 0: it does not exist, or we may not describe it. */
int topic_probe_partitions(const struct topic_probe *probe, struct slice name);
/* Fail unless the broker would create the topic: send a request that it only validates, including
 * our privilege, partitions, replication and configuration. Always succeed with the embedded
 * broker. */
int topic_probe_create(struct topic_probe *probe, const char *name, const struct topic_spec *spec,
		       struct err *err) MUST_CHECK;

#endif
