/* sync_journal: what the events of a sync mean for its status: since when it has its state, how often it has started again,
 * what keeps it from working now, and its rate of rows.
 * Thread: sync_journal_new and sync_journal_free main, before the sync starts and after its end; the others any.
 * Owner: sync_journal_new / sync_journal_free. */
#ifndef TIDEWAY_SYNC_JOURNAL_H
#define TIDEWAY_SYNC_JOURNAL_H

#include "engine/state/sync_events.h"

struct sync_journal;

enum { PROBLEMS_MAX = 3, JOURNAL_HOST_SIZE = 300 };

/* Something that keeps a sync from working. */
struct problem {
	enum err_id id;
	int64_t since_ms; /* wall time */
	int64_t retry_ms; /* wall time of the next try; 0: it does not depend on time */
	char text[ERR_TEXT_SIZE];
};

struct journal_entry {
	int64_t state_ms; /* wall time when the state began; 0: it is the first one */
	unsigned restarts;
	char host[JOURNAL_HOST_SIZE]; /* of a list of hosts, the one in use; "": not known */
	uint64_t rows_per_second;
	unsigned nproblems; /* that hold now */
	struct problem problems[PROBLEMS_MAX];
};

/* Reads the events of a sync that has not started. */
struct sync_journal *sync_journal_new(struct sync_events *events);
void sync_journal_free(struct sync_journal *journal);
/* Notes how many rows the sync has sent so far. The rate is that of about the last ten seconds. */
void sync_journal_count(struct sync_journal *journal, uint64_t rows);
void sync_journal_read(struct sync_journal *journal, uint64_t rows, struct journal_entry *entry);

#endif
