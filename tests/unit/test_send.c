/* A change is written whole or not at all: an error in one of its messages is found before the first is sent. */
#include "unit/script_fixture.h"

#include "engine/lane/lane.h"
#include "engine/lane/map_change.h"
#include "engine/lane/plan.h"
#include "engine/lane/write_change.h"
#include "sink/sink.h"
#include "sink/store/store.h"

#define SCRIPT(options)                                                                            \
	"local sync = require 'tideway.sync'\n"                                                    \
	"local source = require 'tideway.source'\n"                                                \
	"local kafka = require 'tideway.kafka'\n"                                                  \
	"sync.run { name = 's', source = source.mysql { host = 'h', user = 'u', password = 'p',\n" \
	"  tables = { '*.*' } }, sink = kafka.sink { brokers = 'b:1' }, heartbeat = false,\n"      \
	"  " options " }\n"

struct sending {
	struct fixture f;
	struct script_options options;
	struct sync sync;
	struct lane lane;
	struct lane_metrics metrics;
	struct plan *plan;
	struct row_layout layout;
	struct cell_layout cell;
	struct value ids[2];
};

static struct column columns[] = {
	{.name = SLICE("id"), .sql_type = SLICE("bigint"), .type = COLUMN_BIGINT},
};
static const unsigned key[] = {0};
static const struct table_index indexes[] = {
	{.name = SLICE("PRIMARY"), .unique = true, .ncolumns = 1, .columns = key},
};
static const struct table table = {
	.db = SLICE("d"),
	.name = SLICE("t"),
	.full_name = SLICE("d.t"),
	.engine = SLICE("InnoDB"),
	.charset = CHARSET_UTF8MB4,
	.ncolumns = 1,
	.columns = columns,
	.npk = 1,
	.pk = key,
	.nindexes = 1,
	.indexes = indexes,
};

static int value_cell(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		      struct arena *arena, struct value *value, struct err *err)
{
	(void)layout;
	(void)len;
	(void)arena;
	(void)err;
	memcpy(value, ptr, sizeof(*value));
	return 0;
}

static void set_row(struct sending *s, struct row *row, int64_t id, struct value *value)
{
	*value = (struct value){.kind = VALUE_I64, .i = id};
	row->layout = &s->layout;
	row->base = (const uint8_t *)value;
	row->cells[0] = (struct cell){0, sizeof(*value)};
}

static void setup(struct sending *s, const char *script)
{
	memset(s, 0, sizeof(*s));
	fixture_init(&s->f);
	fixture_write(s->f.folder, "sync.lua", script);
	s->options = fixture_options(&s->f);
	sync_init(&s->sync, &s->options, 0, NULL);
	s->sync.output.dry_run = true;
	checkpoint_init(&s->sync.checkpoint, store_open_memory(), "test");
	if (lane_open(&s->lane, &s->sync, SYNC_STREAM, "test", 1 << 20, NULL, NULL, &s->metrics,
		      &s->f.err) < 0)
		fail_msg("%s", s->f.err.text);
	s->sync.config = s->lane.config;
	if (commit_begin(s->lane.commit, &s->f.err) < 0)
		fail_msg("%s", s->f.err.text);
	s->plan = plan_new(&s->lane, &table, &s->f.err);
	if (s->plan == NULL)
		fail_msg("%s", s->f.err.text);
	map_set(&s->lane.plans, s->plan->table->full_name, s->plan);
	s->cell = (struct cell_layout){.column = &s->plan->table->columns[0], .decode = value_cell};
	s->layout = (struct row_layout){.table = s->plan->table, .ncells = 1, .cells = &s->cell};
	plan_set_layout(s->plan, &s->layout);
	set_row(s, &s->plan->before.row, 1, &s->ids[0]);
	set_row(s, &s->plan->after.row, 2, &s->ids[1]);
	s->plan->change = (struct change){
		.op = CHANGE_UPDATE,
		.table = s->plan->table,
		.before = &s->plan->before.row,
		.after = &s->plan->after.row,
		.time_ms = 1614748870000,
		.file = "test.000001",
		.pos = 4,
		.sequence = 1,
	};
}

static void teardown(struct sending *s)
{
	lane_close(&s->lane);
	checkpoint_fini(&s->sync.checkpoint);
	sync_fini(&s->sync);
	fixture_fini(&s->f);
}

static uint64_t sent(const struct sending *s)
{
	return atomic_load(&s->metrics.messages);
}

static void both_images_are_one_batch(void **state)
{
	struct sending s;
	struct message_batch *batch = &s.lane.batch;
	(void)state;
	setup(&s, SCRIPT(""));
	assert_int_equal(map_change(&s.lane, s.plan, batch, &s.f.err), 0);
	assert_int_equal(batch->n, 2);
	assert_slice(batch->messages[0].op, "UPDATE_BEFOR");
	assert_slice(batch->messages[0].key, "1");
	assert_slice(batch->messages[1].op, "UPDATE_AFTER");
	assert_slice(batch->messages[1].key, "2");
	assert_true(batch->messages[0].mapped_key);
	assert_int_equal(batch->messages[1].partition, MESSAGE_BY_KEY);
	assert_non_null(
		strstr(buf_cstr(&batch->value[0]), "\"before\":{\"dataColumn\":{\"id\":1}}"));
	assert_non_null(
		strstr(buf_cstr(&batch->value[1]), "\"after\":{\"dataColumn\":{\"id\":2}}"));
	map_done(&s.lane, s.plan);
	assert_int_equal(sent(&s), 0);
	assert_int_equal(write_change(&s.lane, s.plan, &s.f.err), 0);
	assert_int_equal(sent(&s), 2);
	assert_int_equal(sink_in_flight(s.lane.sink), 2);
	teardown(&s);
}

static void a_bad_message_stops_those_before_it(void **state)
{
	static const char *const scripts[] = {
		SCRIPT("on_change = function(change) change:emit { topic = 'x', key = '1', value = "
		       "'{}', partition = 999 } end"),
		SCRIPT("topics = { max = 1 }, on_change = function(change) change:emit { topic = "
		       "'second', key = '1', value = '{}' } end"),
	};
	static const char *const texts[] = {"partition 999 does not exist", "topics.max is 1"};
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct sending s;
		setup(&s, scripts[i]);
		assert_int_equal(write_change(&s.lane, s.plan, &s.f.err), -1);
		assert_int_equal(s.f.err.code, ERR_DATA);
		if (strstr(s.f.err.text, texts[i]) == NULL)
			fail_msg("%s", s.f.err.text);
		assert_non_null(strstr(s.f.err.text, "table d.t, update at test.000001:4: "));
		assert_string_equal(s.f.err.table, "d.t");
		assert_string_equal(s.f.err.position, "test.000001:4");
		assert_string_equal(s.f.err.operation, "update");
		assert_string_equal(s.f.err.key, "1");
		assert_int_equal(s.f.err.id, i == 0 ? E_PARTITION : E_TOPICS_MAX);
		assert_int_equal(sent(&s), 0);
		assert_int_equal(sink_in_flight(s.lane.sink), 0);
		teardown(&s);
	}
}

/* The error has the place of the row as fields. */
static void a_raising_function_names_the_row(void **state)
{
	static const char *const scripts[] = {
		SCRIPT("fields = { x = function(change) error('no such customer') end }"),
		SCRIPT("filter = function(row) error('no such customer') end"),
		SCRIPT("on_row = function(row) error('no such customer') end"),
		SCRIPT("columns = { mask = { id = function(v) error('no such customer') end } }"),
	};
	/* the key stays unknown where a function may change or mask its columns */
	static const char *const keys[] = {"2", "2", "", ""};
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct sending s;
		const struct err *err = &s.f.err;
		setup(&s, scripts[i]);
		assert_int_equal(write_change(&s.lane, s.plan, &s.f.err), -1);
		assert_int_equal(err->id, E_FUNCTION);
		assert_int_equal(err->code, ERR_DATA);
		assert_string_equal(err->table, "d.t");
		assert_string_equal(err->operation, "update");
		assert_string_equal(err->position, "test.000001:4");
		assert_string_equal(err->key, keys[i]);
		assert_string_equal(err->column, "");
		assert_non_null(strstr(err_cause(err), "sync.lua:"));
		assert_null(strstr(err_cause(err), "d.t"));
		assert_int_equal(sent(&s), 0);
		teardown(&s);
	}
}

static int damaged_cell(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			struct arena *arena, struct value *value, struct err *err)
{
	(void)ptr;
	(void)len;
	(void)arena;
	(void)value;
	err_set(err, E_VALUE, "the value is damaged");
	return err_column(err, layout->column->name);
}

static void a_damaged_value_names_its_column(void **state)
{
	struct sending s;
	(void)state;
	setup(&s, SCRIPT(""));
	s.cell.decode = damaged_cell;
	assert_int_equal(write_change(&s.lane, s.plan, &s.f.err), -1);
	assert_int_equal(s.f.err.id, E_VALUE);
	assert_string_equal(s.f.err.table, "d.t");
	assert_string_equal(s.f.err.column, "id");
	assert_string_equal(s.f.err.position, "test.000001:4");
	assert_string_equal(s.f.err.text, "table d.t, update at test.000001:4: column id: the "
					  "value is damaged");
	assert_string_equal(err_cause(&s.f.err), "the value is damaged");
	teardown(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_images_are_one_batch),
		cmocka_unit_test(a_bad_message_stops_those_before_it),
		cmocka_unit_test(a_raising_function_names_the_row),
		cmocka_unit_test(a_damaged_value_names_its_column),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
