/* The tables that commands have chosen: their names, and the record of the checkpoint. */
#include "unit.h"

#include "engine/state/selection.h"
#include "sink/store/store.h"

#include <stdio.h>

struct fixture {
	struct checkpoint checkpoint;
	struct selection selection;
	struct err err;
};

static void begin(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	checkpoint_init(&f->checkpoint, store_open_memory(), "shop");
	selection_init(&f->selection);
}

static void end(struct fixture *f)
{
	selection_fini(&f->selection);
	checkpoint_fini(&f->checkpoint);
}

static void save(struct fixture *f)
{
	selection_post(&f->selection, &f->checkpoint);
	assert_int_equal(checkpoint_save(&f->checkpoint, &f->err), 0);
}

static void load(struct fixture *f)
{
	selection_fini(&f->selection);
	selection_init(&f->selection);
	assert_int_equal(selection_load(&f->selection, &f->checkpoint, &f->err), 0);
}

/* The record keeps both lists. Without tables it is removed. It may exist before there is a position. */
static void it_survives_a_restart(void **state)
{
	struct position position;
	struct fixture f;
	bool found;
	(void)state;
	begin(&f);
	load(&f);
	assert_int_equal(f.selection.n, 0);
	selection_put(&f.selection, SLICE("shop"), SLICE("users"), false);
	selection_put(&f.selection, SLICE("shop"), SLICE("a.\"b\""), true);
	save(&f);
	load(&f);
	assert_int_equal(f.selection.n, 2);
	assert_false(selection_find(&f.selection, SLICE("shop"), SLICE("users"))->removed);
	assert_true(selection_find(&f.selection, SLICE("shop"), SLICE("a.\"b\""))->removed);
	assert_null(selection_find(&f.selection, SLICE("shop"), SLICE("orders")));
	position_init(&position);
	assert_int_equal(checkpoint_load(&f.checkpoint, &position, &found, &f.err), 0);
	assert_false(found);
	position_fini(&position);
	selection_drop(&f.selection, SLICE("shop"), SLICE("users"));
	selection_drop(&f.selection, SLICE("shop"), SLICE("a.\"b\""));
	save(&f);
	assert_null(checkpoint_get(&f.checkpoint, RECORD_SELECTION).ptr);
	end(&f);
}

/* Copies of tables are in the record, also of tables that no command has added. The next attempt removes them. */
static void copies_survive_a_restart(void **state)
{
	static const struct chosen_copy whole = {.db = SLICE("d"), .name = SLICE("t"), .id = 5};
	static const struct chosen_copy some = {
		.db = SLICE("d"), .name = SLICE("u"), .where = SLICE("v > \"5\""), .id = 6};
	static const struct chosen_copy deleting = {
		.db = SLICE("d"), .name = SLICE("w"), .id = 7, .deletes = true};
	static const struct chosen_copy cancelled = {
		.db = SLICE("d"), .name = SLICE("t"), .cancelled = true};
	struct selection copy;
	struct fixture f;
	(void)state;
	begin(&f);
	selection_put_copy(&f.selection, &whole);
	selection_put_copy(&f.selection, &some);
	selection_put_copy(&f.selection, &cancelled);
	selection_put_copy(&f.selection, &deleting);
	selection_init(&copy);
	selection_copy(&copy, &f.selection);
	assert_int_equal(copy.ncopies, 3);
	selection_fini(&copy);
	save(&f);
	assert_slice(checkpoint_get(&f.checkpoint, RECORD_SELECTION),
		     "{\"added\":[],\"removed\":[],\"again\":["
		     "{\"db\":\"d\",\"table\":\"t\",\"id\":0,\"cancel\":true},"
		     "{\"db\":\"d\",\"table\":\"u\",\"id\":6,\"where\":\"v > \\\"5\\\"\"},"
		     "{\"db\":\"d\",\"table\":\"w\",\"id\":7,\"deletes\":true}]}");
	load(&f);
	assert_int_equal(f.selection.n, 0);
	assert_int_equal(f.selection.ncopies, 3);
	assert_true(f.selection.copies[0].cancelled);
	assert_null(f.selection.copies[0].where.ptr);
	assert_slice(f.selection.copies[1].where, "v > \"5\"");
	assert_int_equal(f.selection.copies[1].id, 6);
	assert_true(f.selection.copies[2].deletes && !f.selection.copies[1].deletes);
	selection_drop_copies(&f.selection);
	save(&f);
	assert_null(checkpoint_get(&f.checkpoint, RECORD_SELECTION).ptr);
	end(&f);
}

/* A table in quarantine, or a paused one, is not captured, and keeps the reason. Choosing the table, or removing its entry, ends that. */
static void a_quarantine_survives_a_restart(void **state)
{
	static const struct table_hold why = {.code = 721,
					      .text = SLICE("it \"differs\""),
					      .position = SLICE("bin.000003:4"),
					      .since_ms = 1764600000000,
					      .is_added = true};
	static const struct table_hold pause = {
		.text = SLICE(""), .position = SLICE("bin.000003:7"), .since_ms = 5};
	const struct chosen_table *table;
	struct selection copy;
	struct fixture f;
	struct buf json;
	(void)state;
	begin(&f);
	buf_init(&json);
	selection_hold(&f.selection, SLICE("d"), SLICE("t"), &why);
	selection_put(&f.selection, SLICE("d"), SLICE("u"), true);
	selection_hold(&f.selection, SLICE("d"), SLICE("p"), &pause);
	save(&f);
	load(&f);
	selection_init(&copy);
	selection_copy(&copy, &f.selection);
	table = selection_find(&copy, SLICE("d"), SLICE("t"));
	assert_true(table->removed);
	assert_int_equal(table->hold->code, 721);
	assert_slice(table->hold->text, "it \"differs\"");
	assert_slice(table->hold->position, "bin.000003:4");
	assert_int_equal(table->hold->since_ms, 1764600000000);
	assert_true(table->hold->is_added);
	selection_write_commands(&copy, &json);
	assert_string_equal(buf_cstr(&json),
			    "{\"added\":[],\"removed\":[{\"db\":\"d\",\"table\":\"u\"}]}");
	buf_clear(&json);
	selection_show_held(&copy, &json);
	assert_string_equal(buf_cstr(&json),
			    "\"quarantined\":[{\"name\":\"d.t\",\"code\":\"E-721\",\"message\":"
			    "\"it \\\"differs\\\"\",\"position\":\"bin.000003:4\",\"since_ms\":"
			    "1764600000000}],\"paused_tables\":[{\"name\":\"d.p\",\"position\":"
			    "\"bin.000003:7\",\"since_ms\":5}]");
	selection_put(&copy, SLICE("d"), SLICE("t"), false);
	assert_null(selection_find(&copy, SLICE("d"), SLICE("t"))->hold);
	selection_fini(&copy);
	selection_drop(&f.selection, SLICE("d"), SLICE("t"));
	selection_drop(&f.selection, SLICE("d"), SLICE("u"));
	selection_drop(&f.selection, SLICE("d"), SLICE("p"));
	save(&f);
	assert_null(checkpoint_get(&f.checkpoint, RECORD_SELECTION).ptr);
	buf_fini(&json);
	end(&f);
}

static void a_table_has_one_entry(void **state)
{
	struct selection copy;
	struct fixture f;
	(void)state;
	begin(&f);
	for (unsigned i = 0; i < 100; i++) {
		char name[8];
		snprintf(name, sizeof(name), "t%u", i % 50);
		selection_put(&f.selection, SLICE("d"), slice_str(name), i >= 50);
	}
	assert_int_equal(f.selection.n, 50);
	selection_drop(&f.selection, SLICE("d"), SLICE("t3"));
	selection_drop(&f.selection, SLICE("d"), SLICE("t3"));
	selection_init(&copy);
	selection_copy(&copy, &f.selection);
	assert_int_equal(copy.n, 49);
	assert_null(selection_find(&copy, SLICE("d"), SLICE("t3")));
	assert_true(selection_find(&copy, SLICE("d"), SLICE("t49"))->removed);
	selection_fini(&copy);
	end(&f);
}

/* A damaged record is an error: a table would silently be missing. */
static void a_damaged_record_is_refused(void **state)
{
	static const char *const damaged[] = {"",
					      "[]",
					      "{\"added\":[]}",
					      "{\"added\":[{\"db\":\"a\"}],\"removed\":[]}",
					      "{\"added\":{},\"removed\":[]}",
					      "{\"added\":[],\"removed\":[],\"quarantined\":5}",
					      "{\"added\":[],\"removed\":[],\"paused\":5}",
					      "{\"added\":[],\"removed\":[],\"quarantined\":[{"
					      "\"db\":\"d\",\"table\":\"t\",\"code\":721}]}"};
	struct fixture f;
	(void)state;
	begin(&f);
	for (unsigned i = 0; i < sizeof(damaged) / sizeof(*damaged); i++) {
		assert_int_equal(checkpoint_put(&f.checkpoint, RECORD_SELECTION,
						slice_str(damaged[i]), &f.err),
				 0);
		assert_int_equal(selection_load(&f.selection, &f.checkpoint, &f.err), -1);
		assert_int_equal(f.err.id, E_CHECKPOINT_RECORD);
	}
	end(&f);
}

static void names_are_read_and_printed(void **state)
{
	static const struct {
		const char *text, *db, *name; /* db NULL: it is refused */
	} cases[] = {
		{"shop.users", "shop", "users"},
		{"`shop`.`a.b`", "shop", "a.b"},
		{"my-shop.`*`", "my-shop", "*"},
		{"\xc3\xa9.t$1", "\xc3\xa9", "t$1"},
		{"users", NULL, NULL},
		{"shop.", NULL, NULL},
		{".users", NULL, NULL},
		{"shop.*", NULL, NULL},
		{"shop.user?", NULL, NULL},
		{"!shop.users", NULL, NULL},
		{"a.b.c", NULL, NULL},
		{"shop.{a,b}", NULL, NULL},
		{"/shop.x/", NULL, NULL},
		{"shop.`users", NULL, NULL},
		{"shop.``", NULL, NULL},
		{"shop.`a`b", NULL, NULL},
		{"", NULL, NULL},
	};
	struct arena arena;
	(void)state;
	arena_init(&arena, 0);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct chosen_table table, again;
		bool valid = chosen_table_parse(slice_str(cases[i].text), &table);
		assert_int_equal(valid, cases[i].db != NULL);
		if (!valid)
			continue;
		assert_true(slice_equal(table.db, slice_str(cases[i].db)));
		assert_true(slice_equal(table.name, slice_str(cases[i].name)));
		assert_true(chosen_table_parse(chosen_table_print(&table, &arena), &again));
		assert_true(slice_equal(again.db, table.db) && slice_equal(again.name, table.name));
	}
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_survives_a_restart),
		cmocka_unit_test(copies_survive_a_restart),
		cmocka_unit_test(a_quarantine_survives_a_restart),
		cmocka_unit_test(a_table_has_one_entry),
		cmocka_unit_test(a_damaged_record_is_refused),
		cmocka_unit_test(names_are_read_and_printed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
