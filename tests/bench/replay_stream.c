/* replay_stream: measures what one row costs in the stream lane: recorded packets from memory, discarded messages, no servers.
 *
 * replay_stream one|bulk|unwanted [N]: replays N (100000) transactions of one row, of 100 rows, or of one row of a table that
 * the script excludes; prints "NS ns of CPU for each row". For a figure without noise, compare the instructions of two runs:
 *     valgrind --tool=callgrind --toggle-collect=stream_run build/release/tests/bench/replay_stream one 10000    (and 20000)
 * Thread: one. */
#include "unit/script_fixture.h"

#include "unit/events.h"

#include "base/clock.h"
#include "bench/bench.h"
#include "decode/crc32.h"
#include "decode/rows.h"
#include "engine/stream/stream.h"
#include "schema/ddl.h"
#include "script/script.h"
#include "sink/store/store.h"

enum {
	EVENTS_MOST = 16, /* of a recorded transaction */
	BULK_ROWS = 100,  /* of a transaction */
	TYPE_AT = 4,      /* offsets in an event */
	SIZE_AT = 9,
	END_AT = 13,
	SEQUENCE_AT = 19, /* of MariaDB's GTID event */
	CRC_BYTES = 4,
};

static const char table_sql[] = "CREATE TABLE i (id INT PRIMARY KEY, s VARCHAR(100))";

static const char sync_lua[] =
	"local sync = require 'tideway.sync'\n"
	"local source = require 'tideway.source'\n"
	"local kafka = require 'tideway.kafka'\n"
	"sync.run { name = 's', source = source.mysql { host = 'h', user = 'u', password = 'p',\n"
	"  tables = { 'events_db.*'%s } }, sink = kafka.lines {}, heartbeat = false,\n"
	"  topic = { template = 'bench' } }\n";

struct bench {
	struct fixture f;
	struct slice preamble[2]; /* ROTATE and FORMAT_DESCRIPTION */
	struct slice trx[EVENTS_MOST];
	unsigned nevents;
	struct slice *packets; /* the packets to replay */
	size_t npackets;
	struct position start;
	struct arena bytes;
};

static void stop(const char *text)
{
	fprintf(stderr, "replay_stream: %s\n", text);
	exit(1);
}

static void put_u32(char *at, uint32_t v)
{
	memcpy(at, &v, sizeof(v));
}

static uint32_t u32_at(struct slice packet, size_t at)
{
	uint32_t v;
	memcpy(&v, packet.ptr + at, sizeof(v));
	return v;
}

/* ---- packets ---- */

/* Takes the last transaction of the recording, which has one row. A dump omits the text of its statement. */
static void take_transaction(struct bench *b)
{
	const struct captured *event;
	unsigned at = 0;
	for (unsigned i = 0; i < 2; i++) {
		event = events_next(true, "large", -1, &at);
		if (event == NULL)
			stop("no recording");
		b->preamble[i] = event->packet;
	}
	while ((event = events_next(true, "large", -1, &at))) {
		if (events_type(event) == EVENT_GTID_MARIADB)
			b->nevents = 0;
		if (events_type(event) == EVENT_ANNOTATE_ROWS)
			continue;
		if (b->nevents == EVENTS_MOST)
			stop("the recorded transaction has too many events");
		b->trx[b->nevents++] = event->packet;
	}
}

/* Returns a rows event with its images repeated. */
static struct slice repeat_rows(struct bench *b, struct slice packet, unsigned times)
{
	const struct event_format format = events_format(true);
	struct event event;
	struct rows rows;
	struct slice longer;
	size_t before;
	char *at;
	if (event_parse(packet, &format, true, &event, &b->f.err) < 0 ||
	    rows_head(&event, &format, &rows, &b->f.err) < 0)
		stop(b->f.err.text);
	before = (size_t)(rows.images.ptr - packet.ptr);
	longer.len = before + times * rows.images.len + CRC_BYTES;
	longer.ptr = at = arena_alloc(&b->bytes, longer.len);
	memcpy(at, packet.ptr, before);
	put_u32(at + SIZE_AT, (uint32_t)longer.len);
	for (unsigned i = 0; i < times; i++)
		memcpy(at + before + i * rows.images.len, rows.images.ptr, rows.images.len);
	return longer;
}

/* Returns the event as the server would write it at another place, in another transaction. */
static struct slice moved(struct bench *b, struct slice packet, uint64_t sequence, uint32_t *offset)
{
	size_t n = packet.len - CRC_BYTES;
	char *copy = (char *)arena_copy(&b->bytes, packet).ptr;
	*offset += (uint32_t)packet.len;
	put_u32(copy + END_AT, *offset);
	if ((uint8_t)copy[TYPE_AT] == EVENT_GTID_MARIADB)
		memcpy(copy + SEQUENCE_AT, &sequence, sizeof(sequence));
	put_u32(copy + n, crc32_update(0, copy, n));
	return slice_of(copy, packet.len);
}

static void make_packets(struct bench *b, unsigned transactions, bool bulk)
{
	uint32_t offset = u32_at(b->trx[0], END_AT) - u32_at(b->trx[0], SIZE_AT);
	struct slice file = slice_of(b->preamble[0].ptr + EVENT_HEADER_SIZE + 8,
				     b->preamble[0].len - EVENT_HEADER_SIZE - 8 - CRC_BYTES);
	snprintf(b->start.file, sizeof(b->start.file), "%.*s", SLICE_FMT(file));
	b->start.offset = offset;
	for (unsigned i = 0; bulk && i < b->nevents; i++)
		if (rows_in_event((uint8_t)b->trx[i].ptr[TYPE_AT]))
			b->trx[i] = repeat_rows(b, b->trx[i], BULK_ROWS);
	b->packets = mem_array(2 + (size_t)transactions * b->nevents, sizeof(*b->packets));
	for (unsigned i = 0; i < 2; i++)
		b->packets[b->npackets++] = b->preamble[i];
	for (unsigned n = 1; n <= transactions; n++)
		for (unsigned i = 0; i < b->nevents; i++)
			b->packets[b->npackets++] = moved(b, b->trx[i], n, &offset);
}

static struct packet_source *open_packets(void *arg, const struct position *position,
					  struct err *err)
{
	const struct bench *b = arg;
	(void)position, (void)err;
	return memory_source_new(b->packets, b->npackets);
}

/* ---- the sync around it ---- */

static struct catalog *make_catalog(struct bench *b)
{
	const char *const texts[] = {"CREATE DATABASE events_db CHARACTER SET utf8mb4", table_sql};
	const struct ddl_context context = {.db = SLICE("events_db")};
	struct catalog *catalog = catalog_new(0);
	const struct ddl_effect *effects;
	const struct ddl_step *steps;
	unsigned n;
	for (unsigned i = 0; i < 2; i++)
		if (ddl_parse(slice_str(texts[i]), &context, &b->f.arena, &steps, &n, &b->f.err) <
			    0 ||
		    catalog_apply(catalog, &context, steps, n, &effects, &n, &b->f.err) < 0)
			stop(b->f.err.text);
	return catalog;
}

/* Returns the nanoseconds of CPU from the first packet to the last. */
static double replay(struct bench *b, uint64_t rows)
{
	struct script_options script = fixture_options(&b->f);
	struct stream_options options = {
		.until_end = true, .open_packets = open_packets, .open_arg = b};
	struct lane_metrics metrics = {.rows = 0};
	struct sync sync;
	struct stream *stream;
	double began;
	b->f.script = script_new(&script, &b->f.err);
	if (b->f.script == NULL)
		stop(b->f.err.text);
	sync_init(&sync, &script, 0, script_config(b->f.script, 0));
	sync.output.dry_run = true; /* the sink discards */
	checkpoint_init(&sync.checkpoint, store_open_memory(), "s");
	stream = stream_new(
		&sync, &(struct stream_start){.position = &b->start, .catalog = make_catalog(b)},
		&options, &metrics);
	began = bench_cpu();
	if (stream_run(stream, &b->f.err) < 0)
		stop(b->f.err.text);
	began = bench_cpu() - began;
	if (atomic_load(&metrics.rows) != rows)
		stop("other rows than expected were written");
	stream_free(stream);
	checkpoint_fini(&sync.checkpoint);
	sync_fini(&sync);
	return began * 1e9;
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "one";
	unsigned transactions = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 100000;
	bool bulk = strcmp(kind, "bulk") == 0, unwanted = strcmp(kind, "unwanted") == 0;
	struct bench b = {.nevents = 0};
	uint64_t rows = bulk ? (uint64_t)transactions * BULK_ROWS : transactions;
	char text[1000];
	if (transactions == 0 || (!bulk && !unwanted && strcmp(kind, "one") != 0))
		stop("usage: replay_stream one|bulk|unwanted [N]");
	fixture_init(&b.f);
	arena_init(&b.bytes, 1 << 20);
	position_init(&b.start);
	snprintf(text, sizeof(text), sync_lua, unwanted ? ", '!events_db.i'" : "");
	fixture_write(b.f.folder, "sync.lua", text);
	if (events_load(NULL) < 0)
		stop("run it in the project's folder: " EVENTS_FILE " is not there");
	take_transaction(&b);
	make_packets(&b, transactions, bulk);
	printf("%.0f ns of CPU for each row\n", replay(&b, unwanted ? 0 : rows) / (double)rows);
	free(b.packets);
	position_fini(&b.start);
	arena_fini(&b.bytes);
	events_free(NULL);
	fixture_fini(&b.f);
	return 0;
}
