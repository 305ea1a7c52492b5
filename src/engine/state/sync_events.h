/* sync_events: what happens to a sync, as data. The supervisor, the copy and the stream emit events;
 * readers turn them into log lines, counters and alerts.
 * Thread: sync_events_emit any; sync_events_read only before the sync starts. Readers run in the thread of
 * sync_events_emit, one at a time, and must not emit. Owner: the sync. The emitter owns the texts of an
 * event; they are valid during the call. */
#ifndef TIDEWAY_SYNC_EVENTS_H
#define TIDEWAY_SYNC_EVENTS_H

#include "base/buf.h"
#include "base/err.h"
#include "engine/state/sync_state.h"
#include "model/kafka_outage.h"
#include "model/position.h"

#include <pthread.h>

/* X(id, name, level in the log) */
#define SYNC_EVENTS(X)                                                                               \
	/* the first attempt of the sync begins */                                                   \
	X(STARTED, "started", DEBUG)                                                                 \
	/* state: the state of the sync changed */                                                   \
	X(STATE_CHANGED, "state_changed", DEBUG)                                                     \
	/* failure: the source cannot be used, before the checkpoint is open */                      \
	X(SOURCE_AWAY, "source_away", WARN)                                                          \
	/* host: another host of the source is in use */                                             \
	X(HOST_CHANGED, "host_changed", INFO)                                                        \
	/* position: where the stream will continue */                                               \
	X(CHECKPOINT_FOUND, "checkpoint_found", INFO)                                                \
	/* jump: the stream continues without a part of the binlog that is missing */                \
	X(JUMPED, "jumped", WARN)                                                                    \
	/* copy: a round of the copy begins */                                                       \
	X(COPY_BEGUN, "copy_begun", INFO)                                                            \
	/* retention: the server may soon purge binlog files that the copy still needs */            \
	X(RETENTION_LOW, "retention_low", WARN)                                                      \
	/* table: its definition changed while it was read */                                        \
	X(TABLE_CHANGED, "table_changed", INFO)                                                      \
	/* table: all of its rows are acknowledged */                                                \
	X(TABLE_COPIED, "table_copied", DEBUG)                                                       \
	/* table: nothing of it is sent any more, because of an error */                             \
	X(TABLE_QUARANTINED, "table_quarantined", ERROR)                                             \
	/* copy: tables are copied beside the stream */                                              \
	X(BACKFILL_BEGUN, "backfill_begun", INFO)                                                    \
	/* copy: all of them are acknowledged, or need no copy any more */                           \
	X(BACKFILL_DONE, "backfill_done", INFO)                                                      \
	/* an earlier attempt or process copied every table */                                       \
	X(COPY_NOT_NEEDED, "copy_not_needed", INFO)                                                  \
	/* duration: of all rounds of the copy */                                                    \
	X(COPY_DONE, "copy_done", INFO)                                                              \
	/* position: where the binlog was opened; also after a reconnect */                          \
	X(STREAM_BEGUN, "stream_begun", INFO)                                                        \
	/* statement: the stream followed a statement that the script wants an alert of */           \
	X(STATEMENT_HELD_BACK, "statement_held_back", WARN)                                          \
	/* failure: the stream lost its connection and will connect again */                         \
	X(SOURCE_LOST, "source_lost", WARN)                                                          \
	/* the stream reads again; duration: since SOURCE_LOST */                                    \
	X(SOURCE_BACK, "source_back", DEBUG)                                                         \
	/* kafka: no broker can be reached */                                                        \
	X(KAFKA_LOST, "kafka_lost", WARN)                                                            \
	/* kafka: a broker can be reached again */                                                   \
	X(KAFKA_BACK, "kafka_back", INFO)                                                            \
	/* the checkpoint was saved for the first time with data of the lanes of an attempt */       \
	X(POSITION_SAVED, "position_saved", DEBUG)                                                   \
	/* failure: the stream ended; the next attempt begins once the checkpoint is saved */        \
	X(CHECKPOINT_BLOCKED, "checkpoint_blocked", WARN)                                            \
	/* failure: the end of an attempt could not be saved */                                      \
	X(UNSAVED, "unsaved", WARN)                                                                  \
	/* failure: another attempt follows after wait_ms */                                         \
	X(ATTEMPT_FAILED, "attempt_failed", WARN)                                                    \
	/* failure: another process of this name has taken over */                                   \
	X(FENCED, "fenced", DEBUG)                                                                   \
	/* callback: a function of the script outside of the lanes has failed; the sync continues */ \
	X(CALLBACK_FAILED, "callback_failed", ERROR)                                                 \
	/* the sync ended without an error */                                                        \
	X(STOPPED, "stopped", DEBUG)                                                                 \
	/* failure: the sync ended with an error */                                                  \
	X(FAILED, "failed", ERROR)                                                                   \
	/* position: where the paused sync will continue; not set: it has read nothing yet */        \
	X(PAUSED, "paused", INFO)                                                                    \
	/* the pause has ended */                                                                    \
	X(RESUMED, "resumed", INFO)

enum sync_event_kind {
#define X(id, name, level) SYNC_EVENT_##id,
	SYNC_EVENTS(X)
#undef X
		SYNC_EVENT_COUNT
};

struct sync_event {
	enum sync_event_kind kind;
	const char *sync; /* name of the sync; set by sync_events_emit */
	int64_t time_ms;  /* wall time; set by sync_events_emit */
	union {
		struct {
			enum sync_state from, to;
		} state;
		const struct position *position;
		struct {
			const struct position *from, *to;
			const struct err *why;
			bool copies; /* on_purged = "resync" */
		} jump;
		struct {
			const char *now, *before; /* "db1:3306"; before: NULL at first */
		} host;
		struct {
			int64_t needed_s; /* age of the oldest position that is needed */
			uint64_t kept_s;  /* how long the server keeps its binlog */
		} retention;
		struct {
			unsigned tables, selected, lanes; /* to read now, captured, readers */
		} copy;
		struct {
			struct slice name;
			uint64_t rows;         /* TABLE_COPIED */
			const struct err *why; /* TABLE_CHANGED, TABLE_QUARANTINED */
		} table;
		struct {
			const char *kind;         /* "drop_table" */
			struct slice table, text; /* table: "db.table"; empty: a database */
			const char *file;         /* place in the binlog */
			uint64_t offset;
		} statement;
		struct {
			int64_t ms;
		} duration;
		struct {
			const struct err *why;
			int64_t wait_ms; /* until the next attempt; 0: not a matter of time */
			bool isolated;   /* FAILED: the other syncs of the process continue */
		} failure;
		struct kafka_outage kafka;
		struct {
			const char *name; /* "every" */
			const struct err *why;
		} callback;
	};
};

typedef void sync_event_reader(void *arg, const struct sync_event *event);

enum { SYNC_EVENT_READERS_MAX = 4 };

struct sync_events {
	const char *sync;
	pthread_mutex_t lock; /* held while the readers run */
	unsigned nreaders;
	struct {
		sync_event_reader *read;
		void *arg;
	} readers[SYNC_EVENT_READERS_MAX];
};

void sync_events_init(struct sync_events *events, const char *sync);
void sync_events_fini(struct sync_events *events);
/* Add a reader of all later events. */
void sync_events_read(struct sync_events *events, sync_event_reader *read, void *arg);
void sync_events_emit(struct sync_events *events, struct sync_event event);
/* Emit an event that has only these fields. */
void sync_events_emit_kind(struct sync_events *events, enum sync_event_kind kind);
void sync_events_emit_failure(struct sync_events *events, enum sync_event_kind kind,
			      const struct err *why, int64_t wait_ms);
void sync_events_emit_position(struct sync_events *events, enum sync_event_kind kind,
			       const struct position *position);
void sync_events_emit_duration(struct sync_events *events, enum sync_event_kind kind, int64_t ms);

/* Return the name of the kind: "table_copied". */
const char *sync_event_name(enum sync_event_kind kind);
/* Append the log line of the event. Append nothing if it has none. */
void sync_event_print(const struct sync_event *event, struct buf *out);
/* The reader that writes these lines to the log. */
void sync_event_log(void *arg, const struct sync_event *event);

#endif
