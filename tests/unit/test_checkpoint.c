#include "unit.h"

#include "base/clock.h"
#include "engine/state/checkpoint.h"
#include "sink/store/store.h"

#include <stdio.h>

enum { A_SECOND_MS = 1000 };

static void fill(struct position *position)
{
	struct err err = ERR_INIT;
	const struct pending xa = {false, SLICE("X'61',X'',1"), SLICE("bin.000002"), 99, 3};
	position_init(position);
	strcpy(position->server, "1");
	strcpy(position->file, "bin.000003");
	position->offset = UINT64_C(5000000000);
	position->row_offset = 7;
	position->sequence = UINT64_C(1614748790461000001);
	position->commit_ms = 1614748870000;
	gtid_set_init(&position->gtids, GTID_MARIADB);
	assert_int_equal(gtid_set_parse(&position->gtids, SLICE("0-1-5,1-1-7"), &err), 0);
	position_pending_add(position, &xa);
}

/* Rule: transaction-start. The format of a position: another text breaks every existing checkpoint. */
static void the_format_of_a_position(void **state)
{
	(void)state;
	struct position position;
	struct buf json;
	buf_init(&json);
	fill(&position);
	position_to_json(&position, &json);
	assert_slice(
		buf_slice(&json),
		"{\"version\":1,\"server\":\"1\",\"file\":\"bin.000003\",\"offset\":\"5000000000\","
		"\"flavour\":\"mariadb\",\"gtid\":\"0-1-5,1-1-7\",\"rowOffset\":\"7\","
		"\"sequence\":\"1614748790461000001\",\"commitMs\":\"1614748870000\",\"pending\":["
		"{\"kind\":\"xa\",\"id\":\"X'61',X'',1\",\"file\":\"bin.000002\",\"offset\":\"99\","
		"\"catalog\":\"3\"}]}");
	position_fini(&position);
	buf_fini(&json);
}

static void a_position_survives_the_round_trip(void **state)
{
	(void)state;
	struct position position, back;
	struct err err = ERR_INIT;
	struct buf json, again;
	buf_init(&json);
	buf_init(&again);
	fill(&position);
	position_init(&back);
	position_to_json(&position, &json);
	assert_int_equal(position_from_json(&back, buf_slice(&json), &err), 0);
	position_to_json(&back, &again);
	assert_true(slice_equal(buf_slice(&json), buf_slice(&again)));
	position_fini(&back);
	position_fini(&position);
	buf_fini(&again);
	buf_fini(&json);
}

/* Version 0.1.0 writes no identity and ignores one. Both versions read each other's positions. */
static void an_identity_survives_the_round_trip(void **state)
{
	(void)state;
	static const char text[] =
		"{\"version\":1,\"server\":\"u\",\"file\":\"bin.000003\",\"offset\":\"9\","
		"\"flavour\":\"%s\","
		"\"gtid\":\"%s\",\"rowOffset\":\"0\",\"sequence\":\"1\",\"commitMs\":\"0\","
		"\"watermarkMs\":\"1614748870001\",\"identity\":{\"file\":\"bin.000002\",\"born\":"
		"\"2026-12-01 18:00:00 "
		"UTC\",\"gtid\":\"%s\","
		"\"offset\":\"5000000000\"},\"pending\":[]}";
	const char *const parts[][3] = {
		{"none", "", ""},
		{"mariadb", "0-1-7", ""},
		{"mariadb", "0-1-7", "0-1-6"},
		{"mysql", "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-7",
		 "3e11fa47-71ca-11e1-9e33-c80aa9429562:6"},
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		struct position position;
		struct err err = ERR_INIT;
		struct buf json, again;
		buf_init(&json);
		buf_init(&again);
		position_init(&position);
		buf_printf(&json, text, parts[i][0], parts[i][1], parts[i][2]);
		assert_int_equal(position_from_json(&position, buf_slice(&json), &err), 0);
		position_to_json(&position, &again);
		assert_slice(buf_slice(&again), buf_cstr(&json));
		position_fini(&position);
		buf_fini(&again);
		buf_fini(&json);
	}
}

static void what_cannot_be_read_is_an_error(void **state)
{
	(void)state;
	const char *const texts[] = {
		"",
		"{}",
		"no json",
		"{\"version\":2}",
		"{\"version\":1}",
		"{\"version\":1,\"server\":\"1\",\"file\":\"b.1\",\"offset\":\"x\",\"flavour\":"
		"\"none\",\"gtid\":\"\","
		"\"rowOffset\":\"0\",\"sequence\":\"1\",\"commitMs\":\"0\",\"pending\":[]}",
		"{\"version\":1,\"server\":\"1\",\"file\":\"b.1\",\"offset\":\"4\",\"flavour\":"
		"\"other\",\"gtid\":\"\","
		"\"rowOffset\":\"0\",\"sequence\":\"1\",\"commitMs\":\"0\",\"pending\":[]}",
		"{\"version\":1,\"server\":\"1\",\"file\":\"b.1\",\"offset\":\"4\",\"flavour\":"
		"\"none\",\"gtid\":\"\","
		"\"rowOffset\":\"0\",\"sequence\":\"1\",\"commitMs\":\"0\",\"identity\":{},"
		"\"pending\":[]}",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct position position;
		struct err err = ERR_INIT;
		position_init(&position);
		assert_int_equal(position_from_json(&position, slice_str(texts[i]), &err), -1);
		assert_int_equal(err.code, ERR_INTERNAL);
		position_fini(&position);
	}
}

/* Records and the position that they came with are saved together; the newest position wins. */
static void a_save_takes_everything_posted(void **state)
{
	(void)state;
	struct checkpoint checkpoint;
	struct record_batch records = {NULL, NULL};
	struct position position;
	struct err err = ERR_INIT;
	bool found;
	checkpoint_init(&checkpoint, store_open_memory(), "shop");
	fill(&position);
	record_batch_add(&records, SLICE("full/shop.a"), SLICE("{\"state\":\"done\"}"));
	checkpoint_post(&checkpoint, &records, &position);
	assert_null(records.first);
	position.offset = 6;
	checkpoint_post(&checkpoint, &records, &position);
	assert_null(checkpoint_get(&checkpoint, SLICE("position")).ptr);
	assert_int_equal(checkpoint_save(&checkpoint, &err), 0);
	assert_slice(checkpoint_get(&checkpoint, SLICE("full/shop.a")), "{\"state\":\"done\"}");
	position_fini(&position);
	position_init(&position);
	assert_int_equal(checkpoint_load(&checkpoint, &position, &found, &err), 0);
	assert_true(found);
	assert_int_equal(position.offset, 6);
	record_batch_add(&records, SLICE("full/shop.a"), (struct slice){NULL, 0});
	checkpoint_post(&checkpoint, &records, NULL);
	assert_int_equal(checkpoint_save(&checkpoint, &err), 0);
	assert_null(checkpoint_get(&checkpoint, SLICE("full/shop.a")).ptr);
	position_fini(&position);
	checkpoint_fini(&checkpoint);
}

/* While nothing can be saved, a lane posts the same names repeatedly: the newest record of each name is kept. */
static void the_newest_record_of_a_name_is_saved(void **state)
{
	(void)state;
	struct checkpoint checkpoint;
	struct record_batch records = {NULL, NULL};
	struct err err = ERR_INIT;
	char value[16];
	checkpoint_init(&checkpoint, store_open_memory(), "shop");
	for (int i = 0; i < 1000; i++) {
		snprintf(value, sizeof(value), "%d", i);
		record_batch_add(&records, SLICE("topic/a"), slice_str(value));
		record_batch_add(&records, i % 2 ? SLICE("topic/b") : SLICE("topic/c"),
				 slice_str(value));
		checkpoint_post(&checkpoint, &records, NULL);
	}
	assert_int_equal(checkpoint.records.count, 3);
	record_batch_add(&records, SLICE("topic/b"), (struct slice){NULL, 0});
	checkpoint_post(&checkpoint, &records, NULL);
	assert_int_equal(checkpoint_save(&checkpoint, &err), 0);
	assert_slice(checkpoint_get(&checkpoint, SLICE("topic/a")), "999");
	assert_null(checkpoint_get(&checkpoint, SLICE("topic/b")).ptr);
	assert_slice(checkpoint_get(&checkpoint, SLICE("topic/c")), "998");
	assert_false(checkpoint_due(&checkpoint, checkpoint.saved_ms + A_SECOND_MS));
	record_batch_add(&records, SLICE("topic/a"), SLICE("lost"));
	checkpoint_post(&checkpoint, &records, NULL);
	checkpoint_discard(&checkpoint);
	assert_int_equal(checkpoint_save(&checkpoint, &err), 0);
	assert_slice(checkpoint_get(&checkpoint, SLICE("topic/a")), "999");
	checkpoint_fini(&checkpoint);
}

static void nothing_saved_is_not_found(void **state)
{
	(void)state;
	struct checkpoint checkpoint;
	struct position position;
	struct err err = ERR_INIT;
	bool found = true;
	checkpoint_init(&checkpoint, store_open_memory(), "shop");
	position_init(&position);
	assert_int_equal(checkpoint_load(&checkpoint, &position, &found, &err), 0);
	assert_false(found);
	assert_int_equal(checkpoint_save(&checkpoint, &err), 0);
	/* only the record of the process exists before the position */
	assert_int_equal(checkpoint_put(&checkpoint, RECORD_PROCESS, SLICE("{}"), &err), 0);
	assert_int_equal(checkpoint_load(&checkpoint, &position, &found, &err), 0);
	assert_false(found);
	assert_int_equal(checkpoint_put(&checkpoint, SLICE("topic/t"), SLICE("{}"), &err), 0);
	assert_int_equal(checkpoint_load(&checkpoint, &position, &found, &err), -1);
	assert_int_equal(err.code, ERR_INTERNAL);
	position_fini(&position);
	checkpoint_fini(&checkpoint);
}

/* The age of the lease counts from the start of the last save that wrote something. An old lease is renewed even if nothing
 * was posted. */
static void a_save_renews_the_lease(void **state)
{
	(void)state;
	struct checkpoint checkpoint;
	struct position position;
	struct record_batch none = {NULL, NULL};
	struct err err = ERR_INIT;
	int64_t began_ms = clock_boot_ms(), saved_ms;
	checkpoint_init(&checkpoint, store_open_memory(), "shop");
	assert_int_equal(checkpoint_save(&checkpoint, &err), 0);
	assert_int_equal(checkpoint.lease.since_ms, 0);
	fill(&position);
	checkpoint_post(&checkpoint, &none, &position);
	position_fini(&position);
	assert_int_equal(checkpoint_save(&checkpoint, &err), 0);
	assert_true(checkpoint.lease.since_ms >= began_ms);
	saved_ms = checkpoint.saved_ms;
	assert_false(checkpoint_due(&checkpoint, saved_ms + A_SECOND_MS - 1));
	assert_true(checkpoint_due(&checkpoint, saved_ms + checkpoint.lease.times[LEASE_SAVE]));
	lease_renew(&checkpoint.lease, clock_boot_ms() - checkpoint.lease.times[LEASE_SAVE]);
	assert_true(checkpoint_due(&checkpoint, saved_ms + A_SECOND_MS));
	checkpoint_fini(&checkpoint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_format_of_a_position),
		cmocka_unit_test(a_position_survives_the_round_trip),
		cmocka_unit_test(an_identity_survives_the_round_trip),
		cmocka_unit_test(what_cannot_be_read_is_an_error),
		cmocka_unit_test(a_save_takes_everything_posted),
		cmocka_unit_test(the_newest_record_of_a_name_is_saved),
		cmocka_unit_test(nothing_saved_is_not_found),
		cmocka_unit_test(a_save_renews_the_lease),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
