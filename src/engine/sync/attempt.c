/* attempt: an attempt of a sync: looks at the source, and starts, watches and ends its children, the copy, the stream and the reader of a backfill. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test_hook.h"
#include "engine/state/watermarks.h"
#include "engine/sync/quarantine.h"
#include "engine/sync/setup.h"
#include "engine/sync/supervisor_priv.h"
#include "source/source.h"

#include <stdlib.h>

enum {
	TURN_MS = 100,      /* the longest wait for mail while a copy runs or children end */
	IDLE_TURN_MS = 500, /* while a stream runs: its end and its posts arrive as mail */
	SNAPSHOT_MS =
		10000, /* a snapshot that keeps its tables' metadata locks begins no table after
	                        this time: the other tables get a snapshot of their own */
};

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
	if (save.code != ERR_DISPLACED && (attempt->rc < 0 || supervisor_is_stopping(supervisor)))
		sync_events_emit_failure(&supervisor->sync.events, SYNC_EVENT_UNSAVED, &save, 0);
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

/* Called when neither the reader nor the stream runs. */
static void close_backfill(struct supervisor *supervisor)
{
	sync_numbers_backfill(&supervisor->numbers, NULL);
	if (supervisor->work.backfilling.is_open)
		backfill_fini(&supervisor->work.backfilling.work);
	supervisor->work.backfilling.is_open = false;
}

/* Return whether the next attempt, or the pause, begins at once. */
static bool begins_again(struct supervisor *supervisor, const struct attempt *attempt)
{
	bool refused = !attempt->renews && attempt->rc < 0 && !attempt->err.retriable;
	commands_settle(supervisor);
	if (supervisor_is_pausing(supervisor) && (attempt->rc == 0 || attempt->err.retriable))
		return true;
	return (attempt->renews && attempt->rc == 0) ||
	       (refused && commands_withdraw(supervisor, &attempt->err));
}

/* Return whether the next attempt begins after a back-off. If a part of the binlog is missing, it may jump over it. */
static bool tries_again(struct supervisor *supervisor, const struct err *why)
{
	if (!why->retriable && bootstrap_may_jump(supervisor->sync.config, why)) {
		supervisor->missing = (struct missing){true, *why};
		return true;
	}
	return why->retriable;
}

/* Return whether something else begins at once: the pause, the next attempt, or that without the table that has failed. */
static bool continues(struct supervisor *supervisor, struct attempt *attempt)
{
	return begins_again(supervisor, attempt) ||
	       (attempt->rc < 0 && quarantine_table(supervisor, attempt));
}

/* End the attempt, once no child runs. */
static void end_attempt(struct supervisor *supervisor)
{
	struct attempt *attempt = supervisor->attempt;
	attempt->has_others = quarantine_has_others(attempt);
	supervisor->attempt = NULL;
	close_backfill(supervisor);
	post_pins(supervisor);
	bootstrap_fini(&attempt->bootstrap);
	save_rest(supervisor, attempt);
	if (!supervisor_is_stopping(supervisor) && continues(supervisor, attempt))
		supervisor_enter(supervisor, SYNC_STARTING);
	else if (attempt->rc < 0 && !tries_again(supervisor, &attempt->err))
		supervisor_end(supervisor, &attempt->err);
	else if (attempt->rc == 0 || supervisor_is_stopping(supervisor))
		supervisor_end(supervisor, NULL);
	else
		supervisor_wait_for_retry(supervisor, attempt->begun_ms, &attempt->err);
	free(attempt);
}

/* Return whether the children were asked to end cleanly, although the sync does not stop. */
static bool ends_early(const struct supervisor *supervisor)
{
	return supervisor_is_pausing(supervisor) || supervisor->attempt->renews;
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
	    !supervisor_is_stopping(supervisor)) /* after a stop, the other child may finish */
		sync_abort(&supervisor->sync);
}

/* Return whether a child runs. An attempt without one has nothing more to do. */
static bool has_children(const struct supervisor *supervisor)
{
	return supervisor->work.copying.is_started || supervisor->work.streaming.is_started ||
	       supervisor->work.backfilling.child.is_started;
}

/* ---- backfill ---- */

static int run_backfill(void *arg, struct err *err)
{
	struct supervisor *supervisor = arg;
	return backfill_run(&supervisor->work.backfilling.work, err);
}

/* Return the tables to copy beside the stream; NULL: there are none. */
static struct backfill *open_backfill(struct supervisor *supervisor)
{
	const struct bootstrap *bootstrap = &supervisor->attempt->bootstrap;
	struct backfilling *backfilling = &supervisor->work.backfilling;
	const struct table **tables = mem_array(bootstrap->nselected + 1, sizeof(*tables));
	unsigned n = bootstrap_backfills(bootstrap, tables);
	if (n > 0)
		backfill_init(&backfilling->work, &supervisor->sync, tables, n);
	free(tables);
	backfilling->is_open = n > 0;
	sync_numbers_backfill(&supervisor->numbers, n > 0 ? &backfilling->work : NULL);
	return n > 0 ? &backfilling->work : NULL;
}

static void emit_backfill(struct supervisor *supervisor, enum sync_event_kind kind)
{
	sync_events_emit(
		&supervisor->sync.events,
		(struct sync_event){.kind = kind,
				    .copy = {supervisor->work.backfilling.work.ntables,
					     supervisor->attempt->bootstrap.nselected, 1}});
}

static void start_backfill(struct supervisor *supervisor)
{
	emit_backfill(supervisor, SYNC_EVENT_BACKFILL_BEGUN);
	sync_start_part(&supervisor->sync, SYNC_COPY);
	child_start(&supervisor->work.backfilling.child);
}

static void finish_backfill(struct supervisor *supervisor)
{
	struct err err = ERR_INIT;
	if (child_join(&supervisor->work.backfilling.child, &err) == 0)
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
	sync_events_emit_failure(&supervisor->sync.events, SYNC_EVENT_CHECKPOINT_BLOCKED, err, 0);
	err_retry(err, E_STOPPED_SENDING, "the checkpoint can be saved again");
}

/* ---- stream ---- */

static int run_stream(void *arg, struct err *err)
{
	struct supervisor *supervisor = arg;
	int rc = stream_run(supervisor->work.stream, err);
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
	supervisor->work.stream =
		stream_new(&supervisor->sync,
			   &(struct stream_start){
				   .position = &bootstrap->position,
				   .catalog = bootstrap->catalog_at_position,
				   .pending = bootstrap->catalog_pending,
				   .doubts = bootstrap->findings.doubts,
				   .checked = bootstrap->findings.checked,
				   .topics = bootstrap->findings.topics,
				   .ntopics = bootstrap->findings.ntopics,
				   .catalog_now = bootstrap->catalog_now,
				   .binlog_end_at_load = &bootstrap->binlog_end_at_load,
			   },
			   &options, &supervisor->numbers.stream);
	bootstrap->catalog_at_position = NULL;
	bootstrap->catalog_pending = NULL;
	sync_start_part(&supervisor->sync, SYNC_STREAM);
	child_start(&supervisor->work.streaming);
	supervisor_enter(supervisor, SYNC_STREAMING);
	if (backfill)
		start_backfill(supervisor);
}

/* Decide which hosts the next attempt tries first. If the stream has ended on every host at one
 * place with a permanent error, nothing is left to try. */
static void judge_host(const struct supervisor *supervisor, int rc, struct err *err)
{
	struct source *source = supervisor->sync.source;
	if (stream_went_on(supervisor->work.stream))
		source_forgive_hosts(source);
	if (rc == 0 || !stream_was_refused(supervisor->work.stream) || source_blame_host(source))
		return;
	err->retriable = false;
	if (source_config(source)->nhosts > 1)
		err_wrap(err, "no other host can serve");
}

static void finish_stream(struct supervisor *supervisor)
{
	struct err err = ERR_INIT;
	int rc = child_join(&supervisor->work.streaming, &err);
	if (supervisor->attempt->rc == 0)
		judge_host(supervisor, rc, &err);
	if (rc < 0)
		note_end(supervisor, SYNC_STREAM, &err);
	stream_free(supervisor->work.stream);
	supervisor->work.stream = NULL;
	sync_stop_part(&supervisor->sync, SYNC_COPY); /* nobody takes its rows any more */
}

/* ---- copy ---- */

static int run_copy(void *arg, struct err *err)
{
	struct supervisor *supervisor = arg;
	int rc = full_run(&supervisor->work.round.full, err);
	if (rc < 0 && err->id != E_STOPPED_COPY)
		report_ended(supervisor, err);
	return rc;
}

static void start_copy(struct supervisor *supervisor)
{
	struct bootstrap *bootstrap = &supervisor->attempt->bootstrap;
	struct sync *sync = &supervisor->sync;
	supervisor->work.round.full = (struct full){
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
	retention_init(&supervisor->work.round.retention, sync->source, &sync->events);
	sync_numbers_round(&supervisor->numbers, &supervisor->work.round.full);
	supervisor->attempt->has_copied = true;
	sync_start_part(sync, SYNC_COPY);
	child_start(&supervisor->work.copying);
	supervisor_enter(supervisor, SYNC_COPYING);
}

static void report_copied(struct supervisor *supervisor)
{
	const struct attempt *attempt = supervisor->attempt;
	if (attempt->has_copied)
		sync_events_emit_duration(&supervisor->sync.events, SYNC_EVENT_COPY_DONE,
					  clock_mono_ms() - attempt->copy_begun_ms);
	else if (supervisor->sync.config->mode != MODE_STREAM &&
		 bootstrap_backfills(&attempt->bootstrap, NULL) == 0)
		sync_events_emit_kind(&supervisor->sync.events, SYNC_EVENT_COPY_NOT_NEEDED);
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
	if (supervisor->sync.config->mode != MODE_FULL && !supervisor_is_stopping(supervisor))
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
		if (!atomic_load(&bootstrap->reads[i].metrics.done))
			return true;
	return false;
}

static void finish_copy(struct supervisor *supervisor)
{
	struct attempt *attempt = supervisor->attempt;
	struct err err = ERR_INIT;
	int rc = child_join(&supervisor->work.copying, &err);
	sync_numbers_round(&supervisor->numbers, NULL);
	retention_fini(&supervisor->work.round.retention);
	if (attempt->rc == 0 && rc == 0 && !ends_early(supervisor))
		rc = is_any_left(&attempt->bootstrap) ? begin_round(supervisor, true, &err)
						      : leave_copy(supervisor, &err);
	if (rc < 0)
		note_end(supervisor, SYNC_COPY, &err);
}

/* ---- while children work ---- */

static int watch_binlog(struct supervisor *supervisor, struct err *err)
{
	const struct position *needed = &supervisor->attempt->bootstrap.position;
	struct retention *retention = &supervisor->work.round.retention;
	int rc;
	if (!supervisor->work.copying.is_started)
		return 0;
	rc = retention_tick(retention, needed, err);
	sync_numbers_unread(&supervisor->numbers, retention->unread_bytes);
	if (rc == 0)
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
		sync_events_emit_kind(&supervisor->sync.events, SYNC_EVENT_POSITION_SAVED);
	supervisor->attempt->has_saved = true;
	return 0;
}

static int serve(struct supervisor *supervisor, struct err *err)
{
	struct instance_lock *name = &supervisor->attempt->bootstrap.name;
	if (ends_early(supervisor)) /* the connections of the source are shut down */
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
	if (supervisor->work.copying.is_started || atomic_load(&supervisor->sync.flags.halt) ||
	    ends_early(supervisor))
		return TURN_MS;
	due_ms = checkpoint_due_ms(&supervisor->sync.checkpoint, clock_mono_ms());
	return due_ms < IDLE_TURN_MS ? due_ms : IDLE_TURN_MS;
}

static void stop_parts(struct sync *sync)
{
	for (int part = 0; part < SYNC_PARTS; part++)
		sync_stop_part(sync, (enum sync_part)part);
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
	supervisor_enter(supervisor, SYNC_PAUSING);
	stop_parts(&supervisor->sync);
}

/* Let a command for tables take effect: let the children end cleanly. The next attempt begins with the changed selection. */
static void heed_commands(struct supervisor *supervisor)
{
	enum sync_state state = atomic_load(&supervisor->state);
	if ((state != SYNC_COPYING && state != SYNC_STREAMING) || !commands_serve(supervisor))
		return;
	commands_post(supervisor);
	supervisor->attempt->renews = true;
	stop_parts(&supervisor->sync);
}

/* After an abort, save nothing until the children have ended: the reason must not be lost. */
void attempt_watch(struct supervisor *supervisor)
{
	struct err err = ERR_INIT;
	if (supervisor_take_mail(supervisor, turn_ms(supervisor)) == MAIL_STOP)
		supervisor_enter(supervisor, SYNC_STOPPING);
	heed_wish(supervisor);
	heed_commands(supervisor);
	if (!atomic_load(&supervisor->sync.flags.abort) && serve(supervisor, &err) < 0) {
		fail_attempt(supervisor->attempt, &err);
		sync_abort(&supervisor->sync);
	}
	if (atomic_load(&supervisor->sync.flags.abort) || ends_early(supervisor))
		source_shutdown(
			supervisor->sync.source); /* each time: a child may just have connected */
	if (child_has_ended(&supervisor->work.copying))
		finish_copy(supervisor);
	if (child_has_ended(&supervisor->work.backfilling.child))
		finish_backfill(supervisor);
	if (child_has_ended(&supervisor->work.streaming))
		finish_stream(supervisor);
	if (!has_children(supervisor))
		end_attempt(supervisor);
}

/* ---- life ---- */

void attempt_init(struct supervisor *supervisor)
{
	supervisor->work.copying = (struct child){.name = "copy",
						  .run = run_copy,
						  .on_end = supervisor_post_ended,
						  .arg = supervisor};
	supervisor->work.streaming = (struct child){.name = "stream",
						    .run = run_stream,
						    .on_end = supervisor_post_ended,
						    .arg = supervisor};
	supervisor->work.backfilling.child = (struct child){.name = "backfill",
							    .run = run_backfill,
							    .on_end = supervisor_post_ended,
							    .arg = supervisor};
}

static int look(struct supervisor *supervisor, struct err *err)
{
	struct bootstrap *bootstrap = &supervisor->attempt->bootstrap;
	struct missing *missing = &supervisor->missing;
	bool jumps = missing->is_due;
	missing->is_due = false;
	if (bootstrap_look(bootstrap, &supervisor->handover, jumps, err) < 0)
		return -1;
	if (jumps && bootstrap->found && bootstrap_jump(bootstrap, &missing->why, err) < 0)
		return -1;
	if (setup_topics(bootstrap, err) < 0)
		return -1;
	script_collect(bootstrap->script);
	mem_trim();
	if (bootstrap->found)
		sync_events_emit_position(&bootstrap->sync->events, SYNC_EVENT_CHECKPOINT_FOUND,
					  &bootstrap->position);
	return 0;
}

void attempt_begin(struct supervisor *supervisor)
{
	struct attempt *attempt = mem_array(1, sizeof(*attempt));
	struct err err = ERR_INIT;
	int rc;
	sync_again(&supervisor->sync);
	supervisor->attempt = attempt;
	attempt->begun_ms = clock_mono_ms();
	bootstrap_init(&attempt->bootstrap, &supervisor->sync, supervisor->script);
	rc = look(supervisor, &err);
	if (rc == 0) {
		attempt->has_looked = true;
		attempt->copy_begun_ms = clock_mono_ms();
		sync_numbers_forget(&supervisor->numbers);
		rc = begin_round(supervisor, false, &err);
		commands_show(supervisor);
	}
	if (rc == 0 && has_children(supervisor)) {
		commands_done(supervisor);
		quarantine_remind(supervisor);
		return;
	}
	if (rc < 0)
		fail_attempt(attempt, &err);
	end_attempt(supervisor);
}
