#include "engine/state/sync_events.h"

#include "base/clock.h"
#include "base/log.h"

#include <assert.h>
#include <inttypes.h>

static const struct {
	const char *name;
	enum log_level level;
} kinds[SYNC_EVENT_COUNT] = {
#define X(id, name, level) {name, LOG_##level},
	SYNC_EVENTS(X)
#undef X
};

void sync_events_init(struct sync_events *events, const char *sync)
{
	*events = (struct sync_events){.sync = sync};
	pthread_mutex_init(&events->lock, NULL);
}

void sync_events_fini(struct sync_events *events)
{
	pthread_mutex_destroy(&events->lock);
}

void sync_events_read(struct sync_events *events, sync_event_reader *read, void *arg)
{
	assert(events->nreaders < SYNC_EVENT_READERS_MAX);
	events->readers[events->nreaders].read = read;
	events->readers[events->nreaders++].arg = arg;
}

void sync_events_emit(struct sync_events *events, struct sync_event event)
{
	event.sync = events->sync;
	event.time_ms = clock_wall_ms();
	pthread_mutex_lock(&events->lock);
	for (unsigned i = 0; i < events->nreaders; i++)
		events->readers[i].read(events->readers[i].arg, &event);
	pthread_mutex_unlock(&events->lock);
}

void sync_events_emit_kind(struct sync_events *events, enum sync_event_kind kind)
{
	sync_events_emit(events, (struct sync_event){.kind = kind});
}

void sync_events_emit_failure(struct sync_events *events, enum sync_event_kind kind,
			      const struct err *why, int64_t wait_ms)
{
	sync_events_emit(events, (struct sync_event){
					 .kind = kind,
					 .failure = {.why = why, .wait_ms = wait_ms},
				 });
}

void sync_events_emit_position(struct sync_events *events, enum sync_event_kind kind,
			       const struct position *position)
{
	sync_events_emit(events, (struct sync_event){.kind = kind, .position = position});
}

void sync_events_emit_duration(struct sync_events *events, enum sync_event_kind kind, int64_t ms)
{
	sync_events_emit(events, (struct sync_event){.kind = kind, .duration = {ms}});
}

const char *sync_event_name(enum sync_event_kind kind)
{
	return kinds[kind].name;
}

/* ---- the log ---- */

static double seconds(int64_t ms)
{
	return (double)ms / 1000.0;
}

static void print_table(const struct sync_event *event, struct buf *out)
{
	if (event->kind == SYNC_EVENT_TABLE_COPIED)
		buf_printf(out, "full sync: table %.*s done, %" PRIu64 " rows",
			   SLICE_FMT(event->table.name), event->table.rows);
	else if (event->kind == SYNC_EVENT_TABLE_QUARANTINED)
		buf_printf(out,
			   "table %.*s is in quarantine, nothing of it is sent (on_table_error): "
			   "E-%d: %s",
			   SLICE_FMT(event->table.name), (int)event->table.why->id,
			   event->table.why->text);
	else
		buf_printf(out,
			   "full sync: table %.*s changed while it was read and will be read "
			   "again: %s",
			   SLICE_FMT(event->table.name), event->table.why->text);
}

static void print_retention(const struct sync_event *event, struct buf *out)
{
	buf_printf(out,
		   "the full sync needs the binlog of the last %" PRId64
		   " s, and the server keeps it for %" PRIu64
		   " s: raise binlog_expire_logs_seconds before the server purges it",
		   event->retention.needed_s, event->retention.kept_s);
}

static void print_position(const char *before, const struct sync_event *event, struct buf *out)
{
	buf_put(out, slice_str(before));
	position_print(event->position, out);
}

static void print_duration(const struct sync_event *event, struct buf *out)
{
	buf_printf(out,
		   event->kind == SYNC_EVENT_COPY_DONE ? "full sync: done in %.1f s"
						       : "source: connected again after %.1f s",
		   seconds(event->duration.ms));
}

static void print_jump(const struct sync_event *event, struct buf *out)
{
	buf_put(out, SLICE("jumped over a part of the binlog, whose changes are not sent: from "));
	position_print(event->jump.from, out);
	buf_put(out, SLICE(" to "));
	position_print(event->jump.to, out);
	buf_printf(out, " (on_purged = \"%s\", E-%d)", event->jump.copies ? "resync" : "jump",
		   (int)event->jump.why->id);
}

static void print_place(const struct sync_event *event, struct buf *out)
{
	if (event->kind == SYNC_EVENT_STREAM_BEGUN)
		print_position("stream: reading the binlog from ", event, out);
	else
		print_position("checkpoint: found, resuming at ", event, out);
}

static void print_statement(const struct sync_event *event, struct buf *out)
{
	buf_printf(out,
		   "a statement at %s:%" PRIu64 " is not written to Kafka (ddl.%s = \"alert\"): ",
		   event->statement.file, event->statement.offset, event->statement.kind);
	buf_put(out, event->statement.text);
}

static void print_pause(const struct sync_event *event, struct buf *out)
{
	if (event->kind == SYNC_EVENT_RESUMED) {
		buf_put(out, SLICE("the pause has ended"));
		return;
	}
	buf_put(out, SLICE("paused, also after a restart, until 'tideway resume'"));
	if (position_is_set(event->position))
		print_position("; the position waits at ", event, out);
}

static void print_failure(const struct sync_event *event, struct buf *out)
{
	const char *text = event->failure.why->text;
	switch (event->kind) {
	case SYNC_EVENT_SOURCE_AWAY:
		buf_printf(out, "%s; trying again once the checkpoint is open", text);
		return;
	case SYNC_EVENT_SOURCE_LOST:
		buf_printf(out, "%s; connecting again in %.1f s", text,
			   seconds(event->failure.wait_ms));
		return;
	case SYNC_EVENT_CHECKPOINT_BLOCKED:
		buf_printf(out, "%s; waiting until the checkpoint can be saved", text);
		return;
	case SYNC_EVENT_UNSAVED:
		buf_printf(out, "%s; what was sent since the last save will be sent again", text);
		return;
	case SYNC_EVENT_ATTEMPT_FAILED:
		buf_printf(out, "%s; starting again from the checkpoint in %.1f s", text,
			   seconds(event->failure.wait_ms));
		return;
	case SYNC_EVENT_FAILED:
		buf_printf(out, "E-%d: %s", (int)event->failure.why->id, text);
		if (event->failure.isolated)
			buf_put(out, SLICE("; only this sync ends (on_failure = \"isolate\")"));
		return;
	default:
		buf_printf(out, "%s: %s", sync_event_name(event->kind), text);
	}
}

static void print_copy(const struct sync_event *event, struct buf *out)
{
	unsigned tables = event->copy.tables, selected = event->copy.selected;
	if (event->kind == SYNC_EVENT_COPY_BEGUN)
		buf_printf(out, "full sync: %u of %u tables to read, %u lanes", tables, selected,
			   event->copy.lanes);
	else if (event->kind == SYNC_EVENT_BACKFILL_BEGUN)
		buf_printf(out, "backfill: %u of %u tables to read beside the stream", tables,
			   selected);
	else if (event->kind == SYNC_EVENT_BACKFILL_DONE)
		buf_printf(out, "backfill: %u table%s done", tables, tables == 1 ? "" : "s");
	else
		buf_put(out, SLICE("full sync: every table has been copied already"));
}

static void print_state(const struct sync_event *event, struct buf *out)
{
	buf_printf(out, "state: %s, was %s", sync_state_name(event->state.to),
		   sync_state_name(event->state.from));
}

static void print_callback(const struct sync_event *event, struct buf *out)
{
	buf_printf(out, "E-%d: %s: %s", (int)event->callback.why->id, event->callback.name,
		   event->callback.why->text);
}

void sync_event_print(const struct sync_event *event, struct buf *out)
{
	switch (event->kind) {
	case SYNC_EVENT_STATE_CHANGED:
		print_state(event, out);
		return;
	case SYNC_EVENT_HOST_CHANGED:
		buf_printf(out, "source: using %s", event->host.now);
		return;
	case SYNC_EVENT_RETENTION_LOW:
		print_retention(event, out);
		return;
	case SYNC_EVENT_CHECKPOINT_FOUND:
	case SYNC_EVENT_STREAM_BEGUN:
		print_place(event, out);
		return;
	case SYNC_EVENT_JUMPED:
		print_jump(event, out);
		return;
	case SYNC_EVENT_COPY_BEGUN:
	case SYNC_EVENT_BACKFILL_BEGUN:
	case SYNC_EVENT_BACKFILL_DONE:
	case SYNC_EVENT_COPY_NOT_NEEDED:
		print_copy(event, out);
		return;
	case SYNC_EVENT_TABLE_CHANGED:
	case SYNC_EVENT_TABLE_QUARANTINED:
	case SYNC_EVENT_TABLE_COPIED:
		print_table(event, out);
		return;
	case SYNC_EVENT_STATEMENT_HELD_BACK:
		print_statement(event, out);
		return;
	case SYNC_EVENT_COPY_DONE:
	case SYNC_EVENT_SOURCE_BACK:
		print_duration(event, out);
		return;
	case SYNC_EVENT_KAFKA_LOST:
	case SYNC_EVENT_KAFKA_BACK:
		kafka_outage_print(&event->kafka, out);
		return;
	case SYNC_EVENT_PAUSED:
	case SYNC_EVENT_RESUMED:
		print_pause(event, out);
		return;
	case SYNC_EVENT_POSITION_SAVED:
		buf_put(out, SLICE("checkpoint: saved"));
		return;
	case SYNC_EVENT_CALLBACK_FAILED:
		print_callback(event, out);
		return;
	case SYNC_EVENT_SOURCE_AWAY:
	case SYNC_EVENT_SOURCE_LOST:
	case SYNC_EVENT_CHECKPOINT_BLOCKED:
	case SYNC_EVENT_UNSAVED:
	case SYNC_EVENT_ATTEMPT_FAILED:
	case SYNC_EVENT_FENCED:
	case SYNC_EVENT_FAILED:
		print_failure(event, out);
		return;
	case SYNC_EVENT_STARTED:
	case SYNC_EVENT_STOPPED:
	case SYNC_EVENT_COUNT:
		return;
	}
}

/* The command logs the error that ends the process. */
static bool is_logged(const struct sync_event *event)
{
	return event->kind != SYNC_EVENT_FAILED || event->failure.isolated;
}

void sync_event_log(void *arg, const struct sync_event *event)
{
	struct buf line;
	(void)arg;
	if (!is_logged(event))
		return;
	buf_init(&line);
	sync_event_print(event, &line);
	if (line.len > 0)
		log_write(kinds[event->kind].level, "%s", buf_cstr(&line));
	buf_fini(&line);
}
