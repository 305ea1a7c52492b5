#include "engine/sync/supervisor.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/sync/copy_lanes.h"
#include "engine/sync/host_selection.h"
#include "engine/sync/supervisor_priv.h"
#include "engine/sync/table_check.h"
#include "sink/sink.h"
#include "sink/store/store.h"
#include "source/source.h"

#include <stdio.h>
#include <stdlib.h>

enum { QUEUE_BYTES = 32 * 1024 * 1024 };

/* ---- life ---- */

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
	supervisor->world = options->world;
	sync_enter_world(&supervisor->sync, options->world);
	supervisor->sync.label = options->several ? supervisor->sync.config->name : NULL;
	supervisor->sync.queue_bytes =
		sink_queue_total(&supervisor->sync.config->sink, QUEUE_BYTES);
	sync_numbers_init(&supervisor->numbers, copy_lanes_most(supervisor->sync.config));
	mailbox_init(&supervisor->box, MAIL_KINDS);
	pause_init(&supervisor->pause, &supervisor->sync.checkpoint);
	commands_init(supervisor);
	for (int kind = 0; kind < MAIL_KINDS; kind++)
		supervisor->mails[kind].kind = (enum mail_kind)kind;
	attempt_init(supervisor);
	return supervisor;
}

void supervisor_free(struct supervisor *supervisor)
{
	if (supervisor == NULL)
		return;
	while (supervisor_take_mail(supervisor, 0) != MAIL_KINDS)
		;
	mailbox_fini(&supervisor->box);
	commands_fini(supervisor);
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
	supervisor_post(supervisor, MAIL_STOP);
	supervisor_wake(supervisor);
}

void supervisor_pause(struct supervisor *supervisor)
{
	pause_wish(&supervisor->pause, PAUSE_BEGIN);
	supervisor_post(supervisor, MAIL_WISH);
}

void supervisor_resume(struct supervisor *supervisor)
{
	pause_wish(&supervisor->pause, PAUSE_END);
	supervisor_post(supervisor, MAIL_WISH);
}

int supervisor_request(struct supervisor *supervisor, const struct table_order *order, int64_t *id,
		       struct err *err)
{
	if (table_requests_post(&supervisor->commands.requests, order, id, err) < 0)
		return -1;
	supervisor_post(supervisor, MAIL_WISH);
	return 0;
}

struct table_requests *supervisor_requests(struct supervisor *supervisor)
{
	return &supervisor->commands.requests;
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
	if (state == SYNC_STREAMING && atomic_load(&supervisor->work.streaming.has_ended))
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

void supervisor_jump(struct supervisor *supervisor, struct buf *out)
{
	sync_numbers_jump(&supervisor->numbers, out);
}

/* ---- the beginning ---- */

static void note_saved(void *arg, struct slice position)
{
	struct supervisor *supervisor = arg;
	sync_numbers_saved(&supervisor->numbers, position,
			   checkpoint_get(&supervisor->sync.checkpoint, RECORD_JUMP));
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

static void post_posted(void *arg)
{
	supervisor_post(arg, MAIL_POSTED);
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

/* ---- paused ---- */

/* Handle an error while no attempt runs. Forget what could not be saved: the next try posts it again, and a checkpoint whose save
 * has failed saves nothing more. */
static void handle_error(struct supervisor *supervisor, const struct err *err)
{
	checkpoint_discard(&supervisor->sync.checkpoint);
	if (supervisor_is_stopping(supervisor) && err->retriable)
		supervisor_end(supervisor, NULL);
	else if (err->retriable)
		supervisor_wait_for_retry(supervisor, clock_mono_ms(), err);
	else
		supervisor_end(supervisor, err);
}

/* Publish what commands have chosen. */
static int show_choices(struct supervisor *supervisor, struct err *err)
{
	struct sync *sync = &supervisor->sync;
	if (selection_load(&sync->tables.chosen, &sync->checkpoint, err) < 0)
		return -1;
	commands_show(supervisor);
	return 0;
}

static int begin_pause(struct supervisor *supervisor, struct err *err)
{
	struct sync *sync = &supervisor->sync;
	sync_again(sync);
	if (pause_begin(&supervisor->pause, sync->source, &sync->events, err) < 0 ||
	    show_choices(supervisor, err) < 0)
		return -1;
	supervisor->saved = true;
	supervisor_enter(supervisor, SYNC_PAUSED);
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
			attempt_begin(supervisor);
	}
	if (rc < 0)
		handle_error(supervisor, &err);
}

/* Let a command for tables take effect. The attempt after the pause begins with it. */
static int serve_commands(struct supervisor *supervisor, struct err *err)
{
	int rc = 0;
	if (commands_serve(supervisor)) {
		commands_post(supervisor);
		rc = checkpoint_save(&supervisor->sync.checkpoint, err);
		commands_settle(supervisor);
		if (rc == 0)
			rc = show_choices(supervisor, err);
	}
	if (rc == 0)
		commands_done(supervisor);
	return rc;
}

static int serve_pause(struct supervisor *supervisor, struct err *err)
{
	struct checkpoint *checkpoint = &supervisor->sync.checkpoint;
	int rc;
	if (serve_commands(supervisor, err) < 0)
		return -1;
	if (checkpoint_due(checkpoint, clock_mono_ms()) && checkpoint_save(checkpoint, err) < 0)
		return -1;
	rc = pause_watch(&supervisor->pause, err);
	sync_numbers_unread(&supervisor->numbers, supervisor->pause.retention.unread_bytes);
	if (rc == 0)
		return 0;
	if (bootstrap_may_jump(supervisor->sync.config, err)) {
		log_warn("the binlog that the paused sync needs was purged: when it is resumed, it "
			 "jumps over what is missing");
		*err = (struct err)ERR_INIT;
		pause_watch_no_more(&supervisor->pause);
		return 0;
	}
	err->retriable |= supervisor->sync.config->source.nhosts > 1; /* another host may have it */
	return -1;
}

/* Save regularly, so that a process that has been displaced notices it. */
static void stay_paused(struct supervisor *supervisor)
{
	struct err err = ERR_INIT;
	int rc = 0;
	(void)supervisor_take_mail(
		supervisor, checkpoint_due_ms(&supervisor->sync.checkpoint, clock_mono_ms()));
	if (!supervisor_is_stopping(supervisor) && pause_is_due(&supervisor->pause)) {
		rc = serve_pause(supervisor, &err);
		if (rc == 0)
			return;
	}
	pause_leave(&supervisor->pause);
	if (rc < 0)
		handle_error(supervisor, &err);
	else if (supervisor_is_stopping(supervisor))
		supervisor_end(supervisor, NULL);
	else
		supervisor_enter(supervisor, SYNC_STARTING);
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
		supervisor_end(supervisor, &err);
		return;
	}
	if (open_checkpoint(supervisor, &err) == 0)
		start(supervisor);
	else
		supervisor_end(supervisor, supervisor_is_stopping(supervisor) ? NULL : &err);
}

static void wait_to_begin(struct supervisor *supervisor)
{
	int64_t left_ms = supervisor->retry_ms - clock_mono_ms();
	enum mail_kind mail = MAIL_KINDS;
	if (left_ms > 0 && !supervisor_is_stopping(supervisor))
		mail = supervisor_take_mail(supervisor, left_ms);
	if (supervisor_is_stopping(supervisor))
		supervisor_end(supervisor, NULL);
	else if (mail == MAIL_WISH || clock_mono_ms() >= supervisor->retry_ms)
		supervisor_enter(supervisor, SYNC_STARTING);
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
			attempt_watch(supervisor);
		state = atomic_load(&supervisor->state);
	}
	commands_end(supervisor);
	if (state == SYNC_STOPPED)
		return 0;
	*err = supervisor->failure.err;
	return -1;
}
