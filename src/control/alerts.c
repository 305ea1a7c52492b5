#include "control/alerts.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/test_hook.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { MINUTE_MS = 60000 };

/* A condition, from its beginning until the alert of its end was taken. */
struct episode {
	bool holds;    /* now */
	bool is_taken; /* the alert of its beginning was taken */
	bool is_owed; /* that alert must still be taken although the condition is over, or has no end */
	int64_t due_ms;   /* monotonic, when what changed last becomes an alert */
	int64_t ended_ms; /* wall time of its end */
	struct alert alert;
};

struct alerts {
	void (*wake)(void *arg);
	void *arg;
	int64_t minute_ms;
	pthread_mutex_t lock; /* guards the rest */
	struct episode episodes[ALERT_KIND_COUNT];
	unsigned statements;  /* before the one of the alert ALERT_DDL that is owed */
	bool is_over;         /* the sync has ended */
	bool is_kafka_unsure; /* the clients that reported its outage may be closed */
};

/* ---- episodes ---- */

static void describe(struct episode *episode, const struct sync_event *event, const struct err *why,
		     const char *text)
{
	struct alert *alert = &episode->alert;
	alert->code = why ? why->id : E_NONE;
	snprintf(alert->table, sizeof(alert->table), "%s", why ? why->table : "");
	snprintf(alert->text, sizeof(alert->text), "%s", text);
	alert->sync = event->sync;
}

/* The condition holds. Until its alert is taken, the latest event describes it. */
static void begin(struct alerts *alerts, enum alert_kind kind, const struct sync_event *event,
		  const struct err *why)
{
	struct episode *episode = &alerts->episodes[kind];
	struct buf text;
	if (episode->is_taken) {
		episode->holds = true;
		return;
	}
	buf_init(&text);
	sync_event_print(event, &text);
	describe(episode, event, why, buf_cstr(&text));
	buf_fini(&text);
	if (episode->holds)
		return;
	if (!episode->is_owed)
		episode->alert.since_ms = event->time_ms;
	episode->holds = true;
	episode->due_ms =
		clock_mono_ms() + (alert_pace(kind) == ALERT_AFTER_MINUTE ? alerts->minute_ms : 0);
}

static bool is_due(const struct episode *episode)
{
	return episode->is_owed || clock_mono_ms() >= episode->due_ms;
}

static void end(struct alerts *alerts, enum alert_kind kind, const struct sync_event *event)
{
	struct episode *episode = &alerts->episodes[kind];
	if (!episode->holds)
		return;
	episode->is_owed = !episode->is_taken && is_due(episode);
	episode->holds = false;
	episode->ended_ms = event->time_ms;
	episode->due_ms =
		clock_mono_ms() + (alert_pace(kind) == ALERT_UNTIL_SETTLED ? alerts->minute_ms : 0);
}

/* Something that has no end. */
static void happen(struct alerts *alerts, enum alert_kind kind, const struct sync_event *event,
		   const struct err *why, const char *text)
{
	struct episode *episode = &alerts->episodes[kind];
	describe(episode, event, why, text);
	episode->alert.since_ms = event->time_ms;
	episode->is_owed = true;
}

/* The sync has ended: what is due is still taken, but no condition is over. */
static void end_all(struct alerts *alerts)
{
	alerts->is_over = true;
	for (int kind = 0; kind < ALERT_KIND_COUNT; kind++) {
		struct episode *episode = &alerts->episodes[kind];
		episode->is_owed |= episode->holds && !episode->is_taken && is_due(episode);
		episode->holds = false;
	}
}

/* ---- events ---- */

static bool means_away(const struct err *why)
{
	return why->id == E_CONNECT || why->id == E_HOSTS || why->id == E_DUMP_ENDED;
}

static void attempt_failed(struct alerts *alerts, const struct sync_event *event)
{
	const struct err *why = event->failure.why;
	alerts->is_kafka_unsure = true;
	begin(alerts, ALERT_RETRYING, event, why);
	if (means_away(why))
		begin(alerts, ALERT_SOURCE_AWAY, event, why);
}

/* An attempt has looked at the source and at the topics. */
static void reached_both(struct alerts *alerts, const struct sync_event *event)
{
	end(alerts, ALERT_SOURCE_AWAY, event);
	if (alerts->is_kafka_unsure)
		end(alerts, ALERT_KAFKA_AWAY, event);
}

static void host_changed(struct alerts *alerts, const struct sync_event *event)
{
	char text[ERR_TEXT_SIZE];
	if (event->host.before == NULL)
		return;
	snprintf(text, sizeof(text), "source: using %s instead of %s", event->host.now,
		 event->host.before);
	happen(alerts, ALERT_FAILOVER, event, NULL, text);
}

/* Something that has no end, and whose text is that of the event. */
static void happen_as(struct alerts *alerts, enum alert_kind kind, const struct sync_event *event,
		      const struct err *why)
{
	struct buf text;
	buf_init(&text);
	sync_event_print(event, &text);
	happen(alerts, kind, event, why, buf_cstr(&text));
	buf_fini(&text);
}

/* A statement. If one before it is not taken yet, the alert counts it. */
static void statement_held_back(struct alerts *alerts, const struct sync_event *event)
{
	struct episode *episode = &alerts->episodes[ALERT_DDL];
	struct slice table = event->statement.table;
	struct buf text;
	alerts->statements = episode->is_owed ? alerts->statements + 1 : 0;
	buf_init(&text);
	if (alerts->statements > 0)
		buf_printf(&text, "%u more statements before this one, see the log; ",
			   alerts->statements);
	sync_event_print(event, &text);
	happen(alerts, ALERT_DDL, event, NULL, buf_cstr(&text));
	snprintf(episode->alert.table, sizeof(episode->alert.table), "%.*s", SLICE_FMT(table));
	buf_fini(&text);
}

static void failed(struct alerts *alerts, const struct sync_event *event)
{
	end_all(alerts);
	happen(alerts, ALERT_FAILED, event, event->failure.why, event->failure.why->text);
}

static void read_event(struct alerts *alerts, const struct sync_event *event)
{
	switch (event->kind) {
	case SYNC_EVENT_SOURCE_AWAY:
	case SYNC_EVENT_SOURCE_LOST:
		begin(alerts, ALERT_SOURCE_AWAY, event, event->failure.why);
		return;
	case SYNC_EVENT_ATTEMPT_FAILED:
		attempt_failed(alerts, event);
		return;
	case SYNC_EVENT_CHECKPOINT_FOUND:
	case SYNC_EVENT_COPY_BEGUN:
		reached_both(alerts, event);
		return;
	case SYNC_EVENT_SOURCE_BACK:
		end(alerts, ALERT_SOURCE_AWAY, event);
		return;
	case SYNC_EVENT_STREAM_BEGUN:
		reached_both(alerts, event);
		end(alerts, ALERT_RETRYING, event);
		return;
	case SYNC_EVENT_TABLE_COPIED:
		end(alerts, ALERT_RETRYING, event);
		return;
	case SYNC_EVENT_COPY_DONE:
	case SYNC_EVENT_RESUMED:
		end(alerts, ALERT_RETENTION, event);
		return;
	case SYNC_EVENT_RETENTION_LOW:
		begin(alerts, ALERT_RETENTION, event, NULL);
		return;
	case SYNC_EVENT_KAFKA_LOST:
		alerts->is_kafka_unsure = false;
		begin(alerts, ALERT_KAFKA_AWAY, event, NULL);
		return;
	case SYNC_EVENT_KAFKA_BACK:
		end(alerts, ALERT_KAFKA_AWAY, event);
		return;
	case SYNC_EVENT_HOST_CHANGED:
		host_changed(alerts, event);
		return;
	case SYNC_EVENT_JUMPED:
		happen_as(alerts, ALERT_JUMP, event, event->jump.why);
		return;
	case SYNC_EVENT_TABLE_QUARANTINED:
		happen_as(alerts, ALERT_QUARANTINE, event, event->table.why);
		return;
	case SYNC_EVENT_STATEMENT_HELD_BACK:
		statement_held_back(alerts, event);
		return;
	case SYNC_EVENT_FAILED:
		failed(alerts, event);
		return;
	case SYNC_EVENT_STOPPED:
		end_all(alerts);
		return;
	default:
		return;
	}
}

static void on_event(void *arg, const struct sync_event *event)
{
	struct alerts *alerts = arg;
	pthread_mutex_lock(&alerts->lock);
	read_event(alerts, event);
	pthread_mutex_unlock(&alerts->lock);
	alerts->wake(alerts->arg);
}

/* ---- life ---- */

struct alerts *alerts_new(struct sync_events *events, void (*wake)(void *arg), void *arg)
{
	struct alerts *alerts = mem_array(1, sizeof(*alerts));
	alerts->wake = wake;
	alerts->arg = arg;
	alerts->minute_ms = test_hook_number(HOOK_ALERT_MS, MINUTE_MS);
	pthread_mutex_init(&alerts->lock, NULL);
	for (int kind = 0; kind < ALERT_KIND_COUNT; kind++)
		alerts->episodes[kind].alert.kind = (enum alert_kind)kind;
	sync_events_read(events, on_event, alerts);
	return alerts;
}

void alerts_free(struct alerts *alerts)
{
	if (alerts == NULL)
		return;
	pthread_mutex_destroy(&alerts->lock);
	free(alerts);
}

/* ---- taking ---- */

/* While the source or Kafka is away, a sync that had to start again does not work yet. */
static bool may_end(const struct alerts *alerts, const struct episode *episode)
{
	if (alerts->is_over)
		return false;
	return episode->alert.kind != ALERT_RETRYING ||
	       (!alerts->episodes[ALERT_SOURCE_AWAY].holds &&
		!alerts->episodes[ALERT_KAFKA_AWAY].holds);
}

static void take_begin(struct episode *episode, struct alert *alert)
{
	*alert = episode->alert;
	alert->is_resolved = false;
	alert->time_ms = clock_wall_ms();
	episode->is_taken = alert_pace(alert->kind) != ALERT_ONCE;
	episode->is_owed = false;
}

static void take_end(struct episode *episode, struct alert *alert)
{
	*alert = episode->alert;
	alert->is_resolved = true;
	alert->time_ms = clock_wall_ms();
	snprintf(alert->text, sizeof(alert->text), "%s after %.1f s", alert_end_text(alert->kind),
		 (double)(episode->ended_ms - alert->since_ms) / 1000);
	episode->is_taken = false;
}

static bool take(struct alerts *alerts, struct episode *episode, struct alert *alert,
		 int64_t *wait_ms)
{
	bool begins = !episode->is_taken && (episode->is_owed || episode->holds);
	bool ends = episode->is_taken && !episode->holds && may_end(alerts, episode);
	int64_t left_ms = episode->is_owed ? 0 : episode->due_ms - clock_mono_ms();
	if (!begins && !ends)
		return false;
	if (left_ms > 0) {
		if (*wait_ms < 0 || left_ms < *wait_ms)
			*wait_ms = left_ms;
		return false;
	}
	if (begins)
		take_begin(episode, alert);
	else
		take_end(episode, alert);
	return true;
}

bool alerts_take(struct alerts *alerts, struct alert *alert, int64_t *wait_ms)
{
	bool found = false;
	*wait_ms = -1;
	pthread_mutex_lock(&alerts->lock);
	for (int kind = 0; !found && kind < ALERT_KIND_COUNT; kind++)
		found = take(alerts, &alerts->episodes[kind], alert, wait_ms);
	pthread_mutex_unlock(&alerts->lock);
	return found;
}
