/* stream_priv: the body of the stream lane, for stream*.c only. Thread: the stream lane. */
#ifndef TIDEWAY_STREAM_PRIV_H
#define TIDEWAY_STREAM_PRIV_H

#include "base/backoff.h"
#include "decode/table_map.h"
#include "engine/state/binlog_clock.h"
#include "binlog/cursor.h"
#include "binlog/trx_reader.h"
#include "engine/lane/heartbeat.h"
#include "engine/lane/plan.h"
#include "engine/stream/stream.h"
#include "model/ddl.h"
#include "source/dump.h"

/* The server's clock and the end of its binlog, and how far the stream is with that. */
struct stream_clock {
	struct binlog_clock *asks;
	struct binlog_reading
		next;        /* the stream has not reached its end yet; no file: there is none */
	int64_t ahead_ms;    /* what the server's clock is at most ahead of our monotonic one ... */
	bool is_set;         /* ... when there has been a reading on this connection */
	char end_file[256];  /* where the binlog ended in the last reading; "": none */
	uint64_t end_offset; /* likewise */
	int64_t passed_ms;   /* highest time of a reading whose end was reached; 0: none */
	int64_t passed_asked_ms; /* monotonic, when it was asked for */
	const char *
		seen_file; /* everything before this place has been sent, as the server's last heartbeat */
	uint64_t seen_offset; /* has it; NULL: no heartbeat since the last event */
	int64_t watermark;    /* every transaction written before it is sent; 0: not known */
};

/* The connection to the server. */
struct stream_connection {
	struct packet_source *packets; /* NULL: there is none */
	const struct dump *dump;       /* the same source; NULL: it is not a server's */
	bool row_metadata_full; /* of the last TABLE_MAP; before the first: of the server's settings */
	bool lost;              /* the error is one of the connection, which may be opened again */
	bool refused;           /* the error lasts on this host; other hosts may be tried */
	int64_t away_ms; /* monotonic, since when nothing has come from the server; 0: something has */
};

/* Binlog files by the cursor's names, which are compared as pointers, and their identities (binlog_identity.born,
 * interned). */
struct stream_files {
	const char *read;      /* the file that stream.read.file is a copy of */
	const char *read_born; /* identity of that file; NULL: not seen yet */
	const char *born;      /* identity of `born_of`; NULL: not seen yet */
	const char *born_of;   /* the file whose FORMAT_DESCRIPTION was read last */
};

/* The transaction that is being read. */
struct stream_current {
	uint64_t at;       /* where the event begins that is processed */
	int64_t read_ms;   /* monotonic, when its first event was read */
	bool slot_open;    /* lane.commit's open slot is its own */
	bool skipped_rows; /* it has rows that a table's snapshot contains */
	struct mark
		durable; /* its records and its XA transaction, which are saved with its position */
};

/* What statements have left, and what the start has found for them. */
struct stream_ddl_state {
	struct ddl_name said; /* the table of the last effect; in the catalog's storage */
	struct map made; /* tables made in the stream without a known definition; in lane.texts */
	struct doubt *doubts;              /* statements that were not understood; in lane.texts */
	const struct catalog *catalog_now; /* of struct stream_start */
	const struct position *binlog_end_at_load; /* likewise */
};

/* Whether the end of the binlog is reached. */
struct stream_idle {
	struct buf
		quiet_at; /* file:offset of the last server heartbeat; empty: an event came after it */
	bool drained;     /* two server heartbeats at one place */
	bool caught_up; /* it was drained once */
};

/* How far the messages are acknowledged. */
struct stream_acked {
	struct position position; /* everything before it is acknowledged */
	uint64_t begun;           /* its sequence at the start of the stream */
	const char *file;         /* name of the cursor that position.file is a copy of */
	const char *born;         /* the same of position.identity */
	bool moved;               /* it is newer than what was posted */
	int64_t posted_ms;        /* monotonic, when the position was last asked for */
};

/* What the next step does (stream_step.c), and what led to it. Times are monotonic. */
struct stream_steps {
	enum {
		STREAM_BEGIN,   /* opens the topics */
		STREAM_CONNECT, /* opens the packets */
		STREAM_FOLLOW,  /* processes packets */
		STREAM_AWAY,    /* waits to connect again */
		STREAM_DRAIN,   /* waits for acknowledgements, then ends */
	} phase;
	struct backoff backoff;
	int64_t connect_ms; /* when it last began to connect */
	int64_t lost_ms;    /* when the connection was lost; 0: it is not */
	int64_t until_ms;   /* the end of the current phase, if that is to wait */
	int64_t ticked_ms;  /* the last stream_tick */
	unsigned events;    /* packets processed */
	bool failed;        /* the drain ends with `why` */
	struct err why;
};

struct stream {
	struct lane lane; /* first: a step gets it */
	struct stream_options options;
	struct catalog *catalog;
	struct catalog *catalog_pending; /* definitions of later positions; NULL: none */
	struct stream_connection connection;
	struct cursor cursor;
	struct position read; /* where the current transaction begins */
	struct stream_files files;
	struct trx_reader reader;
	struct stream_current current;
	struct plan *last;      /* plan of the last TABLE_MAP; plan->mapping.wanted may be false */
	struct arena statement; /* steps of a DDL statement */
	struct stream_ddl_state ddl;
	struct stream_steps steps;
	unsigned rows_since_poll;
	struct heartbeat heartbeat;
	struct stream_clock clock; /* what is known of the server's */
	struct stream_idle idle;
	struct stream_acked acked;
};

enum {
	POST_MS = 200, /* positions are posted at most so often */
	TRANSACTION_HOLD =
		4 * 1024 * 1024, /* bytes of a group that are held until its end is seen */
};

/* stream.c; declared for unit tests */
/* Process the packet that trx_reader_put has taken. */
int stream_process_packet(struct stream *stream, struct err *err) MUST_CHECK;

/* stream_open.c */
/* Open the topics of constant rules, and those that the tables have used. Waits for the brokers. */
int stream_open_topics(struct stream *stream, struct err *err) MUST_CHECK;
/* Open the packets at stream->read. Waits for the server's answers. */
int stream_open_packets(struct stream *stream, struct err *err) MUST_CHECK;
void stream_close_packets(struct stream *stream);
/* What is read next begins at stream->read. */
void stream_begin_cursor(struct stream *stream);
/* After a lost connection: continue after the last transaction that was read whole. */
void stream_rewind(struct stream *stream);
/* Return the interval of the server's heartbeats: short enough that ours are sent in time (rule: long-sessions). */
unsigned stream_dump_heartbeat_ms(double heartbeat_s);

/* stream_rows.c */
int stream_table_map(struct stream *stream, const struct event *event, struct err *err) MUST_CHECK;
int stream_rows(struct stream *stream, const struct trx_item *item, struct err *err) MUST_CHECK;

/* stream_table.c */
/* Drop the plan of a table. */
void stream_forget_plan(struct stream *stream, struct slice db, struct slice table);
/* Return whether the database is not tracked yet at the current transaction. */
bool stream_before_database(const struct stream *stream, struct slice db);
/* Row metadata FULL contains a definition that the catalog did not have. */
void stream_table_told(struct stream *stream, const struct table *table);

/* stream_tick.c */
/* Serve reports, heartbeats and the checkpoint. Also called between rows of large events. */
int stream_tick(struct stream *stream, struct err *err) MUST_CHECK;
void stream_set_drained(struct stream *stream, bool drained);

/* stream_xa.c */
/* The group has ended: what it means for prepared transactions. */
int stream_xa_end(struct stream *stream, struct err *err) MUST_CHECK;

/* stream_ddl.c */
int stream_ddl(struct stream *stream, const struct event_query *query, struct err *err) MUST_CHECK;
/* The text of a statement: the catalog follows it, and its DDL messages go to the sink, or to the script's loop, or into
 * the batch when there is one. */
int stream_statement(struct stream *stream, struct slice text, const struct ddl_context *context,
		     struct message_batch *batch, struct err *err) MUST_CHECK;
void stream_attach(struct stream *stream, struct slice name, struct slice value);
/* At the begin of a transaction: moves the definitions whose start position is before it into the catalog. */
void stream_take_pending(struct stream *stream);

/* stream_doubt.c */
/* A statement that cannot be placed was passed over because of row metadata FULL: later rows of the tables it may
 * concern (an empty table: of a database, both empty: all) must have that. */
void stream_doubt(struct stream *stream, const struct ddl_name *name);
/* The newest such statement that may concern the table; NULL: none. */
const struct doubt *stream_doubt_of(const struct stream *stream, const struct table_map *map);
int stream_check_doubt(const struct stream *stream, const struct table_map *map,
		       struct err *err) MUST_CHECK;

/* stream_clock.c: the server's time (docs/decisions/0017). */
/* At the begin of each connection; ended by stream_clock_end. */
void stream_clock_start(struct stream *stream);
void stream_clock_end(struct stream *stream);
/* A server heartbeat: everything before the place has been sent. */
void stream_clock_seen(struct stream *stream, struct slice file, uint64_t offset);
/* Takes what was read since the last time: raises clock.watermark. */
void stream_clock_tick(struct stream *stream);
/* Whether a time is not after the server's clock of now, as far as that is known. */
bool stream_clock_may_be(const struct stream *stream, int64_t ms);
/* Whether the end of the binlog was reached a moment ago. */
bool stream_clock_is_fresh(const struct stream *stream);

/* stream_position.c */
/* Fill the place of an error about an event, and its table unless that is empty. Return -1. */
int stream_at(struct stream *stream, uint64_t start, struct slice table, struct err *err);
/* Return where the current transaction begins. */
struct trx_place stream_place(const struct stream *stream);
/* Return how the current group ends, as far as that is known by now. */
enum trx_end stream_outcome(const struct stream *stream);
/* What is read next begins at this offset of the current file. */
void stream_set_read(struct stream *stream, uint64_t offset);
/* That everything before what is read next is acknowledged. */
struct mark stream_read_mark(const struct stream *stream);
/* The current group gets its slot of the window, if it has none. */
int stream_open_slot(struct stream *stream, struct err *err) MUST_CHECK;
/* What the marks of the stream mean: the position of what is acknowledged. */
struct commit_meaning stream_meaning(struct stream *stream);
/* Drained: move the position over what the server has written that is not a transaction. */
int stream_advance_quietly(struct stream *stream, struct err *err) MUST_CHECK;

/* stream.c */
/* The error is the source's, and may pass: the stream connects again. With several hosts one that does not pass may be a
 * matter of this host alone: the next attempt tries them all. -1. */
int stream_lost(struct stream *stream, struct err *err);

#endif
