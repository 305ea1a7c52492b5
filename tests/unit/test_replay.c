/* A whole stream lane without a server and without Kafka: recorded packets in, lines of messages out. */
#include "unit.h"

#include "events.h"

#include "base/clock.h"
#include "base/mem.h"
#include "engine/lane/step.h"
#include "engine/stream/stream.h"
#include "schema/ddl.h"
#include "script/script.h"
#include "sink/store/store.h"

#include "unit/script_fixture.h"

#include <cjson/cJSON.h>

enum { PACKETS = 200 };

static const char sync_lua[] =
	"local sync = require 'tideway.sync'\n"
	"local source = require 'tideway.source'\n"
	"local kafka = require 'tideway.kafka'\n"
	"sync.run { name = 's', source = source.mysql { host = 'h', user = 'u', password = 'p',\n"
	"  tables = { 'events_db.*' } }, sink = kafka.lines { file = '%s/out' }, heartbeat = "
	"false,\n"
	"  topic = { template = '${table_name_src}' }, no_primary_key = 'empty' }\n";

/* Recorded packets, in the role of a server that can start at any transaction. */
struct recording {
	struct slice packets[PACKETS];
	size_t n;
	unsigned opened;
	size_t breaks; /* packets before the first connection is lost; 0: it is not lost */
	bool is_slow;  /* a connection has only its first packets: */
	size_t arrived;
};

struct replay {
	struct fixture f;
	struct recording recording;
	struct sync sync;
	struct script_options script;
	struct catalog *catalog;
	struct stream_options options;
	struct stream *stream;
	struct lane_metrics metrics;
	struct position end; /* what was acknowledged */
	char *out;           /* the lines */
};

/* ---- recorded packets as a packet source ---- */

struct recorded {
	struct packet_source source;
	struct recording *recording;
	size_t at;     /* next packet, after the preamble */
	size_t given;  /* packets */
	size_t breaks; /* packets before the connection is lost; 0: never */
};

enum { PREAMBLE = 2 }; /* ROTATE and FORMAT_DESCRIPTION */

static uint32_t u32_at(struct slice packet, size_t at)
{
	uint32_t v;
	memcpy(&v, packet.ptr + at, sizeof(v));
	return v;
}

static uint32_t begin_of(struct slice packet)
{
	return u32_at(packet, 13) - u32_at(packet, 9);
}

/* Sets the file that a ROTATE event names. Returns false for other events. */
static bool next_file(struct slice packet, char file[256])
{
	size_t name = EVENT_HEADER_SIZE + 8, len = packet.len - name - 4;
	if ((uint8_t)packet.ptr[4] != EVENT_ROTATE)
		return false;
	snprintf(file, 256, "%.*s", (int)len, packet.ptr + name);
	return true;
}

/* Returns the index of the first packet of the transactions after a position. */
static size_t find_packet(const struct recording *recording, const struct position *position)
{
	char file[256] = "";
	size_t at = 0;
	for (; at < recording->n; at++) {
		struct slice packet = recording->packets[at];
		if (!next_file(packet, file) && at >= PREAMBLE &&
		    strcmp(file, position->file) == 0 && begin_of(packet) >= position->offset)
			break;
	}
	return at;
}

static int recorded_next(struct packet_source *base, struct slice *packet, struct err *err)
{
	struct recorded *source = (struct recorded *)base;
	struct recording *recording = source->recording;
	if (source->breaks > 0 && source->given == source->breaks)
		return err_retry(err, E_DUMP_ENDED, "the connection was lost");
	if (source->given < PREAMBLE)
		*packet = recording->packets[source->given];
	else if (source->at < recording->n)
		*packet = recording->packets[source->at++];
	else
		return 0;
	source->given++;
	return 1;
}

enum { SLOW_FD = 1000 }; /* the descriptor of a slow recording; nobody polls it */

static int recorded_ready(struct packet_source *base, struct wait *wait, struct err *err)
{
	const struct recorded *source = (const struct recorded *)base;
	(void)err;
	if (!source->recording->is_slow || source->given < source->recording->arrived)
		return 1;
	*wait = (struct wait){SLOW_FD, INT64_MAX};
	return 0;
}

static void recorded_free(struct packet_source *base)
{
	free(base);
}

static struct packet_source *open_packets(void *arg, const struct position *position,
					  struct err *err)
{
	struct recording *recording = arg;
	struct recorded *source = mem_array(1, sizeof(*source));
	(void)err;
	source->source = (struct packet_source){
		.next = recorded_next, .free = recorded_free, .ready = recorded_ready};
	source->recording = recording;
	source->breaks = recording->opened++ == 0 ? recording->breaks : 0;
	source->at = find_packet(recording, position);
	return &source->source;
}

/* ---- a sync around it ---- */

static void run_sql(struct replay *r, const char *sql)
{
	const struct ddl_context context = {.db = SLICE("events_db")};
	const struct ddl_effect *effects;
	const struct ddl_step *steps;
	unsigned n;
	if (ddl_parse(slice_str(sql), &context, &r->f.arena, &steps, &n, &r->f.err) < 0 ||
	    catalog_apply(r->catalog, &context, steps, n, &effects, &n, &r->f.err) < 0)
		fail_msg("%s: %s", sql, r->f.err.text);
}

static int setup(void **state)
{
	struct replay *r = mem_array(1, sizeof(*r));
	char text[1000];
	fixture_init(&r->f);
	snprintf(text, sizeof(text), sync_lua, r->f.folder);
	fixture_write(r->f.folder, "sync.lua", text);
	r->script = fixture_options(&r->f);
	r->f.script = script_new(&r->script, &r->f.err);
	if (r->f.script == NULL)
		fail_msg("%s", r->f.err.text);
	sync_init(&r->sync, &r->script, 0, script_config(r->f.script, 0));
	checkpoint_init(&r->sync.checkpoint, store_open_memory(), "s");
	position_init(&r->end);
	r->catalog = catalog_new(0);
	run_sql(r, "CREATE DATABASE events_db CHARACTER SET utf8mb4");
	r->options = (struct stream_options){
		.until_end = true, .open_packets = open_packets, .open_arg = &r->recording};
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct replay *r = *state;
	free(r->out);
	position_fini(&r->end);
	checkpoint_fini(&r->sync.checkpoint);
	sync_fini(&r->sync);
	fixture_fini(&r->f);
	free(r);
	return 0;
}

static void load(struct replay *r, bool mariadb, const char *label)
{
	const struct captured *event;
	unsigned at = 0;
	while ((event = events_next(mariadb, label, -1, &at)))
		r->recording.packets[r->recording.n++] = event->packet;
	assert_true(r->recording.n > PREAMBLE);
}

static char *read_out(struct replay *r)
{
	char path[128], *text = mem_array(1 << 20, 1);
	FILE *file;
	snprintf(path, sizeof(path), "%s/out", r->f.folder);
	file = fopen(path, "r");
	assert_non_null(file);
	text[fread(text, 1, (1 << 20) - 1, file)] = '\0';
	fclose(file);
	return text;
}

/* Opens a stream at the first transaction of the recording. The stream takes the catalog. */
static struct lane *begin(struct replay *r)
{
	struct record_batch none = {NULL, NULL};
	struct position start;
	struct lane *lane;
	position_init(&start);
	next_file(r->recording.packets[0], start.file);
	start.offset = begin_of(r->recording.packets[PREAMBLE]);
	/* like at a start: a checkpoint has topics only together with a position */
	checkpoint_post(&r->sync.checkpoint, &none, &start);
	if (checkpoint_save(&r->sync.checkpoint, &r->f.err) < 0)
		fail_msg("%s", r->f.err.text);
	r->stream = stream_new(&r->sync,
			       &(struct stream_start){.position = &start, .catalog = r->catalog},
			       &r->options, &r->metrics);
	position_fini(&start);
	if (stream_open(r->stream, &lane, &r->f.err) < 0)
		fail_msg("%s", r->f.err.text);
	return lane;
}

static void end(struct replay *r, int rc)
{
	bool found;
	stream_close(r->stream, rc);
	stream_free(r->stream);
	if (checkpoint_save(&r->sync.checkpoint, &r->f.err) < 0 ||
	    checkpoint_load(&r->sync.checkpoint, &r->end, &found, &r->f.err) < 0)
		fail_msg("%s", r->f.err.text);
	r->out = read_out(r);
}

/* From the first transaction of the recording to its end, step by step. Nothing is waited for but to connect again. */
static int run(struct replay *r)
{
	struct lane *lane = begin(r);
	struct wait wait;
	int rc;
	while ((rc = lane_step(lane, &wait, &r->f.err)) > 0)
		if (rc == LANE_WAIT) {
			assert_int_equal(wait.fd, -1);
			assert_true(r->recording.breaks > 0);
			wait_for(&wait, NULL);
		}
	end(r, rc);
	return rc;
}

/* ---- what came out ---- */

static const char *text_of(const cJSON *object, const char *name)
{
	const cJSON *found = cJSON_GetObjectItem(object, name);
	return cJSON_IsString(found) ? found->valuestring : "null";
}

static const char *short_op(const char *op)
{
	if (strcmp(op, "UPDATE_BEFOR") == 0)
		return "-";
	if (strcmp(op, "UPDATE_AFTER") == 0)
		return "+";
	return strcmp(op, "INSERT") == 0 ? "" : op;
}

/* Returns "table op key" for each message, with its sequence number if `sequence` is set. */
static const char *summary(struct replay *r, bool sequence)
{
	struct buf text;
	const char *result;
	buf_init(&text);
	for (char *line = r->out, *end; (end = strchr(line, '\n')); line = end + 1) {
		cJSON *message = cJSON_ParseWithLength(line, (size_t)(end - line));
		const cJSON *value = cJSON_GetObjectItem(message, "value");
		const cJSON *payload = cJSON_GetObjectItem(value, "payload");
		assert_non_null(payload);
		buf_printf(&text, "%s%s%s%s", line == r->out ? "" : " ", text_of(message, "topic"),
			   short_op(text_of(payload, "op")), text_of(message, "key"));
		if (sequence)
			buf_printf(&text, "@%s", text_of(payload, "sequenceId"));
		cJSON_Delete(message);
	}
	result = arena_cstr(&r->f.arena, buf_slice(&text));
	buf_fini(&text);
	return result;
}

/* ---- tests ---- */

static const char *const tables[] = {
	"CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(20), big BIGINT UNSIGNED, note TEXT)",
	"CREATE TABLE r (id INT)",
	"CREATE TABLE i (id INT PRIMARY KEY, s VARCHAR(100))",
	"CREATE TABLE a (id INT PRIMARY KEY, n INT)",
	"CREATE TABLE b (id INT PRIMARY KEY, n INT)",
	"CREATE TABLE l (id INT)",
	"CREATE TABLE m (id INT)",
	"CREATE TABLE x (id INT PRIMARY KEY)",
};

static void make_tables(struct replay *r)
{
	for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		run_sql(r, tables[i]);
}

static void run_well(struct replay *r)
{
	if (run(r) < 0)
		fail_msg("%s", r->f.err.text);
}

static void check(void **state, bool mariadb, const char *label, const char *expected)
{
	const char *first = NULL;
	char text[4000];
	for (int large = 0; large < 2; large++) {
		struct replay *r = *state;
		struct slice last;
		if (large) {
			teardown(state);
			setup(state);
			r = *state;
			r->options.hold_max = 1; /* each transaction is read ahead */
		}
		load(r, mariadb, label);
		make_tables(r);
		if (strcmp(label, "undone") == 0) {
			run_sql(r, "DROP TABLE i");
			run_sql(r, "CREATE TABLE i (id INT PRIMARY KEY)");
		}
		run_well(r);
		assert_string_equal(summary(r, false), expected);
		last = r->recording.packets[r->recording.n - 1];
		assert_int_equal(r->end.offset, u32_at(last, 13));
		if (large)
			assert_string_equal(summary(r, true), first);
		snprintf(text, sizeof(text), "%s", summary(r, true));
		first = text;
		assert_int_equal(r->recording.opened > 1, large);
	}
}

static void every_row_once(void **state)
{
	for (int mariadb = 0; mariadb < 2; mariadb++) {
		if (mariadb) {
			teardown(state);
			setup(state);
		}
		check(state, mariadb, "rows", "t1 t2 t3 t-1 t+1 t-2 t+2 tDELETE2 t10 t12");
	}
}

/* A multi-table UPDATE whose trigger writes a third table, which has no key. */
static void several_tables_in_one_statement(void **state)
{
	for (int mariadb = 0; mariadb < 2; mariadb++) {
		if (mariadb) {
			teardown(state);
			setup(state);
		}
		check(state, mariadb, "several", "a-1 a+1 l a-2 a+2 l b-1 b+1 b-2 b+2");
	}
}

/* Rule: outcome-known. */
static void nothing_that_was_rolled_back(void **state)
{
	check(state, true, "undone", "m i1 i3 i6");
}

static void a_file_that_ends(void **state)
{
	for (int mariadb = 0; mariadb < 2; mariadb++) {
		char file[256];
		struct replay *r;
		if (mariadb) {
			teardown(state);
			setup(state);
		}
		r = *state;
		load(r, mariadb, "rotate");
		make_tables(r);
		run_well(r);
		assert_string_equal(summary(r, false), "r r");
		for (size_t i = 0; i < r->recording.n; i++)
			next_file(r->recording.packets[i], file);
		assert_string_equal(r->end.file, file);
	}
}

static size_t find(const struct recording *recording, uint8_t type)
{
	for (size_t i = 0; i < recording->n; i++)
		if ((uint8_t)recording->packets[i].ptr[4] == type)
			return i;
	fail_msg("no event of type %u", type);
	return 0;
}

/* Rule: outcome-known. The server crashed inside the first transaction. */
static void a_transaction_that_was_cut(void **state)
{
	for (int large = 0; large < 2; large++) {
		struct replay *r;
		size_t xid;
		if (large) {
			teardown(state);
			setup(state);
		}
		r = *state;
		r->options.hold_max = large;
		load(r, true, "rotate");
		make_tables(r);
		xid = find(&r->recording, EVENT_XID);
		memmove(&r->recording.packets[xid], &r->recording.packets[xid + 1],
			(--r->recording.n - xid) * sizeof(r->recording.packets[0]));
		run_well(r);
		assert_string_equal(summary(r, false), "r");
	}
}

/* Rule: transaction-start. After a reconnect inside a transaction its first half is not written again. */
static void a_connection_that_is_lost(void **state)
{
	for (int large = 0; large < 2; large++) {
		struct replay *r;
		if (large) {
			teardown(state);
			setup(state);
		}
		r = *state;
		r->options.hold_max = large;
		load(r, true, "large");
		make_tables(r);
		r->recording.breaks = 12; /* after three of its rows */
		run_well(r);
		assert_string_equal(summary(r, false), "i0 i1 i2 i3 i4 i30");
		/* two dumps, and one reading ahead for each large transaction */
		assert_int_equal(r->recording.opened, large ? 5 : 2);
	}
}

/* Everything before the unreadable event is acknowledged. The position is the start of its transaction. */
static void what_cannot_be_read(void **state)
{
	struct replay *r = *state;
	load(r, false, "rows");
	size_t rows = r->recording.n;
	struct slice last = r->recording.packets[rows - 1];
	load(r, false, "payload");
	/* without its preamble */
	memmove(&r->recording.packets[rows], &r->recording.packets[rows + PREAMBLE],
		(r->recording.n - rows - PREAMBLE) * sizeof(r->recording.packets[0]));
	r->recording.n -= PREAMBLE;
	make_tables(r);
	assert_int_equal(run(r), -1);
	assert_int_equal(r->f.err.code, ERR_DATA);
	assert_non_null(strstr(r->f.err.text, "compressed transaction"));
	assert_string_equal(summary(r, false), "t1 t2 t3 t-1 t+1 t-2 t+2 tDELETE2 t10 t12");
	assert_int_equal(r->end.offset, u32_at(last, 13));
}

static void prepared_rows(void **state)
{
	struct replay *r = *state;
	load(r, true, "xa");
	make_tables(r);
	assert_int_equal(run(r), -1);
	assert_non_null(strstr(r->f.err.text, "XA transaction 'gt','bq',7, prepared here"));
	assert_string_equal(r->out, "");
}

/* Steps until the lane has nothing to do before more packets arrive. */
static void step_to_wait(struct replay *r, struct lane *lane)
{
	int64_t now_ms = clock_mono_ms();
	struct wait wait;
	int rc;
	while ((rc = lane_step(lane, &wait, &r->f.err)) == LANE_PROGRESS)
		;
	assert_int_equal(rc, LANE_WAIT);
	assert_int_equal(wait.fd, SLOW_FD);
	/* it serves heartbeats and the checkpoint meanwhile */
	assert_in_range(wait.until_ms, now_ms, clock_mono_ms() + 500);
}

/* Each transaction is written as soon as its last packet has arrived, and nothing blocks. */
static void packets_that_arrive_one_by_one(void **state)
{
	struct replay *r = *state;
	struct lane *lane;
	struct wait wait;
	uint64_t transactions = 0;
	int rc;
	load(r, false, "rows");
	make_tables(r);
	r->recording.is_slow = true;
	lane = begin(r);
	for (; r->recording.arrived < r->recording.n; r->recording.arrived++) {
		size_t last = r->recording.arrived;
		step_to_wait(r, lane);
		transactions +=
			last > 0 && (uint8_t)r->recording.packets[last - 1].ptr[4] == EVENT_XID;
		assert_int_equal(atomic_load(&r->metrics.events), last);
		assert_int_equal(atomic_load(&r->metrics.transactions), transactions);
	}
	assert_true(transactions > 0);
	r->recording.is_slow = false; /* the dump ends */
	while ((rc = lane_step(lane, &wait, &r->f.err)) == LANE_PROGRESS)
		;
	assert_int_equal(rc, LANE_DONE);
	end(r, rc);
	assert_string_equal(summary(r, false), "t1 t2 t3 t-1 t+1 t-2 t+2 tDELETE2 t10 t12");
}

/* A halt ends the lane at its next step; what was read is acknowledged and saved. */
static void a_stop_between_two_steps(void **state)
{
	struct replay *r = *state;
	struct lane *lane;
	struct wait wait;
	int rc;
	load(r, false, "rows");
	make_tables(r);
	r->recording.is_slow = true;
	r->recording.arrived = find(&r->recording, EVENT_XID) + 1;
	lane = begin(r);
	step_to_wait(r, lane);
	sync_stop(&r->sync);
	while ((rc = lane_step(lane, &wait, &r->f.err)) == LANE_PROGRESS)
		;
	assert_int_equal(rc, LANE_DONE);
	end(r, rc);
	assert_int_equal(r->end.offset, u32_at(r->recording.packets[r->recording.arrived - 1], 13));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_row_once),
		TEST(several_tables_in_one_statement),
		TEST(nothing_that_was_rolled_back),
		TEST(a_file_that_ends),
		TEST(a_transaction_that_was_cut),
		TEST(a_connection_that_is_lost),
		TEST(what_cannot_be_read),
		TEST(prepared_rows),
		TEST(packets_that_arrive_one_by_one),
		TEST(a_stop_between_two_steps),
	};
	return cmocka_run_group_tests(tests, events_load, events_free);
}
