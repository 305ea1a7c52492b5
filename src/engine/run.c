#include "engine/run.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test_hook.h"
#include "engine/backoff.h"
#include "engine/choose.h"
#include "engine/full.h"
#include "engine/setup.h"
#include "engine/start.h"
#include "engine/stream.h"
#include "engine/watch.h"
#include "engine/watermarks.h"
#include "sink/sink.h"
#include "source/hosts.h"
#include "sink/store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	QUEUE_BYTES = 32 * 1024 * 1024,
	SERVE_MS = 100,      /* how long the sync's thread waits for something to save */
	SNAPSHOT_MS = 10000, /* where a snapshot keeps its tables' metadata locks, no table is begun
	                        in it after so long: the others get a snapshot of their own */
};

struct run {
	struct sync sync;
	struct script *script;
	struct stream *stream; /* while it runs */
	struct full *full;     /* while it runs; guarded by lock */
	unsigned read_tables;  /* of the full sync, in rounds before; likewise */
	uint64_t read_rows;    /* theirs */
	pthread_mutex_t lock;
	struct lane_metrics stream_metrics;
	struct lane_metrics *full_metrics; /* full_parallel of them */
	_Atomic enum run_state state;
	struct start *start;            /* of the attempt that runs; NULL: none */
	struct watch watch;             /* of the binlog, while a full sync runs */
	const struct position *reading; /* where the stream will begin; NULL: no full sync runs */
	struct err stream_err;          /* of the stream's thread */
	int stream_rc;
	_Atomic bool stream_ended;
	bool saved; /* the last attempt's end was */
};

/* ---- life ---- */

struct run *run_new(const struct run_options *options, struct err *err)
{
	struct run *run;
	struct script *script = script_new(options->script, err);
	if (script == NULL)
		return NULL;
	run = mem_array(1, sizeof(*run));
	run->script = script;
	sync_init(&run->sync, options->script, options->index,
		  script_config(script, options->index));
	run->sync.dry_run = options->dry_run;
	run->sync.prints = options->prints;
	run->sync.raw = options->raw;
	run->sync.label = options->several ? run->sync.config->name : NULL;
	run->sync.queue_bytes = sink_queue_total(&run->sync.config->sink, QUEUE_BYTES);
	run->full_metrics = mem_array(run->sync.config->full_parallel, sizeof(*run->full_metrics));
	pthread_mutex_init(&run->lock, NULL);
	return run;
}

void run_free(struct run *run)
{
	if (run == NULL)
		return;
	sync_fini(&run->sync);
	pthread_mutex_destroy(&run->lock);
	free(run->full_metrics);
	script_free(run->script);
	free(run);
}

const struct sync_config *run_config(const struct run *run)
{
	return run->sync.config;
}

void run_share(struct run *run, struct watermarks *watermarks)
{
	run->sync.watermarks = watermarks;
}

void run_stop(struct run *run)
{
	if (atomic_load(&run->sync.stop))
		sync_abort(&run->sync);
	sync_stop(&run->sync);
	run_wake(run);
}

/* Every connection of a sync is one of this configuration, not of the copy that each lane has. */
void run_wake(struct run *run)
{
	conn_shutdown_all(&run->sync.config->source);
}

static void set_full(struct run *run, struct full *full)
{
	pthread_mutex_lock(&run->lock);
	for (unsigned i = 0; run->full && i < run->full->ntables; i++) {
		const struct full_table *table = &run->full->tables[i];
		run->read_tables += atomic_load(&table->done);
		run->read_rows += atomic_load(&table->done) ? atomic_load(&table->rows) : 0;
	}
	run->full = full;
	pthread_mutex_unlock(&run->lock);
}

static void forget_rounds(struct run *run)
{
	pthread_mutex_lock(&run->lock);
	run->read_tables = 0;
	run->read_rows = 0;
	pthread_mutex_unlock(&run->lock);
}

/* When the position was written: the sequence of one that no transaction has followed begins with the sync (rule 23). */
static int64_t time_of(const struct position *position)
{
	return position->commit_ms > 0 ? position->commit_ms
				       : (int64_t)(position->sequence / 1000000);
}

/* ---- the sync's own thread, while lanes work ---- */

/* Waits until something was posted, at most `ms`. */
static void wait_posted(struct run *run, int ms)
{
	struct checkpoint *checkpoint = &run->sync.checkpoint;
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&checkpoint->lock);
	pthread_cond_timedwait(&checkpoint->posted, &checkpoint->lock, &until);
	pthread_mutex_unlock(&checkpoint->lock);
}

static int serve(void *arg, struct err *err)
{
	struct run *run = arg;
	wait_posted(run, SERVE_MS);
	if (run->reading && watch_tick(&run->watch, run->reading, time_of(run->reading), err) < 0) {
		err->retriable |= run->sync.config->source.nhosts > 1; /* another may have it */
		return -1;
	}
	if (run->start) {
		name_lock_keep(&run->start->name);
		handover_keep(&run->sync.handover, &run->start->name);
	}
	if (!checkpoint_due(&run->sync.checkpoint, clock_mono_ms()))
		return 0;
	return checkpoint_save(&run->sync.checkpoint, err);
}

/* ---- full sync ---- */

static int read_tables(struct run *run, struct start *start, struct err *err)
{
	struct full full = {
		.sync = &run->sync,
		.tables = start->reads,
		.ntables = start->nreads,
		.nlanes = start->snapshot.nconns,
		.conns = start->snapshot.conns,
		.lowest = start->snapshot.way == SNAPSHOT_LOWEST,
		.begin_ms = conn_frees_locks(start->snapshot.conns[0])
				    ? 0
				    : test_hook_number(HOOK_SNAPSHOT_MS, SNAPSHOT_MS),
		.metrics = run->full_metrics,
	};
	int rc;
	watch_init(&run->watch, &run->sync.config->source);
	run->reading = &start->position;
	set_full(run, &full);
	atomic_store(&run->state, RUN_FULL);
	rc = full_run(&full, serve, run, err);
	set_full(run, NULL);
	run->reading = NULL;
	watch_fini(&run->watch);
	return rc;
}

static bool any_left(const struct start *start)
{
	for (unsigned i = 0; i < start->nreads; i++)
		if (!atomic_load(&start->reads[i].done))
			return true;
	return false;
}

/* Rounds of full sync until no table is left. */
static int full_sync(struct run *run, struct start *start, struct err *err)
{
	int64_t began = clock_mono_ms();
	bool again = false;
	forget_rounds(run);
	do {
		if (start_reads(start, again, err) < 0 ||
		    checkpoint_save(&run->sync.checkpoint, err) < 0)
			return -1;
		if (start->nreads == 0)
			break;
		if (run->sync.watermarks)
			watermarks_hold(run->sync.watermarks, run->sync.config->source_number);
		sync_events_emit(
			&run->sync.events,
			(struct sync_event){
				.kind = SYNC_EVENT_COPY_BEGUN,
				.copy = {start->nreads, start->nselected, start->snapshot.nconns},
			});
		if (read_tables(run, start, err) < 0)
			return -1;
		again = any_left(start);
	} while (again);
	start_close_snapshot(start);
	sync_events_emit_duration(&run->sync.events, SYNC_EVENT_COPY_DONE, clock_mono_ms() - began);
	return checkpoint_save(&run->sync.checkpoint, err);
}

/* ---- stream ---- */

/* The sync's own thread may be saving the checkpoint for as long as the brokers are away, and cannot say until then that the
 * stream has ended. */
static void report_ended(struct run *run)
{
	const struct checkpoint *checkpoint = &run->sync.checkpoint;
	const struct lease *lease = checkpoint_lease(checkpoint);
	if (lease == NULL || !run->stream_err.retriable ||
	    lease_age_ms(lease, clock_boot_ms()) <= lease->times[LEASE_SEND])
		return;
	sync_events_emit_failure(&run->sync.events, SYNC_EVENT_CHECKPOINT_BLOCKED, &run->stream_err,
				 0);
	atomic_store(&run->state, RUN_WAITING);
	err_retry(&run->stream_err, ERR_KAFKA, "the checkpoint can be saved again");
}

static void *stream_main(void *arg)
{
	struct run *run = arg;
	run->stream_rc = stream_run(run->stream, &run->stream_err);
	if (run->stream_rc < 0 && !atomic_load(&run->sync.halt))
		report_ended(run);
	atomic_store(&run->stream_ended, true);
	pthread_cond_signal(&run->sync.checkpoint.posted);
	return NULL;
}

static int serve_stream(struct run *run, struct err *err)
{
	int rc = 0;
	while (!atomic_load(&run->stream_ended)) {
		if (rc == 0)
			rc = serve(run, err);
		if (rc == 0)
			continue;
		sync_abort(&run->sync);
		run_wake(run); /* each time: it may just have opened another connection */
		wait_posted(run, SERVE_MS);
	}
	return rc;
}

/* Which hosts the next attempt tries first. When the stream of each has ended at one place with what does not pass, there is
 * nothing more to try. */
static void judge_host(const struct run *run, int rc, struct err *err)
{
	const struct source_config *source = &run->sync.config->source;
	if (stream_went_on(run->stream))
		hosts_forgive(source);
	if (rc == 0 || !stream_was_refused(run->stream) || hosts_blame(source))
		return;
	err->retriable = false;
	if (source->nhosts > 1)
		err_wrap(err, "no other host can serve");
}

static int stream(struct run *run, struct start *start, struct err *err)
{
	/* for measuring: end where the binlog ends now */
	const struct stream_options options = {.until_end = test_hook_is_set(HOOK_UNTIL_END)};
	pthread_t thread;
	int rc;
	start_know_tables(start);
	run->stream_err = (struct err)ERR_INIT;
	atomic_store(&run->stream_ended, false);
	run->sync.catalog_now = start->catalog_now;
	run->sync.binlog_end_at_load = &start->binlog_end_at_load;
	run->stream = stream_new(&run->sync, start->catalog_at_position, start->catalog_pending,
				 &start->position, &options, &run->stream_metrics);
	start->catalog_at_position = NULL;
	start->catalog_pending = NULL;
	atomic_store(&run->state, RUN_STREAM);
	if (pthread_create(&thread, NULL, stream_main, run) != 0)
		abort();
	rc = serve_stream(run, err);
	pthread_join(thread, NULL);
	if (rc == 0) {
		rc = run->stream_rc;
		*err = run->stream_err;
		judge_host(run, rc, err);
	}
	stream_free(run->stream);
	run->stream = NULL;
	run->sync.catalog_now = NULL;
	run->sync.binlog_end_at_load = NULL;
	return rc;
}

/* ---- starting, and starting again ---- */

/* What the lanes have posted at their end counts, whatever ended them. What cannot be saved is forgotten: the next
 * attempt begins at the position that is saved, and must find the catalog of that position. */
static int save_rest(struct run *run, int rc, struct err *err)
{
	struct checkpoint *checkpoint = &run->sync.checkpoint;
	struct err save = ERR_INIT;
	run->saved = false;
	if (rc < 0 && err->code == ERR_DISPLACED) {
		checkpoint_discard(checkpoint);
		return -1;
	}
	if (checkpoint_save(checkpoint, &save) == 0) {
		run->saved = true;
		return rc;
	}
	checkpoint_discard(checkpoint);
	if (save.code != ERR_DISPLACED && (rc < 0 || atomic_load(&run->sync.stop)))
		sync_events_emit_failure(&run->sync.events, SYNC_EVENT_UNSAVED, &save, 0);
	if (rc < 0 && save.code != ERR_DISPLACED)
		return -1;
	*err = save;
	return -1;
}

/* What the lanes have noted of their topics, before it is forgotten with the attempt. */
static void keep_pins(struct run *run)
{
	struct saves saves = {NULL, NULL};
	pins_take(&run->sync.pins, &saves);
	if (saves.first)
		checkpoint_post(&run->sync.checkpoint, &saves, NULL);
}

static int attempt(struct run *run, struct err *err)
{
	struct start start;
	int rc;
	atomic_store(&run->state, RUN_STARTING);
	sync_again(&run->sync);
	start_init(&start, &run->sync, run->script);
	run->start = &start;
	rc = start_look(&start, err);
	if (rc == 0)
		rc = setup_topics(&start, err);
	if (rc == 0 && start.found)
		sync_events_emit_position(&run->sync.events, SYNC_EVENT_CHECKPOINT_FOUND,
					  &start.position);
	if (rc == 0)
		rc = full_sync(run, &start, err);
	if (rc == 0 && run->sync.config->mode != MODE_FULL && !atomic_load(&run->sync.stop))
		rc = stream(run, &start, err);
	run->start = NULL;
	keep_pins(run);
	start_fini(&start);
	return save_rest(run, rc, err);
}

static int open_checkpoint(struct run *run, struct err *err)
{
	const struct sync_config *config = run->sync.config;
	struct store *store;
	char topic[80];
	snprintf(topic, sizeof(topic), "tideway.%s", config->name);
	if (run->sync.dry_run || config->sink.kind == SINK_DISCARD)
		store = store_open_memory();
	else if (config->checkpoint_file)
		store = store_open_file(config->checkpoint_file, config->name, err);
	else if (config->sink.kind == SINK_LINES)
		store = store_open_memory();
	else
		store = store_open_topic(&run->sync.sink,
					 config->checkpoint_topic ? config->checkpoint_topic
								  : topic,
					 config->name, &run->sync.stop, err);
	if (store == NULL)
		return -1;
	checkpoint_init(&run->sync.checkpoint, store, config->name);
	pins_attach(&run->sync.pins, &run->sync.checkpoint);
	if (handover_begin(&run->sync.handover, &run->sync.checkpoint, err) == 0)
		return 0;
	checkpoint_fini(&run->sync.checkpoint);
	return -1;
}

static void back_off(struct run *run, int64_t wait_ms)
{
	int64_t until = clock_mono_ms() + wait_ms;
	atomic_store(&run->state, RUN_WAITING);
	while (!atomic_load(&run->sync.stop) && clock_mono_ms() < until)
		wait_posted(run, SERVE_MS);
}

static int attempts(struct run *run, struct err *err)
{
	struct backoff backoff = {0};
	for (;;) {
		int64_t wait_ms;
		int64_t began = clock_mono_ms();
		*err = (struct err)ERR_INIT;
		if (attempt(run, err) == 0 || (atomic_load(&run->sync.stop) && err->retriable))
			return 0;
		if (!err->retriable)
			return -1;
		wait_ms = backoff_next(&backoff, clock_mono_ms() - began);
		sync_events_emit_failure(&run->sync.events, SYNC_EVENT_ATTEMPT_FAILED, err,
					 wait_ms);
		back_off(run, wait_ms);
		if (atomic_load(&run->sync.stop))
			return 0;
	}
}

/* What the source refuses for good is said before a broker that is away is waited for. Nothing of the checkpoint is read:
 * its producer comes first (rule 25). A source that is away is tried again by the first attempt. */
static int knock(struct run *run, struct err *err)
{
	struct conn *conn = choose_host(&run->sync, NULL, err);
	conn_free(conn);
	if (conn || !err->retriable)
		return conn ? 0 : -1;
	sync_events_emit_failure(&run->sync.events, SYNC_EVENT_SOURCE_AWAY, err, 0);
	*err = (struct err)ERR_INIT;
	return 0;
}

/* Whether nothing that any lane has sent can still arrive; what was thrown away on its way may, for a while. */
static bool nothing_under_way(const struct run *run)
{
	int64_t thrown_ms = atomic_load(&run->sync.thrown_ms);
	int64_t handover_ms = run->sync.checkpoint.lease.times[LEASE_HANDOVER];
	return run->saved && (thrown_ms == 0 || clock_boot_ms() - thrown_ms > handover_ms);
}

int run_loop(struct run *run, struct err *err)
{
	int rc;
	log_about(run->sync.label);
	if (knock(run, err) < 0)
		return -1;
	if (open_checkpoint(run, err) < 0) {
		if (atomic_load(&run->sync.stop))
			return 0;
		return -1;
	}
	rc = attempts(run, err);
	if (nothing_under_way(run) && (rc == 0 || err->code != ERR_DISPLACED))
		handover_end(&run->sync.handover);
	checkpoint_fini(&run->sync.checkpoint);
	atomic_store(&run->state, RUN_ENDED);
	return rc;
}

/* ---- numbers ---- */

static void add_lane(struct run_status *status, const struct lane_metrics *metrics)
{
	status->rows += atomic_load_explicit(&metrics->rows, memory_order_relaxed);
	status->messages += atomic_load_explicit(&metrics->messages, memory_order_relaxed);
	status->bytes += atomic_load_explicit(&metrics->bytes, memory_order_relaxed);
}

/* "shop.orders 40 % (12 s left)", at the rate of this table so far. */
static void add_text(struct run_status *status, const struct full_table *table, uint64_t rows,
		     uint64_t estimate)
{
	size_t len = strlen(status->tables);
	int64_t ms = clock_mono_ms() - atomic_load(&table->begun_ms);
	uint64_t left_s = (estimate - rows) * (uint64_t)(ms > 0 ? ms : 1) / rows / 1000;
	char text[300];
	int n = snprintf(text, sizeof(text), "%s%.*s %.0f %% (%" PRIu64 " %s left)",
			 len > 0 ? ", " : "", SLICE_FMT(table->table->full_name),
			 100.0 * (double)rows / (double)estimate,
			 left_s < 60 ? left_s : left_s / 60, left_s < 60 ? "s" : "min");
	if (n > 0 && (size_t)n < sizeof(text) && len + (size_t)n < sizeof(status->tables))
		memcpy(status->tables + len, text, (size_t)n + 1);
}

static void add_tables(struct run_status *status, const struct full *full)
{
	status->full_tables += full->ntables;
	for (unsigned i = 0; i < full->ntables; i++) {
		const struct full_table *table = &full->tables[i];
		uint64_t rows = atomic_load(&table->rows);
		uint64_t guess = atomic_load(&table->estimate);
		uint64_t estimate = guess > rows ? guess : rows;
		bool done = atomic_load(&table->done);
		status->full_rows += rows;
		status->full_estimate += done ? rows : estimate;
		status->full_tables_done += done;
		if (!done && rows > 0)
			add_text(status, table, rows, estimate);
	}
}

void run_status(struct run *run, struct run_status *status)
{
	const struct lane_metrics *stream = &run->stream_metrics;
	int64_t commit_ms = atomic_load(&stream->commit_ms);
	*status = (struct run_status){.state = atomic_load(&run->state), .lag_ms = -1};
	add_lane(status, stream);
	for (unsigned i = 0; i < run->sync.config->full_parallel; i++)
		add_lane(status, &run->full_metrics[i]);
	pthread_mutex_lock(&run->lock);
	status->full_tables = status->full_tables_done = run->read_tables;
	status->full_rows = status->full_estimate = run->read_rows;
	if (run->full)
		add_tables(status, run->full);
	pthread_mutex_unlock(&run->lock);
	if (atomic_load(&stream->drained))
		status->lag_ms = 0;
	else if (commit_ms > 0)
		status->lag_ms = clock_wall_ms() - commit_ms;
}
