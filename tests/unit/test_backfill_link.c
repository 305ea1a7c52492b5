/* The chunk that goes back and forth between the reader of a backfill and the stream lane. */
#include "unit.h"

#include "base/clock.h"
#include "base/thread.h"
#include "base/wait.h"
#include "engine/lane/backfill_link.h"

enum { LONG_MS = 60000 };

static struct backfill_link link_;
static _Atomic bool halt;

static int setup(void **state)
{
	(void)state;
	atomic_store(&halt, false);
	backfill_link_init(&link_, &halt);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	backfill_link_fini(&link_);
	return 0;
}

/* What a reader does: begins, adds two rows, sends. Returns the last answer; NULL: it was stopped. */
static void *read_rows(void *arg)
{
	struct backfill_chunk *chunk = &link_.chunk;
	struct err err = ERR_INIT;
	(void)arg;
	if (backfill_ask(&link_, BACKFILL_BEGIN, &err) < 0)
		return NULL;
	assert_int_equal(chunk->message, BACKFILL_BEGUN);
	backfill_chunk_add(chunk, SLICE("first"));
	backfill_chunk_add(chunk, SLICE(""));
	backfill_chunk_add(chunk, SLICE("third"));
	if (backfill_ask(&link_, BACKFILL_SEND, &err) < 0)
		return NULL;
	return chunk;
}

/* Waits as a lane does. */
static struct backfill_chunk *await(void)
{
	struct backfill_chunk *chunk;
	while ((chunk = backfill_take(&link_)) == NULL) {
		const struct wait wait = {-1, clock_mono_ms() + LONG_MS};
		wait_for(&wait, &link_.wakeup);
	}
	return chunk;
}

static void rows_arrive_in_order(void **state)
{
	int64_t begun_ms = clock_mono_ms();
	struct backfill_chunk *chunk;
	pthread_t reader;
	size_t at = 0;
	(void)state;
	thread_start(&reader, "reader", read_rows, NULL);
	chunk = await();
	assert_int_equal(chunk->message, BACKFILL_BEGIN);
	assert_null(backfill_take(&link_));
	backfill_answer(&link_, BACKFILL_BEGUN);
	chunk = await();
	assert_int_equal(chunk->message, BACKFILL_SEND);
	assert_int_equal(chunk->nrows, 3);
	assert_slice(backfill_chunk_next(chunk, &at), "first");
	assert_slice(backfill_chunk_next(chunk, &at), "");
	assert_slice(backfill_chunk_next(chunk, &at), "third");
	assert_int_equal(at, chunk->rows.len);
	backfill_answer(&link_, BACKFILL_SENT);
	thread_join(reader);
	assert_int_equal(link_.chunk.message, BACKFILL_SENT);
	assert_true(clock_mono_ms() - begun_ms < LONG_MS); /* the signal ended the waits */
}

static void a_halt_ends_the_wait_of_the_reader(void **state)
{
	struct err err = ERR_INIT;
	(void)state;
	atomic_store(&halt, true);
	assert_int_equal(backfill_ask(&link_, BACKFILL_BEGIN, &err), -1);
	assert_int_equal(err.id, E_STOPPED_COPY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows_arrive_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(a_halt_ends_the_wait_of_the_reader, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
