#include "control/sample.h"

#include "base/clock.h"
#include "base/cores.h"
#include "base/log.h"
#include "base/mem.h"
#include "decode/binrow.h"
#include "engine/copy/full.h"
#include "engine/lane/map_change.h"
#include "engine/lane/plan.h"
#include "engine/lane/write_change.h"
#include "sink/demo/broker.h"
#include "sink/sink.h"
#include "source/chunk.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	PLACES = 3,              /* of the key, where rows are read */
	PLACE_BYTES = 32 << 20,  /* request at most about this much at each of them */
	PLACE_ROWS_MIN = 20,     /* but at least this many rows */
	PLACE_ROWS_MAX = 200000, /* and at most this many */
	CLOCK_ROWS = 16,         /* read the clock after this many rows */
	RECORD_BYTES = 12,       /* of a record beside its key, value and headers */
	QUEUE_BYTES = 16 << 20,
	DRAIN_MS = 5000,
};

#define TOPIC "sample"

/* ---- the broker ---- */

/* Return whether the setting changes what sending costs. Others are about the way to the real brokers. */
static bool is_about_batches(const char *name)
{
	static const char *const PARTS[] = {"compression", "linger",     "batch",
					    "buffer",      "queue",      "max.in.flight",
					    "max.request", "message.max"};
	for (unsigned i = 0; i < sizeof(PARTS) / sizeof(*PARTS); i++)
		if (strstr(name, PARTS[i]))
			return true;
	return false;
}

static void on_acked(void *arg, uint64_t token, unsigned messages)
{
	(void)arg, (void)token, (void)messages;
}

/* The settings of the sink that are kept are in `kept`. */
static int open_sink(struct sampler *sampler, struct property *kept, struct err *err)
{
	const struct topics_config *topics = &sampler->look->sync.config->topics;
	const struct topic_spec spec = {.partitions = topics->partitions, .replication = -1};
	struct sink_config config = sampler->look->sync.config->sink;
	unsigned n = 0;
	for (unsigned i = 0; i < config.nproperties; i++)
		if (is_about_batches(config.properties[i].name))
			kept[n++] = config.properties[i];
	config.properties = kept;
	config.nproperties = n;
	config.brokers = broker_address(sampler->broker);
	if (broker_topic(sampler->broker, TOPIC, topics->partitions, err) < 0)
		return -1;
	sampler->sink = sink_new(&config, "tideway-sample", QUEUE_BYTES, on_acked, NULL, err);
	if (sampler->sink == NULL)
		return -1;
	return sink_topic(sampler->sink, SLICE(TOPIC), &spec, NULL, &sampler->topic, err);
}

/* Send one message to each partition: the first one goes alone (docs/decisions/0003). */
static int warm_up(struct sampler *sampler, struct err *err)
{
	struct message message = {.key = SLICE("k"), .value = SLICE("v")};
	for (int i = 0; i < sampler->look->sync.config->topics.partitions; i++) {
		message.partition = i;
		if (sink_send(sampler->sink, sampler->topic, &message, 0, err) < 0)
			return -1;
	}
	return sink_drain(sampler->sink, DRAIN_MS, NULL, err) < 0 ? -1 : 0;
}

static int open_broker(struct sampler *sampler, struct err *err)
{
	const struct sink_config *config = &sampler->look->sync.config->sink;
	struct property *kept = mem_array(config->nproperties + 1, sizeof(*kept));
	int rc;
	sampler->broker = broker_new(0, 0, err);
	rc = sampler->broker ? open_sink(sampler, kept, err) : -1;
	if (rc == 0)
		rc = warm_up(sampler, err);
	free(kept);
	return rc;
}

int sampler_open(struct sampler *sampler, struct look *look, struct err *err)
{
	*sampler = (struct sampler){.look = look};
	if (look->sync.config->sink.kind != SINK_KAFKA)
		return 0;
	return open_broker(sampler, err);
}

void sampler_close(struct sampler *sampler)
{
	sink_free(sampler->sink);
	broker_free(sampler->broker);
	conn_free(sampler->conn);
	*sampler = (struct sampler){.look = NULL};
}

/* ---- rows ---- */

/* The sample that is being taken. */
struct taking {
	struct sampler *sampler;
	struct plan *plan;
	struct sample *sample;
	unsigned long limit; /* rows at a place */
	int64_t until_ns;    /* of the place */
};

static int send(struct taking *taking, const struct message *message, struct err *err)
{
	struct message copy = *message;
	struct sampler *sampler = taking->sampler;
	taking->sample->topic_bytes += message->key.len + message->value.len + RECORD_BYTES;
	for (unsigned i = 0; i < message->nheaders; i++)
		taking->sample->topic_bytes +=
			message->headers[i].name.len + message->headers[i].value.len + 2;
	if (sampler->sink == NULL)
		return 0;
	copy.partition = MESSAGE_BY_KEY;
	return sink_send(sampler->sink, sampler->topic, &copy, 0, err);
}

static int take_row(struct taking *taking, struct slice packet, struct err *err)
{
	struct lane *lane = &taking->sampler->look->lane;
	struct message_batch *batch = &lane->batch;
	int rc;
	if (binrow_split(packet, &taking->plan->after.row, err) < 0)
		return -1;
	rc = show_change(lane, taking->plan, batch, err);
	for (unsigned i = 0; rc == 0 && i < batch->n; i++)
		rc = send(taking, &batch->messages[i], err);
	message_batch_shrink(batch, LANE_KEEP_BYTES);
	map_done(lane, taking->plan);
	taking->sample->rows += rc == 0;
	return rc;
}

/* Return 1 at the end of the result, 0 when time is over. */
static int take_rows(struct taking *taking, struct chunk *chunk, struct err *err)
{
	struct slice packet;
	int rc;
	for (unsigned n = 1; (rc = chunk_read(chunk, &packet, err)) > 0; n++) {
		if (take_row(taking, packet, err) < 0)
			return -1;
		if (n % CLOCK_ROWS == 0 && clock_mono_ns() > taking->until_ns)
			return 0;
	}
	return rc < 0 ? -1 : 1;
}

static int open_conn(struct taking *taking, struct err *err)
{
	struct sampler *sampler = taking->sampler;
	if (sampler->conn == NULL)
		sampler->conn = conn_open(sampler->look->sync.source, CONN_READER, err);
	if (sampler->conn == NULL)
		return -1;
	return conn_query(sampler->conn, NULL, err, "SET SESSION sql_select_limit = %lu",
			  taking->limit);
}

/* Leave a result before its end, with the connection. */
static void leave(struct sampler *sampler, struct chunk *chunk)
{
	conn_shutdown(sampler->conn);
	chunk_fini(chunk);
	conn_free(sampler->conn);
	sampler->conn = NULL;
}

/* where: NULL for the start of the table. Return as take_rows. */
static int take_place(struct taking *taking, const char *where, struct err *err)
{
	struct plan *plan = taking->plan;
	const struct chunk_query query = {.table = plan->table, .where = where};
	struct chunk chunk;
	int rc;
	if (open_conn(taking, err) < 0 ||
	    chunk_open(&chunk, taking->sampler->conn, &query, err) < 0)
		return -1;
	rc = full_layout(plan, &chunk, err);
	plan->change = (struct change){
		.op = CHANGE_READ,
		.table = plan->table,
		.after = &plan->after.row,
		.time_ms = taking->sampler->look->sync.start_ms,
	};
	if (rc == 0)
		rc = take_rows(taking, &chunk, err);
	if (rc > 0)
		chunk_fini(&chunk);
	else
		leave(taking->sampler, &chunk);
	return rc;
}

static int take_places(struct taking *taking, const struct key_ends *ends, int64_t ms,
		       struct err *err)
{
	int64_t start_ns = clock_mono_ns();
	struct buf where;
	int rc = 0;
	buf_init(&where);
	for (unsigned i = 0; rc >= 0 && i < PLACES; i++) {
		buf_clear(&where);
		key_ends_put_place(ends, i, PLACES, &where);
		taking->until_ns = start_ns + ms * 1000000 * (i + 1) / PLACES;
		rc = take_place(taking, buf_cstr(&where), err);
	}
	buf_fini(&where);
	return rc < 0 ? -1 : 0;
}

static int take_start(struct taking *taking, int64_t ms, struct err *err)
{
	int rc;
	taking->until_ns = clock_mono_ns() + ms * 1000000;
	rc = take_place(taking, NULL, err);
	taking->sample->whole = rc > 0 && taking->sample->rows < taking->limit;
	return rc < 0 ? -1 : 0;
}

static int drain(struct sampler *sampler, struct err *err)
{
	return sampler->sink == NULL || sink_drain(sampler->sink, DRAIN_MS, NULL, err) >= 0 ? 0
											    : -1;
}

static int take(struct taking *taking, const struct table *table, const struct key_ends *ends,
		int64_t ms, struct err *err)
{
	struct sampler *sampler = taking->sampler;
	struct lane *lane = &sampler->look->lane;
	uint64_t busy_ms = cores_busy_ms();
	int64_t start_ns;
	int rc;
	taking->plan = plan_new(lane, table, err);
	if (taking->plan == NULL)
		return -1;
	map_set(&lane->plans, taking->plan->table->full_name, taking->plan);
	start_ns = clock_mono_ns();
	rc = ends->column ? take_places(taking, ends, ms, err) : take_start(taking, ms, err);
	if (rc == 0)
		rc = drain(sampler, err);
	taking->sample->spent_ns = clock_mono_ns() - start_ns;
	sampler->spent_ns += taking->sample->spent_ns;
	sampler->busy_ms += cores_busy_ms() - busy_ms;
	return rc;
}

void sampler_take(struct sampler *sampler, const struct table *table, const struct key_ends *ends,
		  uint64_t row_bytes, int64_t ms, struct sample *sample)
{
	struct taking taking = {.sampler = sampler, .sample = sample};
	enum log_level level = log_get_level();
	taking.limit = PLACE_BYTES / (row_bytes > 0 ? row_bytes : 1);
	if (taking.limit < PLACE_ROWS_MIN)
		taking.limit = PLACE_ROWS_MIN;
	if (taking.limit > PLACE_ROWS_MAX)
		taking.limit = PLACE_ROWS_MAX;
	*sample = (struct sample){.failed = ERR_INIT};
	log_set_level(LOG_ERROR); /* functions of the script may log about these rows */
	(void)take(&taking, table, ends, ms, &sample->failed);
	log_set_level(level);
}
