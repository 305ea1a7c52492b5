/* stub_topics: functions for sinks without a cluster. Every topic exists with the requested partitions
 * and configuration, and no reports arrive later. */
#include "base/clock.h"
#include "sink/sink_priv.h"

#include <stdint.h>

int sink_local_topic(struct sink *sink, struct topic *topic, const struct topic_spec *spec,
		     const _Atomic bool *stop, struct err *err)
{
	(void)sink, (void)stop, (void)err;
	topic->info.partitions = spec->pinned > 0 ? spec->pinned : spec->partitions;
	if (topic->info.partitions < 1)
		topic->info.partitions = 1;
	topic->info.present = topic->info.partitions;
	for (unsigned i = 0; i < spec->nconfig; i++)
		if (strcmp(spec->config[i].name, "cleanup.policy") == 0)
			topic->info.compacted = strstr(spec->config[i].value, "compact") != NULL;
	topic->limit = SIZE_MAX;
	return 0;
}

int sink_local_exist(struct sink *sink, const struct slice *names, unsigned n, bool *exists,
		     int *partitions, struct err *err)
{
	(void)sink, (void)names, (void)err;
	for (unsigned i = 0; i < n; i++) {
		exists[i] = true;
		partitions[i] = 1;
	}
	return 0;
}

void sink_local_forget(struct topic *topic)
{
	(void)topic;
}

void sink_local_wait(int timeout_ms)
{
	if (timeout_ms > 0)
		clock_pause(timeout_ms);
}
