#include "control/sync_journal.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum { SAMPLE_MS = 5000 };

/* How many rows had been sent at a time. */
struct sample {
	int64_t ms; /* monotonic */
	uint64_t rows;
};

struct outlook {
	bool holds;
	struct problem problem;
};

struct sync_journal {
	pthread_mutex_t lock; /* guards the rest */
	int64_t state_ms;
	unsigned restarts;
	char host[JOURNAL_HOST_SIZE];
	struct outlook work;      /* the source, or the attempt as a whole */
	struct outlook kafka;     /* no broker can be reached */
	struct outlook retention; /* the binlog that is needed may be purged */
	bool is_kafka_unsure;     /* the clients that reported the outage may be closed */
	struct sample samples[2];
};

static void begin(struct outlook *outlook, const struct sync_event *event, enum err_id id,
		  int64_t wait_ms)
{
	struct problem *problem = &outlook->problem;
	if (!outlook->holds)
		problem->since_ms = event->time_ms;
	outlook->holds = true;
	problem->id = id;
	problem->retry_ms = wait_ms > 0 ? event->time_ms + wait_ms : 0;
}

static void fail(struct sync_journal *journal, const struct sync_event *event)
{
	const struct err *why = event->failure.why;
	begin(&journal->work, event, why->id, event->failure.wait_ms);
	snprintf(journal->work.problem.text, sizeof(journal->work.problem.text), "%s", why->text);
}

static void warn_of_retention(struct sync_journal *journal, const struct sync_event *event)
{
	struct problem *problem = &journal->retention.problem;
	struct buf text;
	buf_init(&text);
	sync_event_print(event, &text);
	begin(&journal->retention, event, E_BINLOG_NEEDED, 0);
	snprintf(problem->text, sizeof(problem->text), "%s", buf_cstr(&text));
	buf_fini(&text);
}

static void lose_kafka(struct sync_journal *journal, const struct sync_event *event)
{
	struct buf text;
	buf_init(&text);
	kafka_outage_print(&event->kafka, &text);
	begin(&journal->kafka, event, E_BROKER_AWAY, 0);
	snprintf(journal->kafka.problem.text, sizeof(journal->kafka.problem.text), "%s",
		 buf_cstr(&text));
	journal->is_kafka_unsure = false;
	buf_fini(&text);
}

/* An attempt has looked at the source and at the topics. */
static void reach_both(struct sync_journal *journal)
{
	journal->work.holds = false;
	if (journal->is_kafka_unsure)
		journal->kafka.holds = false;
}

static void read_event(struct sync_journal *journal, const struct sync_event *event)
{
	switch (event->kind) {
	case SYNC_EVENT_STATE_CHANGED:
		journal->state_ms = event->time_ms;
		return;
	case SYNC_EVENT_HOST_CHANGED:
		snprintf(journal->host, sizeof(journal->host), "%s", event->host.now);
		return;
	case SYNC_EVENT_ATTEMPT_FAILED:
		journal->restarts++;
		journal->is_kafka_unsure = true;
		fail(journal, event);
		return;
	case SYNC_EVENT_SOURCE_AWAY:
	case SYNC_EVENT_SOURCE_LOST:
	case SYNC_EVENT_CHECKPOINT_BLOCKED:
	case SYNC_EVENT_FAILED:
		fail(journal, event);
		return;
	case SYNC_EVENT_KAFKA_LOST:
		lose_kafka(journal, event);
		return;
	case SYNC_EVENT_KAFKA_BACK:
		journal->kafka.holds = false;
		return;
	case SYNC_EVENT_SOURCE_BACK:
	case SYNC_EVENT_PAUSED:
		journal->work.holds = false;
		return;
	case SYNC_EVENT_RETENTION_LOW:
		warn_of_retention(journal, event);
		return;
	case SYNC_EVENT_COPY_DONE:
	case SYNC_EVENT_RESUMED:
		journal->retention.holds = false;
		return;
	case SYNC_EVENT_COPY_BEGUN:
	case SYNC_EVENT_STREAM_BEGUN:
		reach_both(journal);
		return;
	default:
		return;
	}
}

static void on_event(void *arg, const struct sync_event *event)
{
	struct sync_journal *journal = arg;
	pthread_mutex_lock(&journal->lock);
	read_event(journal, event);
	pthread_mutex_unlock(&journal->lock);
}

struct sync_journal *sync_journal_new(struct sync_events *events)
{
	struct sync_journal *journal = mem_array(1, sizeof(*journal));
	pthread_mutex_init(&journal->lock, NULL);
	journal->samples[0].ms = journal->samples[1].ms = clock_mono_ms();
	sync_events_read(events, on_event, journal);
	return journal;
}

void sync_journal_free(struct sync_journal *journal)
{
	if (journal == NULL)
		return;
	pthread_mutex_destroy(&journal->lock);
	free(journal);
}

void sync_journal_count(struct sync_journal *journal, uint64_t rows)
{
	int64_t now_ms = clock_mono_ms();
	pthread_mutex_lock(&journal->lock);
	if (now_ms - journal->samples[1].ms >= SAMPLE_MS) {
		journal->samples[0] = journal->samples[1];
		journal->samples[1] = (struct sample){now_ms, rows};
	}
	pthread_mutex_unlock(&journal->lock);
}

/* Return the rate since the older sample. */
static uint64_t rate(const struct sample *since, uint64_t rows)
{
	int64_t ms = clock_mono_ms() - since->ms;
	return ms > 0 && rows > since->rows ? (rows - since->rows) * 1000 / (uint64_t)ms : 0;
}

static void add_problem(struct journal_entry *entry, const struct outlook *outlook)
{
	if (outlook->holds)
		entry->problems[entry->nproblems++] = outlook->problem;
}

void sync_journal_read(struct sync_journal *journal, uint64_t rows, struct journal_entry *entry)
{
	pthread_mutex_lock(&journal->lock);
	entry->state_ms = journal->state_ms;
	entry->restarts = journal->restarts;
	memcpy(entry->host, journal->host, sizeof(entry->host));
	entry->rows_per_second = rate(&journal->samples[0], rows);
	entry->nproblems = 0;
	add_problem(entry, &journal->work);
	add_problem(entry, &journal->kafka);
	add_problem(entry, &journal->retention);
	pthread_mutex_unlock(&journal->lock);
}
