/* How the stream handles statements that our servers do not write. */
#include "unit.h"

#include "engine/stream/stream_priv.h"

struct fixture {
	struct sync sync;
	struct stream *stream;
	struct catalog *catalog;
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	struct position start;
	position_init(&start);
	sync_init(&f->sync, NULL, 0, NULL);
	f->catalog = catalog_new(0);
	assert_int_equal(
		catalog_database_from_json(
			f->catalog, SLICE("{\"db\":\"shop\",\"charset\":\"utf8mb4\"}"), &f->err),
		0);
	f->stream = stream_new(&f->sync,
			       &(struct stream_start){.position = &start, .catalog = f->catalog},
			       NULL, NULL);
	f->stream->cursor.file = "bin.000001";
	arena_init(&f->stream->lane.texts, 0);
	map_init(&f->stream->lane.plans);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	map_fini(&f->stream->lane.plans);
	message_batch_fini(&f->stream->lane.batch);
	arena_fini(&f->stream->lane.texts);
	stream_free(f->stream);
	sync_fini(&f->sync);
	test_free(f);
	return 0;
}

/* Passes a statement that the parser cannot place. It may concern any table of the database. */
static int unplaced(struct fixture *f, const char *db)
{
	const struct ddl_context context = {.db = slice_str(db)};
	return stream_statement(f->stream, SLICE("FROBNICATE TABLE t"), &context,
				&f->stream->lane.batch, &f->err);
}

/* Rule: plan-key. Without row metadata FULL such a statement stops the tables of its database. */
static void test_unplaced_stops(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(unplaced(f, "shop"), -1);
	assert_int_equal(f->err.code, ERR_DATA);
	assert_non_null(strstr(f->err.text, "FROBNICATE"));
	assert_non_null(strstr(f->err.text, "binlog_row_metadata = FULL"));
}

static struct table_map table_map(const char *db, const char *optional, size_t len)
{
	return (struct table_map){
		.db = slice_str(db), .name = SLICE("t"), .optional = slice_of(optional, len)};
}

/* With FULL the stream continues, and later rows must have that metadata: signedness(1) of one byte, names(4) of two. */
static void test_unplaced_with_full(void **state)
{
	struct fixture *f = *state;
	struct table_map without = table_map("shop", "\1\1\0", 3);
	struct table_map with = table_map("shop", "\1\1\0\4\2\1a", 7);
	struct table_map elsewhere = table_map("other", "", 0);
	assert_int_equal(stream_check_doubt(f->stream, &without, &f->err), 0);
	f->stream->connection.row_metadata_full = true;
	assert_int_equal(unplaced(f, "shop"), 0);
	assert_int_equal(stream_check_doubt(f->stream, &with, &f->err), 0);
	assert_int_equal(stream_check_doubt(f->stream, &elsewhere, &f->err), 0);
	assert_int_equal(stream_check_doubt(f->stream, &without, &f->err), -1);
	assert_int_equal(f->err.code, ERR_DATA);
	assert_non_null(strstr(f->err.text, "table shop.t"));
	assert_non_null(strstr(f->err.text, "bin.000001:0"));
}

/* A statement on another database concerns no captured table. */
static void test_unplaced_elsewhere(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(unplaced(f, "other"), 0);
	assert_null(f->stream->ddl.doubts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unplaced_stops, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unplaced_with_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unplaced_elsewhere, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
