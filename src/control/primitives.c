#include "control/primitives.h"

#include "base/mem.h"
#include "engine/stream/tail.h"
#include "format/format.h"
#include "sink/kafka/exec_kafka.h"
#include "source/conn.h"

#include <stdlib.h>

/* ---- Kafka ---- */

static void *producer_open(void *arg, const struct sink_config *config, struct err *err)
{
	(void)arg;
	return exec_producer_new(config, err);
}

static int producer_send(void *handle, const struct message *message, struct err *err)
{
	return exec_producer_send(handle, message, err);
}

static int producer_flush(void *handle, double seconds, struct err *err)
{
	return exec_producer_flush(handle, seconds, err);
}

static void producer_close(void *handle)
{
	exec_producer_free(handle);
}

static void *consumer_open(void *arg, const struct sink_config *config, const struct slice *topics,
			   unsigned ntopics, const char *group, bool from_beginning,
			   struct err *err)
{
	(void)arg;
	return exec_consumer_new(config, topics, ntopics, group, from_beginning, err);
}

static int consumer_poll(void *handle, double seconds, struct message *message, struct err *err)
{
	return exec_consumer_poll(handle, seconds, message, err);
}

static void consumer_close(void *handle)
{
	exec_consumer_free(handle);
}

static int topic_create(void *arg, const struct sink_config *config, struct slice name,
			int partitions, int replication, const struct property *properties,
			unsigned n, struct err *err)
{
	(void)arg;
	return exec_topic_create(config, name, partitions, replication, properties, n, err);
}

static int topic_delete(void *arg, const struct sink_config *config, struct slice name,
			struct err *err)
{
	(void)arg;
	return exec_topic_delete(config, name, err);
}

static int topic_list(void *arg, const struct sink_config *config,
		      void (*each)(void *context, struct slice name, int partitions), void *context,
		      struct err *err)
{
	(void)arg;
	return exec_topic_list(config, each, context, err);
}

/* ---- source ---- */

static int query(void *arg, const struct source_config *config, struct slice sql,
		 void (*each)(void *context, const struct slice *names, const struct slice *cells,
			      unsigned n),
		 void *context, struct err *err)
{
	struct source *source = source_new(config);
	struct conn *conn = conn_open(source, CONN_CONTROL, err);
	struct result result = {.ncolumns = 0};
	int rc = -1;
	(void)arg;
	if (conn)
		rc = conn_query(conn, &result, err, "%.*s", SLICE_FMT(sql));
	for (unsigned i = 0; rc == 0 && i < result.nrows; i++)
		each(context, result.names, result.cells + (size_t)i * result.ncolumns,
		     result.ncolumns);
	if (rc == 0)
		result_fini(&result);
	conn_free(conn);
	source_free(source);
	return rc;
}

/* An iterator over changes, with the source that it reads. */
struct changes {
	struct source *source;
	struct tail *tail;
};

static void changes_close(void *handle)
{
	struct changes *changes = handle;
	tail_free(changes->tail);
	source_free(changes->source);
	free(changes);
}

static void *changes_open(void *arg, const struct source_config *config, const char *start,
			  struct err *err)
{
	struct changes *changes = mem_array(1, sizeof(*changes));
	(void)arg;
	changes->source = source_new(config);
	changes->tail = tail_new(changes->source, start, err);
	if (changes->tail)
		return changes;
	changes_close(changes);
	return NULL;
}

static int changes_next(void *handle, double seconds, struct change **change, struct err *err)
{
	struct changes *changes = handle;
	return tail_next(changes->tail, seconds, change, err);
}

static void heartbeat(void *arg, int64_t event_ms, struct buf *out)
{
	(void)arg;
	format_find("dataworks")->heartbeat(event_ms, out);
}

void primitives_host(struct script_host *host)
{
	host->heartbeat = heartbeat;
	host->exec.producer_open = producer_open;
	host->exec.producer_send = producer_send;
	host->exec.producer_flush = producer_flush;
	host->exec.producer_close = producer_close;
	host->exec.consumer_open = consumer_open;
	host->exec.consumer_poll = consumer_poll;
	host->exec.consumer_close = consumer_close;
	host->exec.topic_create = topic_create;
	host->exec.topic_delete = topic_delete;
	host->exec.topic_list = topic_list;
	host->exec.query = query;
	host->exec.changes_open = changes_open;
	host->exec.changes_next = changes_next;
	host->exec.changes_close = changes_close;
}
