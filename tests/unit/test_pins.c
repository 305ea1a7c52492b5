/* pins: the records of topics in the checkpoint, and when they are saved. */
#include "unit.h"

#include "base/clock.h"
#include "engine/state/checkpoint.h"
#include "engine/state/pins.h"
#include "sink/store/store.h"

enum { A_SECOND_MS = 1000 };

static struct pins pins;
static struct err err;

static int setup(void **state)
{
	(void)state;
	err = (struct err)ERR_INIT;
	pins_init(&pins);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pins_fini(&pins);
	return 0;
}

static void expect_record(const struct batch_record *save, const char *name, const char *value)
{
	assert_non_null(save);
	assert_slice(save->name, name);
	assert_slice(save->value, value);
}

/* Asserts that exactly this record is taken. */
static void expect_taken(const char *name, const char *value)
{
	struct record_batch records = {NULL, NULL};
	pins_take(&pins, &records);
	expect_record(records.first, name, value);
	assert_null(records.first->next);
	record_batch_fini(&records);
}

static void expect_nothing(void)
{
	struct record_batch records = {NULL, NULL};
	pins_take(&pins, &records);
	assert_null(records.first);
}

/* A record of version 0.1.0 has no ends. Acknowledged offsets are added. */
static void old_record(void **state)
{
	(void)state;
	const int64_t ends[] = {0, 5};
	struct slice json = SLICE("{\"partitions\":2,\"tables\":[\"a.t\"]}");
	assert_int_equal(pins_load(&pins, SLICE("x"), json, &err), 0);
	expect_nothing();
	pins_acked(&pins, SLICE("x"), ends, 2);
	expect_taken("topic/x", "{\"partitions\":2,\"tables\":[\"a.t\"],\"ends\":[0,5]}");
	expect_nothing();
}

/* If several lanes write to one topic, the highest end counts, also for partitions that are added. */
static void highest_end(void **state)
{
	(void)state;
	const int64_t one[] = {9, 2}, other[] = {3, 4, 1};
	struct arena arena;
	struct pinned pinned;
	assert_true(pins_open(&pins, SLICE("x"), 10));
	pins_note(&pins, SLICE("x"), 2, NULL);
	pins_acked(&pins, SLICE("x"), one, 2);
	pins_acked(&pins, SLICE("x"), other, 3);
	pins_acked(&pins, SLICE("x"), one, 2);
	expect_taken("topic/x", "{\"partitions\":2,\"tables\":[],\"ends\":[9,4,1]}");
	arena_init(&arena, 0);
	pinned = pins_get(&pins, SLICE("x"), &arena);
	assert_true(pinned.partitions == 2 && pinned.nends == 3 && !pinned.replaced);
	assert_true(pinned.ends[0] == 9 && pinned.ends[1] == 4 && pinned.ends[2] == 1);
	arena_fini(&arena);
}

static void replaced_and_forgotten(void **state)
{
	(void)state;
	struct slice json =
		SLICE("{\"partitions\":1,\"tables\":[],\"ends\":[7],\"replaced\":true}");
	struct arena arena;
	arena_init(&arena, 0);
	assert_int_equal(pins_load(&pins, SLICE("x"), json, &err), 0);
	assert_true(pins_get(&pins, SLICE("x"), &arena).replaced);
	pins_forget(&pins, SLICE("x"));
	assert_int_equal(pins_get(&pins, SLICE("x"), &arena).partitions, 0);
	expect_nothing();
	pins_note(&pins, SLICE("x"), 3, NULL);
	expect_taken("topic/x", "{\"partitions\":3,\"tables\":[]}");
	pins_replaced(&pins, SLICE("x"));
	expect_taken("topic/x", "{\"partitions\":3,\"tables\":[],\"replaced\":true}");
	arena_fini(&arena);
}

/* The ends are posted together with the position that they cover. Ends alone are not urgent. */
static void posted_with_the_position(void **state)
{
	(void)state;
	const int64_t ends[] = {4};
	struct checkpoint checkpoint;
	struct record_batch records = {NULL, NULL};
	struct position position;
	position_init(&position);
	checkpoint_init(&checkpoint, store_open_memory(), "s");
	pins_note(&pins, SLICE("x"), 1, NULL);
	assert_true(pins_are_urgent(&pins));
	pins_post(&pins, &checkpoint, &records, NULL);
	assert_false(pins_are_urgent(&pins));
	assert_true(checkpoint_due(&checkpoint, clock_mono_ms() + A_SECOND_MS));
	assert_int_equal(checkpoint_save(&checkpoint, &err), 0);
	pins_acked(&pins, SLICE("x"), ends, 1);
	assert_false(pins_are_urgent(&pins));
	assert_false(checkpoint_due(&checkpoint, checkpoint.saved_ms + A_SECOND_MS));
	record_batch_add(&records, SLICE("full/a.b"), SLICE("{}"));
	pins_post(&pins, &checkpoint, &records, &position);
	assert_null(records.first);
	assert_int_equal(checkpoint_save(&checkpoint, &err), 0);
	assert_slice(checkpoint_get(&checkpoint, SLICE("topic/x")),
		     "{\"partitions\":1,\"tables\":[],\"ends\":[4]}");
	assert_slice(checkpoint_get(&checkpoint, SLICE("full/a.b")), "{}");
	assert_non_null(checkpoint_get(&checkpoint, SLICE("position")).ptr);
	position_fini(&position);
	checkpoint_fini(&checkpoint);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(old_record),
		CASE(highest_end),
		CASE(replaced_and_forgotten),
		CASE(posted_with_the_position),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
