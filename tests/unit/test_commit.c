/* commit: what a lane sends becomes durable mark by mark. The sink acknowledges on request, and the checkpoint is in
 * memory. */
#include "unit.h"

#include "engine/lane/commit.h"
#include "engine/state/sync.h"
#include "sink/sink_priv.h"
#include "sink/store/store.h"

#include <stdio.h>

enum { LONG_MS = 3600000 };

static struct sync sync_;
static struct sink sink;
static struct commit *commit;
static struct err err;
static uint64_t
	answered; /* the fake sink's next poll acknowledges a message of each slot before it */
static uint64_t first_open;

/* The result of the marks: the highest offset, and a record of each range. */
static struct position reached;
static bool moved;

static void mark_reached(void *arg, const struct mark *mark, struct record_batch *batch)
{
	char name[32];
	assert_ptr_equal(arg, &reached);
	assert_true(mark->offset > reached.offset); /* in order */
	reached.offset = mark->offset;
	moved = true;
	if (mark->range == NULL)
		return;
	snprintf(name, sizeof(name), "range/%d", (int)mark->offset);
	record_batch_add(batch, slice_str(name), SLICE("done"));
}

static const struct position *take_position(void *arg)
{
	bool newer = moved;
	(void)arg;
	moved = false;
	return newer ? &reached : NULL;
}

static void fake_poll(struct sink *of, int timeout_ms)
{
	(void)of, (void)timeout_ms;
	while (first_open < answered)
		commit_acked(commit, first_open++, 1);
}

static const struct sink_ops fake_ops = {.poll = fake_poll};

static void open_commit(int64_t interval_ms)
{
	const struct commit_meaning meaning = {.reached = mark_reached,
					       .position = take_position,
					       .arg = &reached,
					       .interval_ms = interval_ms};
	commit = commit_post_new(&sync_, &sink, &sync_.flags.parts[SYNC_COPY], &meaning);
}

static int setup(void **state)
{
	(void)state;
	err = (struct err)ERR_INIT;
	sync_init(&sync_, NULL, 0, NULL);
	checkpoint_init(&sync_.checkpoint, store_open_memory(), "shop");
	sink = (struct sink){.ops = &fake_ops};
	position_init(&reached);
	moved = false;
	answered = first_open = 1;
	open_commit(0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	commit_free(commit);
	position_fini(&reached);
	checkpoint_fini(&sync_.checkpoint);
	sync_fini(&sync_);
	return 0;
}

/* Hands over a slot with one message and a record of its own. */
static void hand_over(uint64_t offset)
{
	struct mark mark = {.offset = offset};
	char name[32];
	snprintf(name, sizeof(name), "ddl/%d", (int)offset);
	record_batch_add(&mark.records, slice_str(name), SLICE("{}"));
	if (commit_begin(commit, &err) < 0)
		fail_msg("%s", err.text);
	commit_sent(commit, 1);
	commit_done(commit, &mark);
}

static bool is_saved(const char *name)
{
	return checkpoint_get(&sync_.checkpoint, slice_str(name)).ptr != NULL;
}

/* Returns the offset of the position after a save; 0: none. */
static uint64_t saved_offset(void)
{
	struct position position;
	bool found;
	uint64_t offset;
	if (checkpoint_save(&sync_.checkpoint, &err) < 0)
		fail_msg("%s", err.text);
	position_init(&position);
	if (checkpoint_load(&sync_.checkpoint, &position, &found, &err) < 0)
		fail_msg("%s", err.text);
	offset = found ? position.offset : 0;
	position_fini(&position);
	return offset;
}

/* A mark becomes durable only when everything handed over before it is acknowledged. */
static void only_what_is_whole_becomes_durable(void **state)
{
	(void)state;
	uint64_t tokens[3];
	for (uint64_t i = 0; i < 3; i++) {
		hand_over(i + 1);
		tokens[i] = commit->token;
	}
	commit_acked(commit, tokens[2], 1);
	commit_acked(commit, tokens[1], 1);
	commit_serve(commit, true);
	assert_int_equal(saved_offset(), 0);
	assert_false(is_saved("ddl/2"));
	commit_acked(commit, tokens[0], 1);
	assert_false(commit_is_idle(commit));
	commit_serve(commit, true);
	assert_true(commit_is_idle(commit));
	assert_int_equal(saved_offset(), 3);
	assert_true(is_saved("ddl/1") && is_saved("ddl/2") && is_saved("ddl/3"));
}

/* The records of a mark and the position after it are saved together. */
static void records_travel_with_their_mark(void **state)
{
	(void)state;
	hand_over(1);
	hand_over(2);
	commit_acked(commit, 1, 1);
	commit_serve(commit, true);
	assert_int_equal(saved_offset(), 1);
	assert_true(is_saved("ddl/1"));
	assert_false(is_saved("ddl/2"));
}

static void the_owner_adds_records(void **state)
{
	(void)state;
	const struct mark mark = {.offset = 5, .range = (struct full_range *)&reached};
	assert_int_equal(commit_begin(commit, &err), 0);
	commit_done(commit, &mark); /* without a message */
	commit_serve(commit, true);
	assert_int_equal(saved_offset(), 5);
	assert_true(is_saved("range/5"));
}

/* An open slot holds back what follows, even with all of its messages acknowledged. */
static void an_open_slot_is_not_durable(void **state)
{
	(void)state;
	assert_int_equal(commit_begin(commit, &err), 0);
	commit_sent(commit, 1);
	commit_acked(commit, commit->token, 1);
	commit_serve(commit, true);
	assert_int_equal(saved_offset(), 0);
	assert_false(commit_is_idle(commit));
	commit_done(commit, &(struct mark){.offset = 9});
	commit_serve(commit, true);
	assert_int_equal(saved_offset(), 9);
}

/* Marks are taken at once, so that the window has room; they are handed over after the interval. */
static void handed_over_after_the_interval(void **state)
{
	(void)state;
	commit_free(commit);
	open_commit(LONG_MS);
	hand_over(1);
	commit_acked(commit, 1, 1);
	commit_serve(commit, true);
	assert_int_equal(saved_offset(), 1);
	hand_over(2);
	commit_acked(commit, 2, 1);
	commit_serve(commit, false);
	assert_true(commit_is_idle(commit));
	assert_int_equal(saved_offset(), 1);
	assert_false(is_saved("ddl/2"));
	commit_serve(commit, true);
	assert_int_equal(saved_offset(), 2);
	assert_true(is_saved("ddl/2"));
}

/* The ends of topics are as new as the position that is saved with them (decisions/0018). */
static void ends_of_topics_travel_with_the_position(void **state)
{
	(void)state;
	struct partition partition = {.end = 0};
	struct topic topic = {.info = {.name = SLICE("t"), .present = 1}, .partitions = &partition};
	pins_note(&sync_.pins, SLICE("t"), 1, NULL);
	hand_over(1);
	sink_note_end(&sink, &topic, &partition, 42);
	commit_acked(commit, 1, 1);
	commit_serve(commit, true);
	assert_int_equal(saved_offset(), 1);
	assert_slice(checkpoint_get(&sync_.checkpoint, SLICE("topic/t")),
		     "{\"partitions\":1,\"tables\":[],\"ends\":[42]}");
}

/* A new topic is in the checkpoint before the first position with messages in the topic. */
static void a_new_topic_does_not_wait(void **state)
{
	(void)state;
	commit_free(commit);
	open_commit(LONG_MS);
	hand_over(1);
	pins_note(&sync_.pins, SLICE("t"), 3, NULL);
	commit_serve(commit, false);
	/* a checkpoint without a position is refused when it is loaded; look at the record alone */
	assert_int_equal(checkpoint_save(&sync_.checkpoint, &err), 0);
	assert_true(is_saved("topic/t"));
	assert_false(is_saved("position"));
	assert_false(is_saved("ddl/1"));
}

/* With a full window the commit waits for the sink, and takes finished marks meanwhile. */
static void a_full_window_waits(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= WINDOW_SLOTS_MAX; i++)
		hand_over(i);
	sync_stop_part(&sync_, SYNC_COPY);
	assert_int_equal(commit_begin(commit, &err), -1);
	assert_true(err.retriable);
	sync_start_part(&sync_, SYNC_COPY);
	answered = 3;
	hand_over(WINDOW_SLOTS_MAX + 1);
	assert_int_equal(saved_offset(), 2);
}

/* The failure of the sink ends the wait. */
static void a_poisoned_sink_ends_the_wait(void **state)
{
	struct err poison = ERR_INIT;
	(void)state;
	for (uint64_t i = 1; i <= WINDOW_SLOTS_MAX; i++)
		hand_over(i);
	err_retry(&poison, E_MESSAGE_REFUSED, "not accepted");
	sink_set_poison(&sink, &poison);
	assert_int_equal(commit_begin(commit, &err), -1);
	assert_non_null(strstr(err.text, "not accepted"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_what_is_whole_becomes_durable),
		TEST(records_travel_with_their_mark),
		TEST(the_owner_adds_records),
		TEST(an_open_slot_is_not_durable),
		TEST(handed_over_after_the_interval),
		TEST(ends_of_topics_travel_with_the_position),
		TEST(a_new_topic_does_not_wait),
		TEST(a_full_window_waits),
		TEST(a_poisoned_sink_ends_the_wait),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
