/* Whether a process waits for its predecessor (docs/decisions/0019). */
#include "unit.h"

#include "base/clock.h"
#include "engine/state/checkpoint.h"
#include "engine/sync/handover.h"
#include "sink/store/store_priv.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define KILLED "{\"server\":\"7\",\"started\":100}"

static struct checkpoint checkpoint;
static struct handover handover;
static struct err err;
static _Atomic bool stop;

static struct store_ops fencing_ops; /* a store in memory that fences */

static int setup(void **state)
{
	struct store *store = store_open_memory();
	(void)state;
	fencing_ops = *store->ops;
	fencing_ops.fences = true;
	store->ops = &fencing_ops;
	checkpoint_init(&checkpoint, store, "shop");
	err = (struct err)ERR_INIT;
	atomic_store(&stop, true);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	checkpoint_fini(&checkpoint);
	return 0;
}

static void put(const char *name, const char *value)
{
	assert_int_equal(checkpoint_put(&checkpoint, slice_str(name), slice_str(value), &err), 0);
}

static struct instance_lock lock_at(const char *server, int64_t started_s)
{
	struct instance_lock lock = {.place = {.started_s = started_s}};
	snprintf(lock.place.server, sizeof(lock.place.server), "%s", server);
	return lock;
}

/* Returns whether the process would wait. A stop is requested already, so that a process that waits gives up at once. */
static bool waits(const struct instance_lock *lock)
{
	int rc = handover_wait(&handover, lock, "shop", &stop, &err);
	if (rc < 0)
		assert_true(err.retriable);
	return rc < 0;
}

static void begin(void)
{
	assert_int_equal(handover_begin(&handover, &checkpoint, &err), 0);
}

static void who_waits(void **state)
{
	static const struct {
		const char *record; /* NULL: none */
		bool position, waits;
		const char *server;
		int64_t started_s;
	} cases[] = {
		{NULL, false, false, "", 0},  /* the first process */
		{NULL, true, true, "7", 100}, /* of version 0.1.0 */
		{"{\"ended\":true}", true, false, "", 0},
		{"{\"ended\":true}", false, false, "8", 1},
		{"{}", true, true, "7", 100}, /* it had no lock */
		{KILLED, true, false, "7", 100},
		{KILLED, true, true, "7", 101},
		{KILLED, true, true, "7", 99},
		{KILLED, true, true, "8", 100},
		{KILLED, true, true, "", 0},
		{"no json", true, true, "7", 100},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct instance_lock lock = lock_at(cases[i].server, cases[i].started_s);
		setup(state);
		if (cases[i].record)
			put("process/lock", cases[i].record);
		if (cases[i].position)
			put("position", "{}");
		begin();
		if (waits(&lock) != cases[i].waits)
			fail_msg("case %zu", i);
		teardown(state);
	}
}

/* A process that ends before it has sent anything leaves the record of its predecessor to the next one. */
static void what_is_known_stays(void **state)
{
	struct instance_lock same = lock_at("7", 100), other = lock_at("8", 100);
	(void)state;
	put("position", "{}");
	put("process/lock", KILLED);
	begin();
	assert_true(waits(&other));
	handover_note(&handover, &other); /* it does not send yet */
	assert_int_equal(checkpoint_save(&checkpoint, &err), 0);
	handover_end(&handover);
	begin();
	assert_true(waits(&other));
	begin();
	assert_false(waits(&same));
}

static void the_wait_is_over_with_the_lease(void **state)
{
	struct instance_lock other = lock_at("8", 100);
	(void)state;
	checkpoint.lease.times[LEASE_HANDOVER] = 100;
	atomic_store(&stop, false);
	put("position", "{}");
	put("process/lock", KILLED);
	begin();
	assert_false(waits(&other));
	assert_true(clock_boot_ms() >= handover.until_ms);
}

static struct slice record(void)
{
	assert_int_equal(checkpoint_save(&checkpoint, &err), 0);
	return checkpoint_get(&checkpoint, SLICE("process/lock"));
}

/* The record while a process sends, when its lock moves to another server, and after its end. */
static void the_record(void **state)
{
	struct instance_lock lock = lock_at("7", 100), none = lock_at("", 0);
	char id[40];
	(void)state;
	begin();
	snprintf(id, sizeof(id), "%.*s", SLICE_FMT(checkpoint_get(&checkpoint, RECORD_PROCESS)));
	begin();
	assert_true(id[0] != '\0');
	assert_false(slice_equal(checkpoint_get(&checkpoint, RECORD_PROCESS), slice_str(id)));
	assert_null(record().ptr);
	assert_false(waits(&lock));
	handover_note(&handover, &lock);
	assert_slice(record(), KILLED);
	handover_keep(&handover, &lock);
	assert_int_equal(checkpoint.records.count, 0);
	handover_keep(&handover, &none);
	assert_slice(record(), "{}");
	handover_end(&handover);
	assert_slice(record(), "{\"ended\":true}");
}

/* A checkpoint that no other process can take over: a file, which is locked. */
static void nothing_to_hand_over(void **state)
{
	struct instance_lock none = lock_at("", 0);
	struct slice name, value;
	size_t at = 0;
	(void)state;
	checkpoint_fini(&checkpoint);
	checkpoint_init(&checkpoint, store_open_memory(), "shop");
	put("position", "{}");
	begin();
	assert_null(checkpoint_lease(&checkpoint));
	assert_false(waits(&none));
	handover_note(&handover, &none);
	assert_int_equal(checkpoint_save(&checkpoint, &err), 0);
	handover_end(&handover);
	assert_true(checkpoint_next(&checkpoint, &at, SLICE(""), &name, &value));
	assert_slice(name, "position");
	assert_false(checkpoint_next(&checkpoint, &at, SLICE(""), &name, &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_waits),
		cmocka_unit_test_setup_teardown(what_is_known_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(the_wait_is_over_with_the_lease, setup, teardown),
		cmocka_unit_test_setup_teardown(the_record, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_to_hand_over, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
