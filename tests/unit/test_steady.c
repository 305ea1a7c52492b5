/* Promise 7: in steady state no memory is allocated for a row: from its cells to the sink nothing calls malloc. */
#include "engine/offline.c"

#include "sink/sink.h"

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

enum { WARM = 2000, ROWS = 20000 };

static const char script[] =
	"local sync = require 'tideway.sync'\n"
	"local source = require 'tideway.source'\n"
	"local kafka = require 'tideway.kafka'\n"
	"sync.run { name = 's', source = source.mysql { host = 'h', user = 'u', password = 'p',\n"
	"  tables = { 'd.*' } }, sink = kafka.sink { brokers = 'b:1' },\n"
	"  fields = { site = 'eu', origin = '${DB_NAME_SRC}.${TABLE_NAME_SRC}' } }\n";

static const char table_sql[] =
	"CREATE TABLE d.t (id BIGINT PRIMARY KEY, n INT UNSIGNED, s VARCHAR(90), d DECIMAL(12,2), "
	"b VARBINARY(20), f DOUBLE, t DATETIME)";

static void one_change(struct offline *offline, struct plan *plan, enum change_op op,
		       uint64_t number, struct err *err)
{
	struct lane *lane = &offline->stream->lane;
	plan->change = (struct change){
		.op = op,
		.table = plan->table,
		.before = op == CHANGE_UPDATE ? &plan->before.row : NULL,
		.after = &plan->after.row,
		.time_ms = 1614748870000,
		.sequence = number,
		.file = "test.000001",
	};
	assert_int_equal(write_change(lane, plan, err), 0);
	assert_int_equal(sink_poll(lane->sink, 0, err), 0);
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
	set_image(plan, &plan->before, values, arena);
	set_image(plan, &plan->after, values, arena);
}

static void no_allocation_for_a_row(void **state)
{
	static const enum change_op ops[] = {CHANGE_READ, CHANGE_INSERT, CHANGE_UPDATE};
	const struct script_record *records;
	struct fixture f;
	struct offline *offline;
	struct lane *lane;
	struct plan *plan;
	struct script_options options;
	unsigned n;
	(void)state;
	if (!COUNTED)
		skip();
	fixture_init(&f);
	fixture_write(f.folder, "sync.lua", script);
	options = fixture_options(&f);
	offline = offline_new(&options, &f.err);
	if (offline == NULL)
		fail_msg("%s", f.err.text);
	if (offline_statement(offline, slice_str(table_sql), &records, &n, &f.err) < 0)
		fail_msg("%s", f.err.text);
	if (find_plan(offline, offline_table(offline, SLICE("d.t")), &plan, &f.err) < 0)
		fail_msg("%s", f.err.text);
	set_images(plan, &f.arena);
	lane = &offline->stream->lane;
	lane->capture = NULL;
	lane->token = window_open(&lane->window);
	for (unsigned op = 0; op < sizeof(ops) / sizeof(ops[0]); op++) {
		unsigned long before = 0;
		for (unsigned i = 0; i < WARM + ROWS; i++) {
			if (i == WARM)
				before = allocations;
			one_change(offline, plan, ops[op], i, &f.err);
		}
		assert_true(before > 0); /* it is our malloc that runs */
		assert_int_equal(allocations - before, 0);
	}
	offline_free(offline);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_allocation_for_a_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
