/* script_image: measures what one image costs in Lua: calls script_image in a loop with a change made by hand, no servers.
 *
 * script_image [ROUNDS]: one line a mapping, "NS NAME": nanoseconds for one image, or for both images of an update,
 * the best of ROUNDS (5) rounds. The mappings take turns.
 * Thread: one. */
#include "unit/script_fixture.h"

#include "base/clock.h"

enum { CALLS = 200000 };

static const struct column_spec COLUMNS[] = {
	{"order_identifier", COLUMN_BIGINT, 0, 0, false},
	{"customer_identifier", COLUMN_INT, 0, 0, true},
	{"order_status_text", COLUMN_VARCHAR, 16, 0, false},
	{"total_amount_gross", COLUMN_DECIMAL, 12, 2, false},
	{"total_item_quantity", COLUMN_INT, 0, 0, false},
};

enum { NCOLUMNS = sizeof(COLUMNS) / sizeof(*COLUMNS) };

#define TOPIC                                                                                      \
	"topic = { { tables = { '*.*' }, to = function(change)\n"                                  \
	"  return change.row.total_item_quantity > 0 and 'bench-update' or 'bench-update.none'\n"  \
	"end } },\n"
#define FIELD                                                                                      \
	"fields = { shard = function(change) return change.row.customer_identifier % 16 end },\n"

static const struct {
	const char *name, *text;
} CASES[] = {
	{"constant topic from a function",
	 "topic = { { tables = { '*.*' }, to = function(change) return 't' end } },\n"},
	{"topic from a column", TOPIC},
	{"topic and one field", TOPIC FIELD},
	{"topic, key and one field, text",
	 TOPIC "key = { ['*.*'] = function(change) return change.row.order_status_text end },\n"
	       "fields = { status = function(change) return change.row.order_status_text end },\n"},
	{"topic and one field, once for a change",
	 TOPIC FIELD "on_change = function(change) if change.row.order_identifier < 0 then return "
		     "false end end,\n"},
};

enum { NCASES = sizeof(CASES) / sizeof(*CASES) };

struct loaded {
	struct fixture f;
	struct mapping mapping;
	struct change change;
	double best_ns;
};

static void stop(const char *text)
{
	fprintf(stderr, "script_image: %s\n", text);
	exit(1);
}

static void load(struct loaded *l, const char *rest)
{
	const struct value samples[NCOLUMNS] = {V_INT(7), V_INT(123457), V_TEXT("shipped"),
						V_DEC("12.30"), V_INT(3)};
	struct value *values;
	struct fixture *f = &l->f;
	struct table *table;
	struct row_layout *layout;
	char text[4000];
	struct script_options options;
	fixture_init(f);
	values = ARENA_ARRAY(&f->arena, NCOLUMNS, struct value);
	memcpy(values, samples, sizeof(samples));
	options = fixture_options(f);
	snprintf(text, sizeof(text),
		 "local sync = require 'tideway.sync' local source = require 'tideway.source'\n"
		 "local kafka = require 'tideway.kafka'\n"
		 "sync.run { name = 'shop', source = source.mysql { user = 'u', tables = 'shop.*' "
		 "},\n"
		 "sink = kafka.sink { brokers = 'b:1' },\n%s}\n",
		 rest);
	fixture_load(f, text, &options);
	if (f->script == NULL)
		stop(f->err.text);
	table = fixture_table(&f->arena, "shop", "orders", COLUMNS, NCOLUMNS);
	layout = fixture_layout(&f->arena, table);
	if (script_prepare(f->script, 0, table, &f->arena, &l->mapping, &f->err) < 0)
		stop(f->err.text);
	l->change = (struct change){.op = CHANGE_UPDATE,
				    .table = table,
				    .before = fixture_row(&f->arena, layout, values),
				    .after = fixture_row(&f->arena, layout, values),
				    .time_ms = 1700000000000,
				    .file = "bin.000001",
				    .pos = 400};
	l->best_ns = 1e18;
}

static void update(struct loaded *l)
{
	struct image_result image;
	struct event_result event;
	struct fixture *f = &l->f;
	if (l->mapping.functions.event != MAPPING_NO_FUNCTION &&
	    script_event(f->script, &l->mapping, &l->change, &event, &f->err) < 0)
		stop(f->err.text);
	if (script_image(f->script, &l->mapping, &l->change, IMAGE_BEFORE, &image, &f->err) < 0 ||
	    script_image(f->script, &l->mapping, &l->change, IMAGE_AFTER, &image, &f->err) < 0)
		stop(f->err.text);
	script_done(f->script);
}

static void measure(struct loaded *l)
{
	int64_t began = clock_mono_ns();
	double ns;
	for (int i = 0; i < CALLS / 2; i++)
		update(l);
	ns = (double)(clock_mono_ns() - began) / CALLS;
	if (ns < l->best_ns)
		l->best_ns = ns;
}

static void unload(struct loaded *l, const char *name)
{
	printf("%6.1f %s\n", l->best_ns, name);
	script_release(l->f.script, &l->mapping);
	fixture_fini(&l->f);
	free(l);
}

int main(int argc, char **argv)
{
	struct loaded *loaded[NCASES];
	int rounds = argc > 1 ? atoi(argv[1]) : 5;
	for (int i = 0; i < NCASES; i++) {
		loaded[i] = mem_array(1, sizeof(**loaded));
		load(loaded[i], CASES[i].text);
	}
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < NCASES; i++)
			measure(loaded[i]);
	for (int i = 0; i < NCASES; i++)
		unload(loaded[i], CASES[i].name);
	return 0;
}
