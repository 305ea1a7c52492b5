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
#include "model/ddl_policy.h"
#include "source/dump.h"

/* The server's clock and the end of its binlog, as read last, and how much of that the stream has read. */
struct stream_clock {
	struct binlog_clock *asks;
	struct binlog_reading next; /* whose end the stream has not reached yet; no file: none */
	int64_t ahead_ms;           /* the server's clock minus our monotonic clock, at most */
	bool is_set;                /* ahead_ms has been measured */
	char end_file[256];         /* the end of the binlog at the last reading; "": none */
	uint64_t end_offset;        /* likewise */
	char end_from[256];         /* `from` of that reading */
	uint64_t end_between;       /* likewise */
	int64_t passed_ms;          /* highest time of a reading whose end was reached; 0: none */
	int64_t passed_asked_ms;    /* monotonic, when that reading was requested */
	/* the place in the last server heartbeat; NULL: no heartbeat since the last event */
	const char *seen_file;
	uint64_t seen_offset;
	int64_t watermark; /* every transaction written before this time is sent; 0: unknown */
};

/* The connection to the server. */
struct stream_connection {
	struct packet_source *packets; /* NULL: not open */
	const struct dump *dump;       /* the same source; NULL: not a server */
	bool row_metadata_full; /* from the last TABLE_MAP, or from the server's settings before the first */
	bool lost;              /* the connection failed; it may be opened again */
	bool refused;           /* the error is permanent on this host; other hosts may work */
	int64_t away_ms; /* monotonic, since when the server has sent nothing; 0: it sends */
};

/* Binlog files, as the cursor's names, and their identities (binlog_identity.born). Both are interned: compare pointers. */
struct stream_files {
	const char *read;      /* the file that stream.read.file is a copy of */
	const char *read_born; /* identity of that file; NULL: not read yet */
	const char *born;      /* identity of `born_of`; NULL: not read yet */
	const char *born_of;   /* the file of the last FORMAT_DESCRIPTION */
};

/* The last transaction that was read completely. */
struct stream_previous {
	struct gtid gtid; /* GTID_NONE: it has none */
	const char *file; /* the cursor's name; NULL: none was read since the start position */
	uint64_t begin;   /* its offset in the file */
};

/* The current transaction, and the one before it. */
struct stream_current {
	uint64_t at;     /* offset of the current event */
	int64_t read_ms; /* monotonic, when its first event was read */
	bool slot_open;  /* it has the open slot of lane.commit */
	bool skipped_rows; /* some of its rows were dropped, because a table's snapshot contains them */
	struct mark durable; /* its records and XA transaction, saved together with its position */
	struct stream_previous previous;
};

/* What the start has checked, as in struct stream_start. */
struct stream_checked {
	const struct catalog *catalog;
	const struct constant_topic *topics;
	unsigned ntopics;
	bool deferred; /* the lane's script has not prepared all of these tables yet */
};

/* What earlier statements left, and what the start loaded for statements to come. */
struct stream_ddl_state {
	struct ddl_name said; /* the table of the last effect; the catalog owns the text */
	struct map
		made; /* tables created in the stream whose definition is unknown; in lane.texts */
	struct doubt *doubts;                      /* unresolved DDL; in lane.texts */
	const struct catalog *catalog_now;         /* as in struct stream_start */
	const struct position *binlog_end_at_load; /* likewise */
	struct stream_checked checked;
};

/* Whether the stream has reached the end of the binlog. */
struct stream_idle {
	struct buf
		quiet_at; /* file:offset of the last server heartbeat; empty: an event came after it */
	bool drained;     /* two server heartbeats had the same place */
	bool caught_up; /* drained was true at least once */
};

/* Up to where all messages are acknowledged. */
struct stream_acked {
	struct position position; /* all messages before it are acknowledged */
	uint64_t begun;           /* the sequence of the position when the stream started */
	const char *file;         /* the cursor's name that position.file is a copy of */
	const char *born;         /* likewise for position.identity */
	bool moved;               /* the position is newer than the last one posted */
	int64_t posted_ms;        /* monotonic, when the position was last posted */
};

/* The tables that are copied beside the stream, for the heartbeats of their topics. */
struct stream_copies {
	struct map tables; /* full name -> struct copied_table; in lane.texts */
	bool are_counted;  /* the topics have the present numbers */
};

/* The state of the step machine (stream_step.c). Times are monotonic. */
struct stream_steps {
	enum {
		STREAM_BEGIN,   /* open the topics */
		STREAM_CONNECT, /* open the packets */
		STREAM_FOLLOW,  /* process packets */
		STREAM_AWAY,    /* wait to connect again */
		STREAM_DRAIN,   /* wait for acknowledgements, then end */
	} phase;
	struct backoff backoff;
	int64_t connect_ms;       /* when the last connect began */
	int64_t lost_ms;          /* when the connection was lost; 0: not lost */
	int64_t until_ms;         /* when the current phase ends, if it waits */
	int64_t ticked_ms;        /* the last stream_tick */
	unsigned events;          /* number of packets processed */
	unsigned rows_since_poll; /* since the last stream_tick */
	bool failed;              /* the drain ends with the error `why` */
	struct err why;
};

struct stream {
	struct lane lane; /* first member, because a step receives the lane */
	struct stream_options options;
	struct catalog *catalog;
	struct catalog *catalog_pending; /* pending definitions; NULL: none */
	struct stream_connection connection;
	struct cursor cursor;
	struct position read; /* the start of the current transaction */
	struct stream_files files;
	struct trx_reader reader;
	struct stream_current current;
	struct plan *last;      /* plan of the last TABLE_MAP; plan->mapping.wanted may be false */
	struct arena statement; /* steps of a DDL statement */
	struct stream_ddl_state ddl;
	struct stream_steps steps;
	struct heartbeat heartbeat;
	struct stream_clock clock;
	struct stream_idle idle;
	struct stream_acked acked;
	struct stream_backfill *backfill; /* NULL: none */
	struct stream_copies copies;
};

enum {
	POST_MS = 200,                      /* post positions at most this often */
	TRANSACTION_HOLD = 4 * 1024 * 1024, /* hold at most this many bytes of a transaction */
};

/* stream.c; declared for unit tests */
/* Process the packet that trx_reader_put has taken. */
int stream_process_packet(struct stream *stream, struct err *err) MUST_CHECK;

/* stream_open.c */
/* Open the topics of constant rules, and those that the tables have used. Wait for the brokers. */
int stream_open_topics(struct stream *stream, struct err *err) MUST_CHECK;
/* Open the packets at stream->read. Wait for the server's answers. */
int stream_open_packets(struct stream *stream, struct err *err) MUST_CHECK;
void stream_close_packets(struct stream *stream);
/* Move the cursor to stream->read. */
void stream_begin_cursor(struct stream *stream);
/* Go back to the end of the last transaction that was read whole, after the connection was lost. */
void stream_rewind(struct stream *stream);
/* Return the interval of the server's heartbeats: short enough that ours are sent in time (rule: long-sessions). */
unsigned stream_dump_heartbeat_ms(double heartbeat_s);

/* stream_rows.c */
int stream_table_map(struct stream *stream, const struct event *event, struct err *err) MUST_CHECK;
int stream_rows(struct stream *stream, const struct trx_item *item, struct err *err) MUST_CHECK;

/* stream_table.c */
/* Make a plan of a table of stream->catalog. */
struct plan *stream_plan(struct stream *stream, const struct table *table, struct err *err);
/* Return whether the start has checked the script with the definitions of all selected tables of a catalog (NULL: none). */
bool stream_has_checked(const struct stream *stream, const struct catalog *catalog);
/* Make a plan of each table of a catalog (NULL: none) that the start has checked, or of each one that it has not or that is copied
 * beside the stream, to open its topic and to refuse what the script refuses. */
int stream_try_plans(struct stream *stream, const struct catalog *catalog, bool checked,
		     struct err *err) MUST_CHECK;
/* Drop the plan of a table. */
void stream_forget_plan(struct stream *stream, struct slice db, struct slice table);
/* Return whether the database is not tracked until after the current transaction. */
bool stream_before_database(const struct stream *stream, struct slice db);
/* Record that the catalog now has the definition of the table, from row metadata FULL. */
void stream_table_told(struct stream *stream, const struct table *table);

/* stream_tick.c */
/* Serve reports, heartbeats and the checkpoint. Also called between rows of large events. */
int stream_tick(struct stream *stream, struct err *err) MUST_CHECK;
void stream_set_drained(struct stream *stream, bool drained);

/* stream_xa.c */
/* Update the prepared transactions at the end of a transaction. */
int stream_xa_end(struct stream *stream, struct err *err) MUST_CHECK;
/* Return whether one of these transactions, which were prepared, is not decided yet. */
bool stream_xa_any_left(const struct stream *stream, const struct position *prepared);

/* stream_ddl.c */
int stream_ddl(struct stream *stream, const struct event_query *query, struct err *err) MUST_CHECK;
/* Apply a statement to the catalog. Give its DDL messages to the sink or to the script's loop, or add them to the batch if
 * that is not NULL. */
int stream_statement(struct stream *stream, struct slice text, const struct ddl_context *context,
		     struct message_batch *batch, struct err *err) MUST_CHECK;
void stream_attach(struct stream *stream, struct slice name, struct slice value);

/* stream_ddl_policy.c */
/* A statement that concerns captured tables. */
struct statement_kinds {
	struct slice text;
	unsigned kinds;                  /* of all its effects on captured tables */
	const struct ddl_effect *effect; /* the first of them; NULL: none */
};
/* Apply the option `ddl` to a statement: raise an alert, or fail. Set *silent if no message is written. */
int stream_ddl_policy(struct stream *stream, const struct statement_kinds *statement, bool *silent,
		      struct err *err) MUST_CHECK;

/* stream_pending.c */
/* At the begin of a transaction, move the pending definitions whose start position is before it into the catalog. */
void stream_take_pending(struct stream *stream);
/* Return whether the stream has processed everything up to a start position. On a quiet server only its heartbeats show that. */
bool stream_is_past(const struct stream *stream, const struct position *start);
/* Between two transactions, move the pending definitions that the stream is past into the catalog: the next transaction may take long
 * to come. */
int stream_take_passed(struct stream *stream, struct err *err) MUST_CHECK;

/* stream_doubt.c */
/* Record unresolved DDL that was skipped because the rows have row metadata FULL. Later rows of the tables that it may concern
 * must have it too: one table, all tables of a database (table is empty), or all tables (both are empty). */
void stream_doubt(struct stream *stream, const struct ddl_name *name);
/* Return the newest unresolved DDL that may concern the table; NULL: none. */
const struct doubt *stream_doubt_of(const struct stream *stream, const struct table_map *map);
int stream_check_doubt(const struct stream *stream, const struct table_map *map,
		       struct err *err) MUST_CHECK;

/* stream_clock.c: the server's time (docs/decisions/0017). */
/* Call this at the begin of each connection. stream_clock_end ends the clock. */
void stream_clock_start(struct stream *stream);
void stream_clock_end(struct stream *stream);
/* Take the place of a server heartbeat: the server has sent everything before it. */
void stream_clock_seen(struct stream *stream, struct slice file, uint64_t offset);
/* Take the readings since the last call, and raise clock.watermark. */
void stream_clock_tick(struct stream *stream);
/* Return whether the server's clock may have reached the time; true if the clock is unknown. */
bool stream_clock_may_be(const struct stream *stream, int64_t ms);
/* Return whether the stream reached the end of the binlog a moment ago; true if the clock is unknown. */
bool stream_clock_is_fresh(const struct stream *stream);
/* Return how long ago the server wrote, at most, what was processed last. While that is unknown, the time since the connect
 * counts. */
int64_t stream_clock_lag_ms(const struct stream *stream);
/* Return how many bytes of the binlog follow what was read, up to the end at the last reading; -1: unknown. */
int64_t stream_clock_lag_bytes(const struct stream *stream);
/* Return whether every transaction before this end of the server's binlog was sent. */
bool stream_has_passed(const struct stream *stream, const char *file, uint64_t offset);

/* stream_backfill.c: the stream's part in a backfill (engine/lane/backfill_link.h, docs/decisions/0033). Without a backfill,
 * these functions do nothing. */
struct stream_backfill *stream_backfill_new(struct backfill_link *link);
void stream_backfill_free(struct stream_backfill *backfill);
/* Forget what belongs to the lane, before it closes. */
void stream_backfill_close(struct stream *stream);
/* In each step: take what the reader has passed, so that its signal does not end the next wait, and report what is acknowledged. */
void stream_backfill_listen(struct stream *stream);
/* Between two packets: answer the reader, or send some of its rows, if this is between two transactions. is_idle: no packet has
 * arrived. Return 1 if something was done, 0 if there was nothing to do, or -1. */
int stream_backfill_serve(struct stream *stream, bool is_idle, struct err *err) MUST_CHECK;
/* Return whether rows wait until more of those before them are acknowledged. */
bool stream_backfill_waits_for_reports(const struct stream *stream);
/* Return whether it is recorded which rows of this plan's table the stream sends. */
bool stream_backfill_records(const struct stream *stream, const struct plan *plan);
/* write_change for such a table: record the row and the topics to which something of it is sent. */
int stream_backfill_write(struct stream *stream, struct plan *plan, struct err *err) MUST_CHECK;
/* The table has changed: discard the chunk in flight, if it is of this table. */
void stream_backfill_spoil(struct stream *stream, struct slice full_name);
/* The connection is lost: discard the chunk in flight. */
void stream_backfill_lost(struct stream *stream);

/* stream_backfill_ddl.c */
/* A statement was applied: end or discard what it makes needless or wrong. */
void stream_backfill_effect(struct stream *stream, const struct ddl_effect *effect);
/* Return whether a table that gets this name must be read, since the backfill of the name is not finished, or ended without it. */
bool stream_backfill_lacks(const struct stream *stream, struct slice full_name);

/* stream_copies.c */
/* Send a marker of another copy of the plan's table to each partition of its topics, in the open slot. */
int stream_mark_copy(struct stream *stream, const struct plan *plan, int64_t id, bool ends,
		     struct err *err) MUST_CHECK;
/* Remember the topic of the plan's table, if the table is copied beside the stream. */
void stream_note_topic(struct stream *stream, const struct plan *plan);
/* Before heartbeats: set how many tables of each topic are copied, unless that is known. */
void stream_count_copies(struct stream *stream);

/* stream_position.c */
/* Fill the place of an error about an event, and its table unless that is empty. Return -1. */
int stream_at(struct stream *stream, uint64_t start, struct slice table, struct err *err);
/* Return where the current transaction begins. */
struct trx_place stream_place(const struct stream *stream);
/* Return how the current transaction ends, as far as that is known by now. */
enum trx_end stream_outcome(const struct stream *stream);
/* Set where the next transaction begins: at this offset of the current file. */
void stream_set_read(struct stream *stream, uint64_t offset);
/* Return the mark of everything before the next transaction. */
struct mark stream_read_mark(const struct stream *stream);
/* Open a slot of the window for the current transaction, unless it has one. */
int stream_open_slot(struct stream *stream, struct err *err) MUST_CHECK;
/* Return what the stream's marks mean: they move the acknowledged position. */
struct commit_meaning stream_meaning(struct stream *stream);
/* When drained, move the position over what the server wrote that is not a transaction. */
int stream_advance_quietly(struct stream *stream, struct err *err) MUST_CHECK;

/* stream.c */
/* Handle an error of the source. If it may pass, the stream connects again. If it is permanent, another host may not have it:
 * the next attempt tries all hosts. Return -1. */
int stream_lost(struct stream *stream, struct err *err);

#endif
