/* commit_post: at least once. A window counts what the brokers have acknowledged. Finished marks
 * are posted to the checkpoint, which the sync's own thread saves. After a failure, everything
 * after the saved position is sent again. */
#include "base/clock.h"
#include "base/mem.h"
#include "engine/lane/commit.h"
#include "engine/state/sync.h"
#include "sink/sink.h"

#include <stdlib.h>

enum { ROOM_MS = 100 }; /* one turn of waiting for room in the window */

struct commit_post {
	struct commit commit;
	struct sync *sync;
	struct sink *sink;
	const _Atomic bool *halt; /* of the lane */
	struct commit_meaning meaning;
	struct window window;
	struct record_batch batch; /* of finished marks, not posted yet */
	int64_t posted_ms;         /* monotonic time of the last post */
};

static struct commit_post *of(struct commit *commit)
{
	return (struct commit_post *)commit;
}

static void note_ends(void *arg, struct slice topic, const int64_t *ends, int n)
{
	pins_acked(arg, topic, ends, n);
}

static void take_marks(struct commit_post *post)
{
	struct mark mark;
	while (window_take(&post->window, &mark)) {
		record_batch_move(&post->batch, &mark.records);
		if (post->meaning.reached)
			post->meaning.reached(post->meaning.arg, &mark, &post->batch);
		mark_fini(&mark);
	}
}

/* Post changes of the topic registry that must not wait until a position is reached. */
static void post_urgent(struct commit_post *post)
{
	struct record_batch none = {NULL, NULL};
	if (pins_are_urgent(&post->sync->pins))
		pins_post(&post->sync->pins, &post->sync->checkpoint, &none, NULL);
}

/* Take finished marks and, if that is due, post them. Return whether something was posted. */
static bool post_marks(struct commit_post *post, bool due)
{
	const struct commit_meaning *meaning = &post->meaning;
	const struct position *position;
	take_marks(post);
	if (!due)
		return false;
	position = meaning->position ? meaning->position(meaning->arg) : NULL;
	if (post->batch.first == NULL && position == NULL)
		return false;
	pins_post(&post->sync->pins, &post->sync->checkpoint, &post->batch, position);
	return true;
}

static void post_serve(struct commit *commit, bool now)
{
	struct commit_post *post = of(commit);
	pthread_mutex_t *order = post->meaning.order;
	int64_t now_ms = clock_mono_ms();
	bool due = now || now_ms - post->posted_ms >= post->meaning.interval_ms;
	bool posted;
	if (due) /* before the marks: the last of several lanes ends what all of them have sent */
		sink_take_ends(post->sink, note_ends, &post->sync->pins);
	if (order)
		pthread_mutex_lock(order);
	posted = post_marks(post, due);
	if (order)
		pthread_mutex_unlock(order);
	if (posted)
		post->posted_ms = now_ms;
	else
		post_urgent(post);
}

static int wait_for_room(struct commit_post *post, struct err *err)
{
	if (atomic_load_explicit(post->halt, memory_order_relaxed))
		return err_retry(err, E_STOPPED_SENDING,
				 "stopped while waiting for acknowledgements");
	if (sink_poll(post->sink, ROOM_MS, err) < 0)
		return -1;
	post_serve(&post->commit, false);
	return 0;
}

static int post_begin(struct commit *commit, struct err *err)
{
	struct commit_post *post = of(commit);
	while (window_full(&post->window))
		if (wait_for_room(post, err) < 0)
			return -1;
	commit->token = window_open(&post->window);
	return 0;
}

static void post_sent(struct commit *commit, unsigned n)
{
	window_sent(&of(commit)->window, commit->token, n);
}

static void post_acked(struct commit *commit, uint64_t token, unsigned n)
{
	window_ack(&of(commit)->window, token, n);
}

static void post_done(struct commit *commit, const struct mark *mark)
{
	window_close(&of(commit)->window, commit->token, mark);
}

static bool post_idle(const struct commit *commit)
{
	return window_empty(&((const struct commit_post *)commit)->window);
}

static bool post_full(const struct commit *commit)
{
	return window_full(&((const struct commit_post *)commit)->window);
}

static void post_free(struct commit *commit)
{
	struct commit_post *post = of(commit);
	record_batch_fini(&post->batch);
	window_fini(&post->window);
	free(post);
}

static const struct commit_ops post_ops = {
	.begin = post_begin,
	.sent = post_sent,
	.acked = post_acked,
	.done = post_done,
	.serve = post_serve,
	.idle = post_idle,
	.full = post_full,
	.free = post_free,
};

struct commit *commit_post_new(struct sync *sync, struct sink *sink, const _Atomic bool *halt,
			       const struct commit_meaning *meaning)
{
	struct commit_post *post = mem_array(1, sizeof(*post));
	post->commit.ops = &post_ops;
	post->sync = sync;
	post->sink = sink;
	post->halt = halt;
	if (meaning)
		post->meaning = *meaning;
	window_init(&post->window);
	return &post->commit;
}
