/* table_record: the records of tables and databases in a checkpoint, also those that released versions have written
 * (tests/data/checkpoints). */
#include "unit.h"

#include "engine/state/checkpoint.h"
#include "engine/state/table_record.h"
#include "sink/store/store.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FOLDER "tests/data/checkpoints"

static struct position place(unsigned file, uint64_t offset)
{
	struct position position;
	position_init(&position);
	snprintf(position.server, sizeof(position.server), "1");
	snprintf(position.file, sizeof(position.file), "bin.%06u", file);
	position.offset = offset;
	return position;
}

static int read_text(struct table_record *record, const char *json, struct arena *arena,
		     struct err *err)
{
	table_record_init(record, TABLE_NEW);
	return table_record_read(record, SLICE("full/d.t"), slice_str(json), arena, err);
}

static void a_phase_alone_is_short(void **state)
{
	static const struct {
		enum table_phase phase;
		const char *json;
	} cases[] = {{TABLE_COPYING, "{\"state\":\"reading\"}"},
		     {TABLE_COPIED, "{\"state\":\"done\"}"}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct table_record record;
		struct arena arena;
		struct err err = ERR_INIT;
		struct buf json;
		arena_init(&arena, 0);
		buf_init(&json);
		table_record_init(&record, cases[i].phase);
		table_record_write(&record, &json);
		assert_slice(buf_slice(&json), cases[i].json);
		assert_int_equal(read_text(&record, cases[i].json, &arena, &err), 0);
		assert_int_equal(record.phase, cases[i].phase);
		assert_false(position_is_set(&record.start));
		assert_false(position_is_set(&record.read_at));
		assert_null(record.definition);
		table_record_fini(&record);
		buf_fini(&json);
		arena_fini(&arena);
	}
}

/* The name of the snapshot's position depends on the phase: host selection reads both, the stream only that of a
 * finished copy. */
static void everything_survives_the_round_trip(void **state)
{
	static const struct table table = {.db = {"d", 1},
					   .name = {"t", 1},
					   .full_name = {"d.t", 3},
					   .engine = {"InnoDB", 6},
					   .version = 7};
	static const enum table_phase phases[] = {TABLE_COPYING, TABLE_COPIED};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct table_record record, again;
		struct arena arena;
		struct err err = ERR_INIT;
		struct buf json;
		arena_init(&arena, 0);
		buf_init(&json);
		table_record_init(&record, phases[i]);
		record.start = place(2, 400);
		record.read_at = place(3, 500);
		record.definition = &table;
		table_record_write(&record, &json);
		assert_int_equal(strstr(buf_cstr(&json), "\"reading\":{") != NULL, i == 0);
		assert_int_equal(strstr(buf_cstr(&json), "\"read\":{") != NULL, i == 1);
		assert_int_equal(read_text(&again, buf_cstr(&json), &arena, &err), 0);
		assert_int_equal(again.phase, phases[i]);
		assert_string_equal(again.start.file, "bin.000002");
		assert_int_equal(again.start.offset, 400);
		assert_string_equal(again.read_at.file, "bin.000003");
		assert_int_equal(again.read_at.offset, 500);
		assert_slice(again.definition->full_name, "d.t");
		assert_slice(again.definition->engine, "InnoDB");
		assert_int_equal(again.definition->version, 7);
		table_record_fini(&again);
		table_record_fini(&record);
		buf_fini(&json);
		arena_fini(&arena);
	}
}

static struct table_record record_of(enum table_phase phase, uint64_t start, uint64_t read_at,
				     const struct table *definition)
{
	struct table_record record;
	table_record_init(&record, phase);
	if (start > 0)
		record.start = place(3, start);
	if (read_at > 0)
		record.read_at = place(3, read_at);
	record.definition = definition;
	return record;
}

static bool is_plain(enum table_phase phase, uint64_t start, uint64_t read_at,
		     const struct table *definition)
{
	struct table_record record = record_of(phase, start, read_at, definition);
	struct position begin = place(3, 100);
	return table_record_is_plain(&record, &begin);
}

static bool is_passed(enum table_phase phase, uint64_t start, uint64_t read_at)
{
	static const struct table table = {.version = 7};
	struct table_record record = record_of(phase, start, read_at, &table);
	struct position begin = place(3, 100);
	return table_record_is_passed(&record, &begin);
}

/* What the stream may still meet must be remembered: the events before the start position, the place where the rows were read,
 * and a definition that the catalog does not have. */
static void a_plain_record_has_nothing_ahead(void **state)
{
	static const struct table table = {.version = 7};
	(void)state;
	assert_true(is_plain(TABLE_COPIED, 0, 0, NULL));
	assert_true(is_plain(TABLE_COPIED, 50, 100, NULL));
	assert_false(is_plain(TABLE_COPIED, 101, 0, NULL));
	assert_false(is_plain(TABLE_COPIED, 50, 101, NULL));
	assert_false(is_plain(TABLE_COPIED, 0, 0, &table));
	assert_false(is_plain(TABLE_COPYING, 0, 0, NULL));
	assert_false(is_plain(TABLE_NEW, 0, 0, NULL));
}

/* A definition is no longer needed when the stream has passed its position. */
static void a_definition_is_passed(void **state)
{
	(void)state;
	assert_true(is_passed(TABLE_COPIED, 0, 0));
	assert_true(is_passed(TABLE_COPIED, 100, 100));
	assert_false(is_passed(TABLE_COPIED, 101, 0));
	assert_false(is_passed(TABLE_COPIED, 50, 101));
	assert_false(is_passed(TABLE_COPYING, 0, 0));
}

static void a_database_has_a_start(void **state)
{
	struct position start = place(4, 1234), again;
	struct err err = ERR_INIT;
	struct buf json;
	(void)state;
	buf_init(&json);
	position_init(&again);
	database_record_write(&start, &json);
	assert_int_equal(database_record_read(&again, SLICE("adopted/d"), buf_slice(&json), &err),
			 0);
	assert_string_equal(again.file, "bin.000004");
	assert_int_equal(again.offset, 1234);
	position_fini(&again);
	assert_int_equal(database_record_read(&again, SLICE("adopted/d"), SLICE("{}"), &err), -1);
	assert_int_equal(err.code, ERR_INTERNAL);
	assert_non_null(strstr(err.text, "adopted/d"));
	buf_fini(&json);
	position_fini(&start);
}

static const struct slice FIVE = SLICE("5"), NINE = SLICE("9");

/* Only a table that is being copied has finished ranges. */
static void finished_ranges_survive_the_round_trip(void **state)
{
	static const char json[] =
		"{\"state\":\"reading\",\"copied\":{\"key\":\"id int\",\"rows\":4,"
		"\"ranges\":[[[\"5\"],[\"9\"]]]}}";
	const struct key_range range = {{1, &FIVE}, {1, &NINE}};
	struct table_record record, again;
	struct arena arena;
	struct err err = ERR_INIT;
	struct buf out;
	(void)state;
	arena_init(&arena, 0);
	buf_init(&out);
	table_record_init(&record, TABLE_COPYING);
	key_ranges_restart(&record.ranges, SLICE("id int"));
	table_record_write(&record, &out);
	assert_string_equal(buf_cstr(&out), "{\"state\":\"reading\"}");
	assert_true(key_ranges_finish(&record.ranges, &range, 4));
	buf_clear(&out);
	table_record_write(&record, &out);
	assert_string_equal(buf_cstr(&out), json);
	if (read_text(&again, json, &arena, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(key_ranges_any(&again.ranges));
	assert_string_equal(again.ranges.signature, "id int");
	assert_int_equal(again.ranges.rows, 4);
	record.phase = TABLE_COPIED;
	buf_clear(&out);
	table_record_write(&record, &out);
	assert_string_equal(buf_cstr(&out), "{\"state\":\"done\"}");
	table_record_fini(&record);
	table_record_fini(&again);
	buf_fini(&out);
	arena_fini(&arena);
}

/* Another copy of a copied table has finished ranges, too. */
static void another_copy_survives_the_round_trip(void **state)
{
	static const char *const texts[] = {
		"{\"state\":\"done\",\"again\":{\"id\":1764600000001,\"begun\":false}}",
		"{\"state\":\"done\",\"again\":{\"id\":5,\"where\":\"s = "
		"\\\"x\\\"\",\"begun\":true},"
		"\"copied\":{\"key\":\"id int\",\"rows\":4,\"ranges\":[[[\"5\"],[\"9\"]]]}}",
		"{\"state\":\"done\",\"again\":{\"id\":5,\"begun\":true,\"deletes\":true,\"rule\":"
		"\"fedcba9876543210\"}}",
	};
	struct position begin;
	(void)state;
	position_init(&begin);
	for (size_t i = 0; i < 3; i++) {
		struct table_record record;
		struct arena arena;
		struct err err = ERR_INIT;
		struct buf json;
		arena_init(&arena, 0);
		buf_init(&json);
		assert_int_equal(read_text(&record, texts[i], &arena, &err), 0);
		assert_int_equal(record.again.id, i == 0 ? 1764600000001 : 5);
		assert_int_equal(record.again.begun, i > 0);
		assert_int_equal(record.again.deletes, i == 2);
		assert_int_equal(record.again.rule, i == 2 ? 0xfedcba9876543210 : 0);
		if (i == 1)
			assert_string_equal(record.again.where, "s = \"x\"");
		else
			assert_null(record.again.where);
		assert_int_equal(key_ranges_any(&record.ranges), i == 1);
		table_record_write(&record, &json);
		assert_string_equal(buf_cstr(&json), texts[i]);
		assert_false(table_record_is_plain(&record, &begin));
		copy_again_fini(&record.again);
		assert_true(table_record_is_plain(&record, &begin));
		buf_clear(&json);
		table_record_write(&record, &json);
		assert_string_equal(buf_cstr(&json), "{\"state\":\"done\"}");
		table_record_fini(&record);
		buf_fini(&json);
		arena_fini(&arena);
	}
}

/* A table that was in quarantine is incomplete until its copy has ended, which has an id. */
static void a_copy_after_a_quarantine_survives_the_round_trip(void **state)
{
	static const char json[] = "{\"state\":\"reading\",\"again\":{\"id\":5,\"begun\":true}}";
	struct table_record record;
	struct arena arena;
	struct err err = ERR_INIT;
	struct buf out;
	(void)state;
	arena_init(&arena, 0);
	buf_init(&out);
	assert_int_equal(read_text(&record, json, &arena, &err), 0);
	assert_int_equal(record.phase, TABLE_COPYING);
	assert_int_equal(record.again.id, 5);
	table_record_write(&record, &out);
	assert_string_equal(buf_cstr(&out), json);
	table_record_fini(&record);
	buf_fini(&out);
	arena_fini(&arena);
}

/* Rule: whole-checkpoint. A checkpoint that cannot be read is an error, never "nothing was copied". */
static void what_cannot_be_read_is_an_error(void **state)
{
	static const char *const texts[] = {
		"",
		"no json",
		"[]",
		"{}",
		"{\"state\":1}",
		"{\"state\":\"chunks\"}",
		"{\"state\":\"done\",\"position\":{\"version\":2}}",
		"{\"state\":\"done\",\"read\":{\"version\":2}}",
		"{\"state\":\"reading\",\"reading\":{\"version\":2}}",
		"{\"state\":\"reading\",\"table\":{\"db\":5}}",
		"{\"state\":\"reading\",\"copied\":{\"ranges\":[]}}",
		"{\"state\":\"reading\",\"copied\":[]}",
		"{\"state\":\"done\",\"again\":{}}",
		"{\"state\":\"done\",\"again\":5}",
		"{\"state\":\"done\",\"again\":{\"id\":0}}",
		"{\"state\":\"done\",\"again\":{\"id\":5,\"where\":5}}",
		"{\"state\":\"done\",\"again\":{\"id\":5},\"copied\":[]}",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct table_record record;
		struct arena arena;
		struct err err = ERR_INIT;
		arena_init(&arena, 0);
		assert_int_equal(read_text(&record, texts[i], &arena, &err), -1);
		assert_int_equal(err.code, ERR_INTERNAL);
		assert_non_null(strstr(err.text, "full/d.t"));
		table_record_fini(&record);
		arena_fini(&arena);
	}
}

/* ---- checkpoints of released versions ---- */

/* The kinds of records in the fixtures: a flag for each member, by phase. */
struct kinds {
	bool tables[3][2][2][2]; /* phase, start, read_at, definition */
	unsigned databases, with_ranges, again;
};

static void check_table(struct kinds *kinds, struct slice name, struct slice json)
{
	struct table_record record;
	struct arena arena;
	struct err err = ERR_INIT;
	struct buf again;
	arena_init(&arena, 0);
	buf_init(&again);
	table_record_init(&record, TABLE_NEW);
	if (table_record_read(&record, name, json, &arena, &err) < 0)
		fail_msg("%s", err.text);
	kinds->tables[record.phase][position_is_set(&record.start)]
		     [position_is_set(&record.read_at)][record.definition != NULL] = true;
	kinds->with_ranges += key_ranges_any(&record.ranges);
	kinds->again += record.again.id > 0 && record.again.begun && record.again.where;
	table_record_write(&record, &again);
	assert_int_equal(again.len, json.len);
	assert_memory_equal(buf_cstr(&again), json.ptr, json.len);
	buf_fini(&again);
	table_record_fini(&record);
	arena_fini(&arena);
}

static void check_database(struct kinds *kinds, struct slice name, struct slice json)
{
	struct position start;
	struct err err = ERR_INIT;
	struct buf again;
	buf_init(&again);
	position_init(&start);
	assert_int_equal(database_record_read(&start, name, json, &err), 0);
	database_record_write(&start, &again);
	assert_int_equal(again.len, json.len);
	assert_memory_equal(buf_cstr(&again), json.ptr, json.len);
	kinds->databases++;
	buf_fini(&again);
	position_fini(&start);
}

static void copy_file(const char *from, const char *to)
{
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	int c;
	assert_non_null(in);
	assert_non_null(out);
	while ((c = getc(in)) != EOF)
		putc(c, out);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

/* Checks a file of the folder. Opens a copy like the sync does, because that locks a file beside it. */
static void check_file(struct kinds *kinds, const char *file)
{
	char folder[] = "/tmp/table_record.XXXXXX", from[600], path[64], lock[80];
	struct checkpoint checkpoint;
	struct position position;
	struct err err = ERR_INIT;
	struct store *store;
	struct slice name, json;
	size_t at = 0;
	bool found;
	assert_non_null(mkdtemp(folder));
	snprintf(from, sizeof(from), FOLDER "/%s", file);
	snprintf(path, sizeof(path), "%s/checkpoint", folder);
	snprintf(lock, sizeof(lock), "%s.lock", path);
	copy_file(from, path);
	store = store_open_file(path, "copy", &err);
	if (store == NULL)
		fail_msg("%s", err.text);
	checkpoint_init(&checkpoint, store, "copy");
	position_init(&position);
	if (checkpoint_load(&checkpoint, &position, &found, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(found);
	while (checkpoint_next(&checkpoint, &at, SLICE("full/"), &name, &json))
		check_table(kinds, name, json);
	for (at = 0; checkpoint_next(&checkpoint, &at, SLICE("adopted/"), &name, &json);)
		check_database(kinds, name, json);
	position_fini(&position);
	checkpoint_fini(&checkpoint);
	unlink(path);
	unlink(lock);
	rmdir(folder);
}

/* unreadable: the version can record a table that an unread table was renamed to and that cannot be read. */
static void check_version(const char *version, bool unreadable)
{
	struct kinds kinds = {.databases = 0};
	DIR *folder = opendir(FOLDER);
	struct dirent *entry;
	assert_non_null(folder);
	while ((entry = readdir(folder)))
		if (strncmp(entry->d_name, version, strlen(version)) == 0)
			check_file(&kinds, entry->d_name);
	closedir(folder);
	assert_true(kinds.tables[TABLE_COPYING][0][1][0]); /* its copy runs */
	assert_true(kinds.tables[TABLE_COPYING][1][1][0]); /* after the stream's position */
	assert_true(kinds.tables[TABLE_COPYING][1][1][1]); /* the same, but not in the catalog */
	assert_true(kinds.tables[TABLE_COPYING][1][0][1]); /* an unread table got its name */
	assert_int_equal(kinds.tables[TABLE_COPYING][0][0][0], unreadable);
	assert_true(kinds.tables[TABLE_COPIED][0][0][0]);
	assert_true(kinds.tables[TABLE_COPIED][0][1][0]); /* read again after a cut-off */
	assert_true(kinds.tables[TABLE_COPIED][1][1][0]); /* after the stream's position */
	assert_true(kinds.tables[TABLE_COPIED][1][1][1]);
	assert_true(kinds.databases > 0);
}

/* Checkpoints of 0.1.0 are read and written back as the same bytes, so that the older version can read them again. */
static void checkpoints_of_0_1_0(void **state)
{
	(void)state;
	check_version("0.1.0", false);
}

static void checkpoints_of_0_1_1(void **state)
{
	(void)state;
	check_version("0.1.1", true);
}

/* A copy that was killed when it had finished ranges of a table. */
static void a_checkpoint_with_finished_ranges(void **state)
{
	struct kinds kinds = {.databases = 0};
	(void)state;
	check_file(&kinds, "ranges-1.json");
	assert_int_equal(kinds.with_ranges, 1);
}

/* A sync that was killed while it copied a table again. */
static void a_checkpoint_with_another_copy(void **state)
{
	struct kinds kinds = {.databases = 0};
	(void)state;
	check_file(&kinds, "again-1.json");
	assert_int_equal(kinds.again, 1);
	assert_int_equal(kinds.with_ranges, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_phase_alone_is_short),
		cmocka_unit_test(everything_survives_the_round_trip),
		cmocka_unit_test(finished_ranges_survive_the_round_trip),
		cmocka_unit_test(a_plain_record_has_nothing_ahead),
		cmocka_unit_test(a_definition_is_passed),
		cmocka_unit_test(another_copy_survives_the_round_trip),
		cmocka_unit_test(a_copy_after_a_quarantine_survives_the_round_trip),
		cmocka_unit_test(a_database_has_a_start),
		cmocka_unit_test(what_cannot_be_read_is_an_error),
		cmocka_unit_test(checkpoints_of_0_1_0),
		cmocka_unit_test(checkpoints_of_0_1_1),
		cmocka_unit_test(a_checkpoint_with_finished_ranges),
		cmocka_unit_test(a_checkpoint_with_another_copy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
