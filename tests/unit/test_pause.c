/* The pause of a sync: its record in the checkpoint, and wishes of commands. */
#include "unit.h"

#include "engine/sync/pause.h"
#include "sink/store/store.h"
#include "source/source.h"

#include <stdio.h>

struct fixture {
	struct source_config config;
	struct source *source;
	struct sync_events events;
	struct checkpoint checkpoint;
	struct pause pause;
	struct err err;
};

static void begin(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->config.host = "127.0.0.1";
	f->source = source_new(&f->config);
	sync_events_init(&f->events, "shop");
	checkpoint_init(&f->checkpoint, store_open_memory(), "shop");
	pause_init(&f->pause, &f->checkpoint);
}

static void end(struct fixture *f)
{
	pause_fini(&f->pause);
	checkpoint_fini(&f->checkpoint);
	sync_events_fini(&f->events);
	source_free(f->source);
}

static struct slice record(struct fixture *f)
{
	return checkpoint_get(&f->checkpoint, RECORD_PAUSED);
}

/* A new process, which has only the checkpoint. */
static void restart(struct fixture *f)
{
	pause_fini(&f->pause);
	pause_init(&f->pause, &f->checkpoint);
}

static void begin_pause(struct fixture *f)
{
	assert_true(pause_is_due(&f->pause));
	assert_int_equal(pause_begin(&f->pause, f->source, &f->events, &f->err), 0);
	pause_leave(&f->pause);
}

/* The record makes the sync paused after a restart, without a position, too. */
static void it_survives_a_restart(void **state)
{
	struct position position;
	struct fixture f;
	int64_t since_ms;
	bool found;
	(void)state;
	begin(&f);
	assert_false(pause_is_due(&f.pause));
	pause_wish(&f.pause, PAUSE_BEGIN);
	assert_null(record(&f).ptr);
	begin_pause(&f);
	assert_int_equal(pause_wished(&f.pause), PAUSE_KEEP);
	assert_non_null(record(&f).ptr);
	since_ms = pause_since(&f.pause);
	assert_true(since_ms > 0);
	restart(&f);
	assert_int_equal(pause_since(&f.pause), 0);
	begin_pause(&f);
	assert_int_equal(pause_since(&f.pause), since_ms);
	position_init(&position);
	assert_int_equal(checkpoint_load(&f.checkpoint, &position, &found, &f.err), 0);
	assert_false(found);
	position_fini(&position);
	end(&f);
}

static void its_end_removes_the_record(void **state)
{
	struct fixture f;
	(void)state;
	begin(&f);
	pause_wish(&f.pause, PAUSE_BEGIN);
	begin_pause(&f);
	pause_wish(&f.pause, PAUSE_END);
	assert_false(pause_is_due(&f.pause));
	assert_int_equal(pause_end(&f.pause, &f.err), 0);
	assert_int_equal(pause_wished(&f.pause), PAUSE_KEEP);
	assert_int_equal(pause_since(&f.pause), 0);
	assert_null(record(&f).ptr);
	restart(&f);
	assert_false(pause_is_due(&f.pause));
	/* the end of no pause has no effect */
	pause_wish(&f.pause, PAUSE_END);
	assert_int_equal(pause_end(&f.pause, &f.err), 0);
	assert_int_equal(pause_wished(&f.pause), PAUSE_KEEP);
	end(&f);
}

/* The last wish counts. One that arrives while another is being fulfilled is not lost. */
static void the_last_wish_counts(void **state)
{
	struct fixture f;
	(void)state;
	begin(&f);
	pause_wish(&f.pause, PAUSE_BEGIN);
	pause_wish(&f.pause, PAUSE_END);
	assert_false(pause_is_due(&f.pause));
	pause_wish(&f.pause, PAUSE_BEGIN);
	pause_post(&f.pause);
	pause_wish(&f.pause, PAUSE_END);
	assert_int_equal(pause_begin(&f.pause, f.source, &f.events, &f.err), 0);
	pause_leave(&f.pause);
	assert_int_equal(pause_wished(&f.pause), PAUSE_END);
	assert_false(pause_is_due(&f.pause));
	end(&f);
}

/* A pause that a command asks for again is fulfilled while it lasts. */
static void asked_again(void **state)
{
	struct fixture f;
	(void)state;
	begin(&f);
	pause_wish(&f.pause, PAUSE_BEGIN);
	assert_int_equal(pause_begin(&f.pause, f.source, &f.events, &f.err), 0);
	pause_wish(&f.pause, PAUSE_BEGIN);
	assert_int_equal(pause_watch(&f.pause, &f.err), 0);
	assert_int_equal(pause_wished(&f.pause), PAUSE_KEEP);
	pause_leave(&f.pause);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_survives_a_restart),
		cmocka_unit_test(its_end_removes_the_record),
		cmocka_unit_test(the_last_wish_counts),
		cmocka_unit_test(asked_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
