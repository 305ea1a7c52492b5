/* In steady state no memory is allocated for a row: from the packet to the sink nothing calls malloc. */
#include "engine/stream/offline_priv.h"

#include "engine/lane/write_change.h"

#include "decode/rows.h"
#include "sink/sink.h"

#include "unit/cells.h"
#include "unit/events.h"
#include "unit/script_fixture.h"

#include <stdatomic.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTED 0 /* the sanitizer has an allocator of its own */
static unsigned long allocations;
#else
#define COUNTED 1
static _Thread_local unsigned long allocations; /* of this thread */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	allocations++;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	allocations++;
	return __libc_realloc(p, size);
}
#endif

#define SCRIPT(options)                                                                            \
	"local sync = require 'tideway.sync'\n"                                                    \
	"local source = require 'tideway.source'\n"                                                \
	"local kafka = require 'tideway.kafka'\n"                                                  \
	"sync.run { name = 's', source = source.mysql { host = 'h', user = 'u', password = 'p',\n" \
	"  tables = { '*.*' } }, sink = kafka.sink { brokers = 'b:1' }, heartbeat = false,\n"      \
	"  fields = { site = 'eu', origin = '${DB_NAME_SRC}.${TABLE_NAME_SRC}' }, " options " }\n"

static const char table_sql[] =
	"CREATE TABLE d.t (id BIGINT PRIMARY KEY, n INT UNSIGNED, s VARCHAR(90), d DECIMAL(12,2), "
	"b VARBINARY(20), f DOUBLE, t DATETIME)";

enum { LARGE = 16 * 1024 }; /* a longer value is converted in a block of its own */

/* A lane whose messages are discarded, and the data that passes through it. */
struct steady {
	struct fixture f;
	struct offline *offline;
	struct stream *stream;
	struct plan *plan;
	enum change_op op;
	uint64_t number;                 /* passages so far */
	const struct cells_case *sample; /* of one column type */
	bool mariadb;                    /* the server of the event */
};

static void setup(struct steady *s, const char *script)
{
	struct script_options options;
	*s = (struct steady){0};
	fixture_init(&s->f);
	fixture_write(s->f.folder, "sync.lua", script);
	options = fixture_options(&s->f);
	s->offline = offline_new(&options, &s->f.err);
	if (s->offline == NULL)
		fail_msg("%s", s->f.err.text);
	s->stream = s->offline->stream;
	if (commit_begin(s->stream->lane.commit, &s->f.err) < 0)
		fail_msg("%s", s->f.err.text);
}

static void teardown(struct steady *s)
{
	offline_free(s->offline);
	fixture_fini(&s->f);
}

static void statement(struct steady *s, const char *sql)
{
	const struct message *records;
	unsigned n;
	if (offline_statement(s->offline, slice_str(sql), &records, &n, &s->f.err) < 0)
		fail_msg("%s", s->f.err.text);
}

/* Passes `warm` times, and then n more times without a call of malloc. */
static void check(struct steady *s, int (*pass)(struct steady *s), unsigned warm, unsigned n)
{
	unsigned long before = 0;
	for (unsigned i = 0; i < warm + n; i++) {
		if (i == warm)
			before = allocations;
		s->number++;
		if (pass(s) < 0 || sink_poll(s->stream->lane.sink, 0, &s->f.err) < 0)
			fail_msg("%s", s->f.err.text);
	}
	assert_true(before > 0); /* our malloc is in use */
	if (allocations != before)
		fail_msg("%lu allocations in %u passages: %.200s", allocations - before, n,
			 s->sample ? s->sample->sql : "");
}

static void set_change(struct steady *s)
{
	s->plan->change = (struct change){
		.op = s->op,
		.table = s->plan->table,
		.before = s->op == CHANGE_UPDATE || s->op == CHANGE_DELETE ? &s->plan->before.row
									   : NULL,
		.after = s->op == CHANGE_DELETE ? NULL : &s->plan->after.row,
		.time_ms = 1614748870000,
		.sequence = s->number,
		.file = "test.000001",
	};
}

static int pass_change(struct steady *s)
{
	set_change(s);
	return write_change(&s->stream->lane, s->plan, &s->f.err);
}

static void set_images(struct plan *plan, struct arena *arena)
{
	const struct value values[] = {
		{.kind = VALUE_I64, .i = 1234567890123},
		{.kind = VALUE_U64, .u = 4294967295},
		{.kind = VALUE_TEXT, .text = SLICE("some text with \"quotes\" and ü")},
		{.kind = VALUE_DECIMAL, .text = SLICE("-1234567.89")},
		{.kind = VALUE_BYTES, .text = SLICE("bytes")},
		{.kind = VALUE_F64, .f = 0.1},
		{.kind = VALUE_MS, .i = 1614748870000},
	};
	offline_set_image(plan, &plan->before, values, arena);
	offline_set_image(plan, &plan->after, values, arena);
}

static void no_allocation_for_a_change(void **state)
{
	static const char *const scripts[] = {SCRIPT(""), SCRIPT("update = 'one'")};
	(void)state;
	if (!COUNTED)
		skip();
	for (unsigned i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct steady s;
		setup(&s, scripts[i]);
		statement(&s, table_sql);
		if (offline_find_plan(s.offline, offline_table(s.offline, SLICE("d.t")), &s.plan,
				      &s.f.err) < 0)
			fail_msg("%s", s.f.err.text);
		set_images(s.plan, &s.f.arena);
		for (s.op = CHANGE_INSERT; s.op <= CHANGE_READ; s.op++)
			check(&s, pass_change, 2000, 20000);
		teardown(&s);
	}
}

static int pass_item(struct steady *s, const struct trx_item *item)
{
	if (item->kind != TRX_ITEM_EVENT)
		return 0;
	if (item->event->type == EVENT_TABLE_MAP)
		return stream_table_map(s->stream, item->event, &s->f.err);
	return item->rows ? stream_rows(s->stream, item, &s->f.err) : 0;
}

/* Reads the transactions of one scene, which are held and then returned as in the stream. */
static int pass_events(struct steady *s)
{
	const struct captured *c;
	struct trx_item item;
	unsigned at = 0;
	int rc;
	while ((c = events_next(s->mariadb, "rows", -1, &at))) {
		if (events_type(c) == EVENT_FORMAT_DESCRIPTION)
			continue;
		trx_reader_put(&s->stream->reader, c->packet);
		while ((rc = trx_reader_next(&s->stream->reader, &item, &s->f.err)) > 0)
			if (pass_item(s, &item) < 0)
				return -1;
		if (rc < 0)
			return -1;
	}
	return 0;
}

static void no_allocation_for_events(void **state)
{
	(void)state;
	if (!COUNTED)
		skip();
	for (int mariadb = 0; mariadb < 2; mariadb++) {
		struct steady s;
		setup(&s, SCRIPT(""));
		statement(&s, "CREATE TABLE events_db.t (id INT PRIMARY KEY, name VARCHAR(20), big "
			      "BIGINT UNSIGNED, note TEXT)");
		s.mariadb = mariadb;
		s.stream->cursor.format = events_format(mariadb);
		check(&s, pass_events, 200, 2000);
		assert_int_equal(atomic_load(&s.offline->metrics.rows), 8 * s.number);
		teardown(&s);
	}
}

static int pass_binlog_row(struct steady *s)
{
	struct event event = cells_event(s->mariadb ? EVENT_WRITE_ROWS_V1 : EVENT_WRITE_ROWS_V2,
					 s->sample->rows);
	struct rows rows;
	uint32_t offset;
	s->op = CHANGE_INSERT;
	if (rows_parse(&event, &s->stream->cursor.format, &rows, &s->f.err) < 0 ||
	    rows_next(&rows, &s->plan->before.row, &s->plan->after.row, &offset, &s->f.err) < 0)
		return -1;
	return pass_change(s);
}

static int pass_protocol_row(struct steady *s)
{
	s->op = CHANGE_READ;
	if (binrow_split(s->sample->packet, &s->plan->after.row, &s->f.err) < 0)
		return -1;
	return pass_change(s);
}

static void set_map_layout(struct steady *s, const struct cells_group *group)
{
	struct event event = cells_event(EVENT_TABLE_MAP, group->map);
	struct table_map map;
	struct row_layout *layout;
	const struct event_format format = {.mariadb = group->mariadb};
	if (table_map_parse(&event, &format, &map, &s->f.err) < 0 ||
	    table_map_layout(&map, s->plan->table, &s->plan->arena, &layout, &s->f.err) < 0)
		fail_msg("%s", s->f.err.text);
	plan_set_layout(s->plan, layout);
}

static void set_protocol_layout(struct steady *s, const struct cells_group *group)
{
	struct row_layout *layout;
	if (binrow_layout(group->fields, 2, s->plan->table, &s->plan->arena, &layout, &s->f.err) <
	    0)
		fail_msg("%s", s->f.err.text);
	plan_set_layout(s->plan, layout);
}

/* Every type, in the form that both servers log and return. */
static void no_allocation_for_any_type(void **state)
{
	struct steady s;
	struct cells cells;
	(void)state;
	if (!COUNTED)
		skip();
	cells_load(&cells);
	setup(&s, SCRIPT(""));
	for (unsigned i = 0; i < cells.ngroups; i++) {
		const struct cells_group *group = &cells.groups[i];
		s.mariadb = group->mariadb;
		s.stream->cursor.format = events_format(s.mariadb);
		s.plan = plan_new(&s.stream->lane, &group->table, &s.f.err);
		if (s.plan == NULL)
			fail_msg("%s", s.f.err.text);
		for (unsigned k = 0; k < group->ncases; k++) {
			s.sample = &group->cases[k];
			if (s.sample->packet.len > LARGE)
				continue;
			set_map_layout(&s, group);
			check(&s, pass_binlog_row, 3, 20);
			set_protocol_layout(&s, group);
			check(&s, pass_protocol_row, 3, 20);
		}
		plan_free(&s.stream->lane, s.plan);
	}
	teardown(&s);
	cells_free(&cells);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_allocation_for_a_change),
		cmocka_unit_test(no_allocation_for_events),
		cmocka_unit_test(no_allocation_for_any_type),
	};
	return cmocka_run_group_tests(tests, events_load, events_free);
}
