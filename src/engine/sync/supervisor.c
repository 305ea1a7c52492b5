#include "engine/sync/supervisor.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "base/test_hook.h"
#include "base/backoff.h"
#include "engine/sync/child.h"
#include "engine/sync/copy_lanes.h"
#include "engine/sync/host_selection.h"
#include "engine/copy/backfill.h"
#include "engine/copy/full.h"
#include "engine/sync/setup.h"
#include "engine/sync/bootstrap.h"
#include "engine/sync/handover.h"
#include "engine/stream/stream.h"
#include "engine/sync/pause.h"
#include "engine/sync/retention.h"
#include "engine/state/watermarks.h"
#include "sink/sink.h"
#include "sink/store/store.h"
#include "source/source.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	QUEUE_BYTES = 32 * 1024 * 1024,
	TURN_MS = 100,      /* the longest wait for mail while a copy runs or children end */
	IDLE_TURN_MS = 500, /* while a stream runs: its end and its posts arrive as mail */
	SNAPSHOT_MS =
		10000, /* a snapshot that keeps its tables' metadata locks begins no table after
	                        this time: the other tables get a snapshot of their own */
};

enum mail_kind {
	MAIL_STOP,   /* the sync must stop */
	MAIL_WISH,   /* a command has left a wish */
	MAIL_ENDED,  /* a child has ended */
	MAIL_POSTED, /* the checkpoint has something to save */
	MAIL_KINDS
};

/* A mailbox contains each mail at most once: posting it again has no effect. */
struct mail {
	enum mail_kind kind;
	_Atomic bool is_posted;
};

/* An attempt: what it looked up, and its result. */
struct attempt {
	struct bootstrap bootstrap;
	int64_t begun_ms;      /* monotonic */
	int64_t copy_begun_ms; /* monotonic */
	bool has_copied;       /* it has begun to read tables */
	bool has_saved;        /* data of its lanes was saved to the checkpoint */
	int rc;                /* -1: it has failed, and its children must end */
	struct err err;
};

/* The failure of the sync. */
struct failure {
	struct err err;
	int64_t ms; /* monotonic */
};

/* The current round of the copy. */
struct round {
	struct full full;
	struct retention retention; /* of the binlog */
};

/* Tables that are copied beside the stream. */
struct backfilling {
	struct child child; /* the reader */
	struct backfill work;
	bool is_open; /* `work` is initialised */
};

struct supervisor {
	struct sync sync;
	const struct sync_world *world; /* NULL: the real one */
	struct script *script;          /* patterns and checks */
	struct handover handover;       /* from the earlier process, and to the next */
	struct sync_numbers numbers;
	_Atomic enum sync_state state;
	struct mailbox box;
	struct mail mails[MAIL_KINDS];

	struct attempt *attempt; /* the current one; NULL: none */
	bool checkpoint_is_open;
	bool saved; /* what the last attempt posted at its end was saved */
	struct backoff backoff;
	int64_t retry_ms; /* monotonic, when the next attempt begins */

	struct failure failure;
	struct pause pause;

	struct child copying, streaming;
	struct backfilling backfilling;
	struct round round;
	struct stream *stream; /* the running stream; NULL: none */
};

/* ---- mail ---- */

static void post(struct supervisor *supervisor, enum mail_kind kind)
{
	struct mail *mail = &supervisor->mails[kind];
	if (!atomic_exchange(&mail->is_posted, true))
		(void)mailbox_put(&supervisor->box, mail, 0); /* there is room for one of each */
}

static void post_ended(void *arg)
{
	post(arg, MAIL_ENDED);
}

static void post_posted(void *arg)
{
	post(arg, MAIL_POSTED);
}

/* Return the kind of the next mail; MAIL_KINDS: none arrived in time. */
static enum mail_kind take_mail(struct supervisor *supervisor, int64_t wait_ms)
{
	struct mail *mail = mailbox_take(&supervisor->box, (int)wait_ms);
	if (mail == NULL)
		return MAIL_KINDS;
	atomic_store(&mail->is_posted, false);
	return mail->kind;
}

/* ---- life ---- */

static int run_copy(void *arg, struct err *err);
static int run_backfill(void *arg, struct err *err);
static int run_stream(void *arg, struct err *err);

static void enter_world(struct supervisor *supervisor, const struct sync_world *world)
{
	struct sync *sync = &supervisor->sync;
	supervisor->world = world;
	if (world == NULL)
		return;
	source_free(sync->source);
	sync->source = source_new_with(&sync->config->source, world->source, world->arg);
	sync->sink.opener = world->sink;
}

struct supervisor *supervisor_new(const struct supervisor_options *options, struct err *err)
{
	struct supervisor *supervisor;
	struct script *script = script_new(options->script, err);
	if (script == NULL)
		return NULL;
	supervisor = mem_array(1, sizeof(*supervisor));
	supervisor->script = script;
	sync_init(&supervisor->sync, options->script, options->index,
		  script_config(script, options->index));
	supervisor->sync.output = options->output;
	enter_world(supervisor, options->world);
	supervisor->sync.label = options->several ? supervisor->sync.config->name : NULL;
	supervisor->sync.queue_bytes =
		sink_queue_total(&supervisor->sync.config->sink, QUEUE_BYTES);
	sync_numbers_init(&supervisor->numbers, copy_lanes_most(supervisor->sync.config));
	mailbox_init(&supervisor->box, MAIL_KINDS);
	pause_init(&supervisor->pause, &supervisor->sync.checkpoint);
	for (int kind = 0; kind < MAIL_KINDS; kind++)
		supervisor->mails[kind].kind = (enum mail_kind)kind;
	supervisor->copying = (struct child){
		.name = "copy", .run = run_copy, .on_end = post_ended, .arg = supervisor};
	supervisor->streaming = (struct child){
		.name = "stream", .run = run_stream, .on_end = post_ended, .arg = supervisor};
	supervisor->backfilling.child = (struct child){
		.name = "backfill", .run = run_backfill, .on_end = post_ended, .arg = supervisor};
	return supervisor;
}

void supervisor_free(struct supervisor *supervisor)
{
	if (supervisor == NULL)
		return;
	while (take_mail(supervisor, 0) != MAIL_KINDS)
		;
	mailbox_fini(&supervisor->box);
	pause_fini(&supervisor->pause);
	sync_numbers_fini(&supervisor->numbers);
	sync_fini(&supervisor->sync);
	script_free(supervisor->script);
	free(supervisor);
}

const struct sync_config *supervisor_config(const struct supervisor *supervisor)
{
	return supervisor->sync.config;
}

void supervisor_share(struct supervisor *supervisor, struct watermarks *watermarks)
{
	supervisor->sync.watermarks = watermarks;
}

const char *supervisor_label(const struct supervisor *supervisor)
{
	return supervisor->sync.label;
}

struct sync_events *supervisor_events(struct supervisor *supervisor)
{
	return &supervisor->sync.events;
}

/* The flags of the sync end all waits of its threads; the mail changes the state. */
void supervisor_stop(struct supervisor *supervisor)
{
	if (atomic_load(&supervisor->sync.flags.stop))
		sync_abort(&supervisor->sync);
	sync_stop(&supervisor->sync);
	post(supervisor, MAIL_STOP);
	supervisor_wake(supervisor);
}

void supervisor_pause(struct supervisor *supervisor)
{
	pause_wish(&supervisor->pause, PAUSE_BEGIN);
	post(supervisor, MAIL_WISH);
}

void supervisor_resume(struct supervisor *supervisor)
{
	pause_wish(&supervisor->pause, PAUSE_END);
	post(supervisor, MAIL_WISH);
}

void supervisor_wake(struct supervisor *supervisor)
{
	source_shutdown(supervisor->sync.source);
}

/* After the stream has ended, the supervisor may be saving the checkpoint for as long as no broker
 * can be reached. Show that as waiting, too. */
void supervisor_status(struct supervisor *supervisor, struct sync_status *status)
{
	enum sync_state state = atomic_load(&supervisor->state);
	sync_numbers_read(&supervisor->numbers, status);
	if (state == SYNC_STREAMING && atomic_load(&supervisor->streaming.has_ended))
		state = SYNC_WAITING;
	status->state = state;
	status->paused_ms = pause_since(&supervisor->pause);
	status->wish = pause_wished(&supervisor->pause);
}

uint64_t supervisor_rows(const struct supervisor *supervisor)
{
	return sync_numbers_rows(&supervisor->numbers);
}

void supervisor_tables(struct supervisor *supervisor,
		       void (*each)(void *arg, const struct table_progress *table), void *arg)
{
	sync_numbers_tables(&supervisor->numbers, each, arg);
}

void supervisor_position(struct supervisor *supervisor, struct buf *out, int64_t *saved_ms)
{
	sync_numbers_position(&supervisor->numbers, out, saved_ms);
}

static void enter(struct supervisor *supervisor, enum sync_state state)
{
	enum sync_state from = atomic_load(&supervisor->state);
	if (from == state)
		return;
	assert(sync_state_may_follow(from, state));
	atomic_store(&supervisor->state, state);
	sync_events_emit(supervisor_events(supervisor),
			 (struct sync_event){
				 .kind = SYNC_EVENT_STATE_CHANGED,
				 .state = {.from = from, .to = state},
			 });
}

static bool is_pausing(const struct supervisor *supervisor)
{
	return atomic_load(&supervisor->state) == SYNC_PAUSING;
}

static bool is_stopping(const struct supervisor *supervisor)
{
	return atomic_load(&supervisor->sync.flags.stop);
}

/* ---- the end ---- */

/* Return whether no message that a lane has sent can arrive any more. A message that was purged in
 * flight can arrive for a while. */
static bool nothing_is_under_way(const struct supervisor *supervisor)
{
	int64_t thrown_ms = atomic_load(&supervisor->sync.thrown_ms);
	int64_t handover_ms = supervisor->sync.checkpoint.lease.times[LEASE_HANDOVER];
	return supervisor->saved && (thrown_ms == 0 || clock_boot_ms() - thrown_ms > handover_ms);
}

static void close_checkpoint(struct supervisor *supervisor, bool displaced)
{
	if (!supervisor->checkpoint_is_open)
		return;
	if (nothing_is_under_way(supervisor) && !displaced)
		handover_end(&supervisor->handover);
	checkpoint_fini(&supervisor->sync.checkpoint);
	supervisor->checkpoint_is_open = false;
}

/* End the sync. err: NULL if it has ended without an error. */
static void end(struct supervisor *supervisor, const struct err *err)
{
	struct sync_events *events = supervisor_events(supervisor);
	bool displaced = err && err->code == ERR_DISPLACED;
	close_checkpoint(supervisor, displaced);
	if (err == NULL) {
		enter(supervisor, SYNC_STOPPED);
		sync_events_emit_kind(events, SYNC_EVENT_STOPPED);
		return;
	}
	supervisor->failure = (struct failure){*err, clock_mono_ms()};
	if (displaced)
		sync_events_emit_failure(events, SYNC_EVENT_FENCED, err, 0);
	enter(supervisor, SYNC_FAILED);
	sync_events_emit(events, (struct sync_event){
					 .kind = SYNC_EVENT_FAILED,
					 .failure = {.why = err,
						     .isolated = supervisor->sync.config->isolated},
				 });
}

/* ---- the end of an attempt ---- */

/* Save what the lanes posted at their end, whatever ended them. Forget what cannot be saved: the
 * next attempt begins at the saved position and must find the catalog of that position. */
static void save_rest(struct supervisor *supervisor, struct attempt *attempt)
{
	struct checkpoint *checkpoint = &supervisor->sync.checkpoint;
	struct err save = ERR_INIT;
	supervisor->saved = false;
	if (attempt->rc < 0 && attempt->err.code == ERR_DISPLACED) {
		checkpoint_discard(checkpoint);
		return;
	}
	if (checkpoint_save(checkpoint, &save) == 0) {
		supervisor->saved = true;
		return;
	}
	checkpoint_discard(checkpoint);
	if (save.code != ERR_DISPLACED && (attempt->rc < 0 || is_stopping(supervisor)))
		sync_events_emit_failure(supervisor_events(supervisor), SYNC_EVENT_UNSAVED, &save,
					 0);
	if (attempt->rc < 0 && save.code != ERR_DISPLACED)
		return;
	attempt->rc = -1;
	attempt->err = save;
}

/* Before a save, post what the setup or the lanes have recorded about topics. */
static void post_pins(struct supervisor *supervisor)
{
	struct record_batch records = {NULL, NULL};
	pins_post(&supervisor->sync.pins, &supervisor->sync.checkpoint, &records, NULL);
}

/* begun_ms: monotonic, when what has failed began. */
static void wait_for_retry(struct supervisor *supervisor, int64_t begun_ms, const struct err *err)
{
	int64_t now_ms = clock_mono_ms();
	int64_t wait_ms = backoff_next(&supervisor->backoff, now_ms - begun_ms);
	supervisor->retry_ms = now_ms + wait_ms;
	sync_events_emit_failure(supervisor_events(supervisor), SYNC_EVENT_ATTEMPT_FAILED, err,
				 wait_ms);
	enter(supervisor, SYNC_WAITING);
}

/* Called when neither the reader nor the stream runs. */
static void close_backfill(struct supervisor *supervisor)
{
	if (supervisor->backfilling.is_open)
		backfill_fini(&supervisor->backfilling.work);
	supervisor->backfilling.is_open = false;
}

/* End the attempt, once no child runs. */
static void end_attempt(struct supervisor *supervisor)
{
	struct attempt *attempt = supervisor->attempt;
	supervisor->attempt = NULL;
	close_backfill(supervisor);
	post_pins(supervisor);
	bootstrap_fini(&attempt->bootstrap);
	save_rest(supervisor, attempt);
	if (is_pausing(supervisor) && (attempt->rc == 0 || attempt->err.retriable))
		enter(supervisor, SYNC_STARTING);
	else if (attempt->rc == 0 || (is_stopping(supervisor) && attempt->err.retriable))
		end(supervisor, NULL);
	else if (!attempt->err.retriable)
		end(supervisor, &attempt->err);
	else
		wait_for_retry(supervisor, attempt->begun_ms, &attempt->err);
	free(attempt);
}

static void fail_attempt(struct attempt *attempt, const struct err *err)
{
	attempt->rc = -1;
	attempt->err = *err;
}

/* Handle a child that has ended with an error. End the attempt and the other child, unless only this child
 * was asked to end. */
static void note_end(struct supervisor *supervisor, enum sync_part part, const struct err *err)
{
	if (err->retriable && sync_part_is_stopped(&supervisor->sync, part))
		return;
	if (supervisor->attempt->rc == 0)
		fail_attempt(supervisor->attempt, err);
	if (!err->retriable ||
	    !is_stopping(supervisor)) /* after a stop, the other child may finish */
		sync_abort(&supervisor->sync);
}

/* Return whether a child runs. An attempt without one has nothing more to do. */
static bool has_children(const struct supervisor *supervisor)
{
	return supervisor->copying.is_started || supervisor->streaming.is_started ||
	       supervisor->backfilling.child.is_started;
}

/* ---- backfill ---- */

static int run_backfill(void *arg, struct err *err)
{
	struct supervisor *supervisor = arg;
	return backfill_run(&supervisor->backfilling.work, err);
}

/* Return the tables to copy beside the stream; NULL: there are none. */
static struct backfill *open_backfill(struct supervisor *supervisor)
{
	const struct bootstrap *bootstrap = &supervisor->attempt->bootstrap;
	struct backfilling *backfilling = &supervisor->backfilling;
	const struct table **tables = mem_array(bootstrap->nselected + 1, sizeof(*tables));
	unsigned n = bootstrap_backfills(bootstrap, tables);
	if (n > 0)
		backfill_init(&backfilling->work, &supervisor->sync, tables, n);
	free(tables);
	backfilling->is_open = n > 0;
	return n > 0 ? &backfilling->work : NULL;
}

static void emit_backfill(struct supervisor *supervisor, enum sync_event_kind kind)
{
	sync_events_emit(
		supervisor_events(supervisor),
		(struct sync_event){.kind = kind,
				    .copy = {supervisor->backfilling.work.ntables,
					     supervisor->attempt->bootstrap.nselected, 1}});
}

static void start_backfill(struct supervisor *supervisor)
{
	emit_backfill(supervisor, SYNC_EVENT_BACKFILL_BEGUN);
	sync_start_part(&supervisor->sync, SYNC_COPY);
	child_start(&supervisor->backfilling.child);
}

static void finish_backfill(struct supervisor *supervisor)
{
	struct err err = ERR_INIT;
	if (child_join(&supervisor->backfilling.child, &err) == 0)
		emit_backfill(supervisor, SYNC_EVENT_BACKFILL_DONE);
	else
		note_end(supervisor, SYNC_COPY, &err);
}

/* Report that the lanes have ended: the supervisor may be saving the checkpoint for as long as no
 * broker can be reached, and cannot report it until then. */
static void report_ended(struct supervisor *supervisor, struct err *err)
{
	const struct lease *lease = checkpoint_lease(&supervisor->sync.checkpoint);
	if (lease == NULL || !err->retriable ||
	    lease_age_ms(lease, clock_boot_ms()) <= lease->times[LEASE_SEND])
		return;
	sync_events_emit_failure(supervisor_events(supervisor), SYNC_EVENT_CHECKPOINT_BLOCKED, err,
				 0);
	err_retry(err, E_STOPPED_SENDING, "the checkpoint can be saved again");
}

/* ---- stream ---- */

static int run_stream(void *arg, struct err *err)
{
	struct supervisor *supervisor = arg;
	int rc = stream_run(supervisor->stream, err);
	if (rc < 0 && !atomic_load(&supervisor->sync.flags.parts[SYNC_STREAM]))
		report_ended(supervisor, err);
	return rc;
}

static void start_stream(struct supervisor *supervisor)
{
	/* for benchmarks: end where the binlog ends now */
	struct stream_options options = {.until_end = test_hook_is_set(HOOK_UNTIL_END)};
	struct backfill *backfill = open_backfill(supervisor);
	struct bootstrap *bootstrap = &supervisor->attempt->bootstrap;
	bootstrap_know_tables(bootstrap);
	options.backfill = backfill ? &backfill->link : NULL;
	supervisor->stream =
		stream_new(&supervisor->sync,
			   &(struct stream_start){
				   .position = &bootstrap->position,
				   .catalog = bootstrap->catalog_at_position,
				   .pending = bootstrap->catalog_pending,
				   .doubts = bootstrap->doubts,
				   .catalog_now = bootstrap->catalog_now,
				   .binlog_end_at_load = &bootstrap->binlog_end_at_load,
			   },
			   &options, &supervisor->numbers.stream);
	bootstrap->catalog_at_position = NULL;
	bootstrap->catalog_pending = NULL;
	sync_start_part(&supervisor->sync, SYNC_STREAM);
	child_start(&supervisor->streaming);
	enter(supervisor, SYNC_STREAMING);
	if (backfill)
		start_backfill(supervisor);
}

/* Decide which hosts the next attempt tries first. If the stream has ended on every host at one
 * place with a permanent error, nothing is left to try. */
static void judge_host(const struct supervisor *supervisor, int rc, struct err *err)
{
	struct source *source = supervisor->sync.source;
	if (stream_went_on(supervisor->stream))
		source_forgive_hosts(source);
	if (rc == 0 || !stream_was_refused(supervisor->stream) || source_blame_host(source))
		return;
	err->retriable = false;
	if (source_config(source)->nhosts > 1)
		err_wrap(err, "no other host can serve");
}

static void finish_stream(struct supervisor *supervisor)
{
	struct err err = ERR_INIT;
	int rc = child_join(&supervisor->streaming, &err);
	if (supervisor->attempt->rc == 0)
		judge_host(supervisor, rc, &err);
	if (rc < 0)
		note_end(supervisor, SYNC_STREAM, &err);
	stream_free(supervisor->stream);
	supervisor->stream = NULL;
	sync_stop_part(&supervisor->sync, SYNC_COPY); /* nobody takes its rows any more */
}

/* ---- copy ---- */

static int run_copy(void *arg, struct err *err)
{
	struct supervisor *supervisor = arg;
	int rc = full_run(&supervisor->round.full, err);
	if (rc < 0 && err->id != E_STOPPED_COPY)
		report_ended(supervisor, err);
	return rc;
}

static void start_copy(struct supervisor *supervisor)
{
	struct bootstrap *bootstrap = &supervisor->attempt->bootstrap;
	struct sync *sync = &supervisor->sync;
	supervisor->round.full = (struct full){
		.sync = sync,
		.tables = bootstrap->reads,
		.ntables = bootstrap->nreads,
		.nlanes = bootstrap->snapshot.nconns,
		.conns = bootstrap->snapshot.conns,
		.place = &bootstrap->snapshot.position,
		.lowest = bootstrap->snapshot.way == SNAPSHOT_LOWEST,
		.begin_ms = conn_frees_locks(bootstrap->snapshot.conns[0])
				    ? 0
				    : test_hook_number(HOOK_SNAPSHOT_MS, SNAPSHOT_MS),
		.metrics = supervisor->numbers.copy,
	};
	if (sync->watermarks)
		watermarks_hold(sync->watermarks, sync->config->source_number);
	sync_events_emit(&sync->events, (struct sync_event){
						.kind = SYNC_EVENT_COPY_BEGUN,
						.copy = {bootstrap->nreads, bootstrap->nselected,
							 bootstrap->snapshot.nconns},
					});
	retention_init(&supervisor->round.retention, sync->source, &sync->events);
	sync_numbers_round(&supervisor->numbers, &supervisor->round.full);
	supervisor->attempt->has_copied = true;
	sync_start_part(sync, SYNC_COPY);
	child_start(&supervisor->copying);
	enter(supervisor, SYNC_COPYING);
}

static void report_copied(struct supervisor *supervisor)
{
	const struct attempt *attempt = supervisor->attempt;
	if (attempt->has_copied)
		sync_events_emit_duration(supervisor_events(supervisor), SYNC_EVENT_COPY_DONE,
					  clock_mono_ms() - attempt->copy_begun_ms);
	else if (supervisor->sync.config->mode != MODE_STREAM &&
		 bootstrap_backfills(&attempt->bootstrap, NULL) == 0)
		sync_events_emit_kind(supervisor_events(supervisor), SYNC_EVENT_COPY_NOT_NEEDED);
}

/* Start the stream once every table is copied, unless the sync must end. */
static int leave_copy(struct supervisor *supervisor, struct err *err)
{
	struct attempt *attempt = supervisor->attempt;
	bootstrap_close_snapshot(&attempt->bootstrap);
	report_copied(supervisor);
	post_pins(supervisor);
	if (checkpoint_save(&supervisor->sync.checkpoint, err) < 0)
		return -1;
	if (supervisor->sync.config->mode != MODE_FULL && !is_stopping(supervisor))
		start_stream(supervisor);
	return 0;
}

/* Begin a round of the copy. again: copy the tables that the last round did not finish. */
static int begin_round(struct supervisor *supervisor, bool again, struct err *err)
{
	struct bootstrap *bootstrap = &supervisor->attempt->bootstrap;
	if (bootstrap_reads(bootstrap, again, err) < 0)
		return -1;
	sync_numbers_select(&supervisor->numbers, bootstrap->selected, bootstrap->nselected);
	post_pins(supervisor); /* save an adopted partition count before it is used */
	if (checkpoint_save(&supervisor->sync.checkpoint, err) < 0)
		return -1;
	if (bootstrap->nreads == 0)
		return leave_copy(supervisor, err);
	start_copy(supervisor);
	return 0;
}

static bool is_any_left(const struct bootstrap *bootstrap)
{
	for (unsigned i = 0; i < bootstrap->nreads; i++)
		if (!atomic_load(&bootstrap->reads[i].done))
			return true;
	return false;
}

static void finish_copy(struct supervisor *supervisor)
{
	struct attempt *attempt = supervisor->attempt;
	struct err err = ERR_INIT;
	int rc = child_join(&supervisor->copying, &err);
	sync_numbers_round(&supervisor->numbers, NULL);
	retention_fini(&supervisor->round.retention);
	if (attempt->rc == 0 && rc == 0 && !is_pausing(supervisor))
		rc = is_any_left(&attempt->bootstrap) ? begin_round(supervisor, true, &err)
						      : leave_copy(supervisor, &err);
	if (rc < 0)
		note_end(supervisor, SYNC_COPY, &err);
}

/* ---- while children work ---- */

static int watch_binlog(struct supervisor *supervisor, struct err *err)
{
	const struct position *needed = &supervisor->attempt->bootstrap.position;
	if (!supervisor->copying.is_started ||
	    retention_tick(&supervisor->round.retention, needed, err) == 0)
		return 0;
	err->retriable |= supervisor->sync.config->source.nhosts > 1; /* another host may have it */
	return -1;
}

static int save(struct supervisor *supervisor, struct err *err)
{
	struct checkpoint *checkpoint = &supervisor->sync.checkpoint;
	if (!checkpoint_due(checkpoint, clock_mono_ms()))
		return 0;
	if (checkpoint_save(checkpoint, err) < 0)
		return -1;
	if (!supervisor->attempt->has_saved)
		sync_events_emit_kind(supervisor_events(supervisor), SYNC_EVENT_POSITION_SAVED);
	supervisor->attempt->has_saved = true;
	return 0;
}

static int serve(struct supervisor *supervisor, struct err *err)
{
	struct instance_lock *name = &supervisor->attempt->bootstrap.name;
	if (is_pausing(supervisor)) /* the connections of the source are shut down */
		return save(supervisor, err);
	if (watch_binlog(supervisor, err) < 0)
		return -1;
	instance_lock_keep(name);
	handover_keep(&supervisor->handover, name);
	return save(supervisor, err);
}

/* Return how long to wait for mail: never past the time of the next save. */
static int64_t turn_ms(struct supervisor *supervisor)
{
	int64_t due_ms;
	if (supervisor->copying.is_started || atomic_load(&supervisor->sync.flags.halt) ||
	    is_pausing(supervisor))
		return TURN_MS;
	due_ms = checkpoint_due_ms(&supervisor->sync.checkpoint, clock_mono_ms());
	return due_ms < IDLE_TURN_MS ? due_ms : IDLE_TURN_MS;
}

/* Begin a pause: let the children end cleanly. A sync that works fulfils the opposite wish by itself. */
static void heed_wish(struct supervisor *supervisor)
{
	enum sync_state state = atomic_load(&supervisor->state);
	struct err err = ERR_INIT;
	enum pause_wish wish = pause_wished(&supervisor->pause);
	if (wish == PAUSE_KEEP || (state != SYNC_COPYING && state != SYNC_STREAMING))
		return;
	if (wish == PAUSE_END) {
		if (pause_end(&supervisor->pause, &err) < 0) {
			fail_attempt(supervisor->attempt, &err);
			sync_abort(&supervisor->sync);
		}
		return;
	}
	pause_post(&supervisor->pause);
	enter(supervisor, SYNC_PAUSING);
	for (int part = 0; part < SYNC_PARTS; part++)
		sync_stop_part(&supervisor->sync, (enum sync_part)part);
}

/* After an abort, save nothing until the children have ended: the reason must not be lost. */
static void watch_children(struct supervisor *supervisor)
{
	struct err err = ERR_INIT;
	if (take_mail(supervisor, turn_ms(supervisor)) == MAIL_STOP)
		enter(supervisor, SYNC_STOPPING);
	heed_wish(supervisor);
	if (!atomic_load(&supervisor->sync.flags.abort) && serve(supervisor, &err) < 0) {
		fail_attempt(supervisor->attempt, &err);
		sync_abort(&supervisor->sync);
	}
	if (atomic_load(&supervisor->sync.flags.abort) || is_pausing(supervisor))
		supervisor_wake(supervisor); /* each time: a child may just have connected */
	if (child_has_ended(&supervisor->copying))
		finish_copy(supervisor);
	if (child_has_ended(&supervisor->backfilling.child))
		finish_backfill(supervisor);
	if (child_has_ended(&supervisor->streaming))
		finish_stream(supervisor);
	if (!has_children(supervisor))
		end_attempt(supervisor);
}

/* ---- the beginning ---- */

static void note_saved(void *arg, struct slice position)
{
	struct supervisor *supervisor = arg;
	sync_numbers_saved(&supervisor->numbers, position);
}

static struct store *open_store(struct supervisor *supervisor, struct err *err)
{
	const struct sync *sync = &supervisor->sync;
	const struct sync_config *config = sync->config;
	char topic[80];
	if (supervisor->world)
		return supervisor->world->open_store(supervisor->world->arg, err);
	if (sync->output.dry_run || config->sink.kind == SINK_DISCARD)
		return store_open_memory();
	if (config->checkpoint_file)
		return store_open_file(config->checkpoint_file, config->name, err);
	if (config->sink.kind == SINK_LINES)
		return store_open_memory();
	snprintf(topic, sizeof(topic), "tideway.%s", config->name);
	return store_open_topic(&sync->sink,
				config->checkpoint_topic ? config->checkpoint_topic : topic,
				config->name, &sync->flags.stop, err);
}

static int open_checkpoint(struct supervisor *supervisor, struct err *err)
{
	struct sync *sync = &supervisor->sync;
	struct checkpoint *checkpoint = &sync->checkpoint;
	struct store *store = open_store(supervisor, err);
	if (store == NULL)
		return -1;
	checkpoint_init(checkpoint, store, sync->config->name);
	checkpoint->on_posted = post_posted;
	checkpoint->on_posted_arg = supervisor;
	checkpoint->on_saved = note_saved;
	checkpoint->on_saved_arg = supervisor;
	if (handover_begin(&supervisor->handover, checkpoint, err) < 0) {
		checkpoint_fini(checkpoint);
		return -1;
	}
	supervisor->checkpoint_is_open = true;
	return 0;
}

/* Report a permanent error of the source before waiting for a broker that cannot be reached. Do not
 * read the checkpoint, because its producer must be opened first (rule: one-process). If the source
 * cannot be reached, the first attempt tries again. */
static int knock(struct supervisor *supervisor, struct err *err)
{
	struct conn *conn = host_select(&supervisor->sync, NULL, err);
	conn_free(conn);
	if (conn || !err->retriable)
		return conn ? 0 : -1;
	sync_events_emit_failure(supervisor_events(supervisor), SYNC_EVENT_SOURCE_AWAY, err, 0);
	*err = (struct err)ERR_INIT;
	return 0;
}

static int look(struct attempt *attempt, struct handover *handover, struct err *err)
{
	struct bootstrap *bootstrap = &attempt->bootstrap;
	if (bootstrap_look(bootstrap, handover, err) < 0 || setup_topics(bootstrap, err) < 0)
		return -1;
	script_collect(bootstrap->script);
	mem_trim();
	if (bootstrap->found)
		sync_events_emit_position(&bootstrap->sync->events, SYNC_EVENT_CHECKPOINT_FOUND,
					  &bootstrap->position);
	return 0;
}

static void begin_attempt(struct supervisor *supervisor)
{
	struct attempt *attempt = mem_array(1, sizeof(*attempt));
	struct err err = ERR_INIT;
	int rc;
	sync_again(&supervisor->sync);
	supervisor->attempt = attempt;
	attempt->begun_ms = clock_mono_ms();
	bootstrap_init(&attempt->bootstrap, &supervisor->sync, supervisor->script);
	rc = look(attempt, &supervisor->handover, &err);
	if (rc == 0) {
		attempt->copy_begun_ms = clock_mono_ms();
		sync_numbers_forget(&supervisor->numbers);
		rc = begin_round(supervisor, false, &err);
	}
	if (rc == 0 && has_children(supervisor))
		return;
	if (rc < 0)
		fail_attempt(attempt, &err);
	end_attempt(supervisor);
}

/* ---- paused ---- */

/* Handle an error while no attempt runs. */
static void handle_error(struct supervisor *supervisor, const struct err *err)
{
	if (is_stopping(supervisor) && err->retriable)
		end(supervisor, NULL);
	else if (err->retriable)
		wait_for_retry(supervisor, clock_mono_ms(), err);
	else
		end(supervisor, err);
}

static int begin_pause(struct supervisor *supervisor, struct err *err)
{
	struct sync *sync = &supervisor->sync;
	sync_again(sync);
	if (pause_begin(&supervisor->pause, sync->source, &sync->events, err) < 0)
		return -1;
	supervisor->saved = true;
	enter(supervisor, SYNC_PAUSED);
	sync_events_emit_position(&sync->events, SYNC_EVENT_PAUSED, &supervisor->pause.position);
	return 0;
}

static int end_pause(struct supervisor *supervisor, struct err *err)
{
	bool was_paused = pause_since(&supervisor->pause) > 0;
	if (pause_end(&supervisor->pause, err) < 0)
		return -1;
	if (was_paused)
		sync_events_emit_kind(supervisor_events(supervisor), SYNC_EVENT_RESUMED);
	return 0;
}

/* Begin an attempt, unless the sync is or shall be paused. */
static void start(struct supervisor *supervisor)
{
	struct err err = ERR_INIT;
	int rc;
	if (pause_is_due(&supervisor->pause)) {
		rc = begin_pause(supervisor, &err);
	} else {
		rc = end_pause(supervisor, &err);
		if (rc == 0)
			begin_attempt(supervisor);
	}
	if (rc < 0)
		handle_error(supervisor, &err);
}

static int serve_pause(struct supervisor *supervisor, struct err *err)
{
	struct checkpoint *checkpoint = &supervisor->sync.checkpoint;
	if (checkpoint_due(checkpoint, clock_mono_ms()) && checkpoint_save(checkpoint, err) < 0)
		return -1;
	if (pause_watch(&supervisor->pause, err) == 0)
		return 0;
	err->retriable |= supervisor->sync.config->source.nhosts > 1; /* another host may have it */
	return -1;
}

/* Save regularly, so that a process that has been displaced notices it. */
static void stay_paused(struct supervisor *supervisor)
{
	struct err err = ERR_INIT;
	int rc = 0;
	(void)take_mail(supervisor,
			checkpoint_due_ms(&supervisor->sync.checkpoint, clock_mono_ms()));
	if (!is_stopping(supervisor) && pause_is_due(&supervisor->pause)) {
		rc = serve_pause(supervisor, &err);
		if (rc == 0)
			return;
	}
	pause_leave(&supervisor->pause);
	if (rc < 0)
		handle_error(supervisor, &err);
	else if (is_stopping(supervisor))
		end(supervisor, NULL);
	else
		enter(supervisor, SYNC_STARTING);
}

static void begin(struct supervisor *supervisor)
{
	struct err err = ERR_INIT;
	if (supervisor->checkpoint_is_open) {
		start(supervisor);
		return;
	}
	sync_events_emit_kind(supervisor_events(supervisor), SYNC_EVENT_STARTED);
	if (knock(supervisor, &err) < 0) {
		end(supervisor, &err);
		return;
	}
	if (open_checkpoint(supervisor, &err) == 0)
		start(supervisor);
	else
		end(supervisor, is_stopping(supervisor) ? NULL : &err);
}

static void wait_to_begin(struct supervisor *supervisor)
{
	int64_t left_ms = supervisor->retry_ms - clock_mono_ms();
	enum mail_kind mail = MAIL_KINDS;
	if (left_ms > 0 && !is_stopping(supervisor))
		mail = take_mail(supervisor, left_ms);
	if (is_stopping(supervisor))
		end(supervisor, NULL);
	else if (mail == MAIL_WISH || clock_mono_ms() >= supervisor->retry_ms)
		enter(supervisor, SYNC_STARTING);
}

int64_t supervisor_failed_ms(const struct supervisor *supervisor)
{
	return supervisor->failure.ms;
}

int supervisor_run(struct supervisor *supervisor, struct err *err)
{
	enum sync_state state = SYNC_STARTING;
	log_about(supervisor->sync.label);
	while (!sync_state_is_final(state)) {
		if (state == SYNC_STARTING)
			begin(supervisor);
		else if (state == SYNC_WAITING)
			wait_to_begin(supervisor);
		else if (state == SYNC_PAUSED)
			stay_paused(supervisor);
		else
			watch_children(supervisor);
		state = atomic_load(&supervisor->state);
	}
	if (state == SYNC_STOPPED)
		return 0;
	*err = supervisor->failure.err;
	return -1;
}
