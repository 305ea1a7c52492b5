#include "engine/copy/backfill.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/copy/backfill_deletes.h"
#include "engine/copy/full_priv.h"
#include "engine/lane/chunk_layout.h"
#include "engine/lane/step.h"
#include "source/capacity.h"
#include "source/conn.h"
#include "source/inspect.h"
#include "source/snapshot.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	CHUNK_BYTES =
		8
		<< 20, /* of rows that are kept in memory; a larger chunk is read again, smaller */
	CHUNK_ROWS = 1000,        /* of the first chunk */
	CHUNK_ROWS_MAX = 1000000, /* of any */
	DISCARDS_MAX = 5,         /* a chunk that was discarded so often is halved */
	PAUSE_MS = 100,           /* the longest time until a halt is noticed */
	VISIBLE_MS = 2000,        /* then the log shows what a chunk waits for */
	SECOND_MS = 1000,
};

struct backfill_reader {
	struct backfill *backfill;
	struct backfill_chunk *chunk; /* of the link */
	struct conn *conn;            /* NULL: not open */
	struct backoff backoff;
	int64_t connect_ms;     /* monotonic, the last attempt to connect */
	uint64_t chunk_rows;    /* wanted in the next chunk */
	unsigned discards;      /* of the present chunk */
	struct arena keys;      /* of the next two; for each table anew */
	struct chunk_key key;   /* by which the table is cut */
	struct slice signature; /* of that key; ptr NULL: it is not loaded */
	uint64_t version;       /* of the definition that the key was loaded for */
	unsigned number;        /* of the chunk, from 1 */
	struct position
		misfit; /* an end of the binlog at which rows did not fit the definition; no file: they fit */
	uint64_t paced_rows; /* since paced_ms, for full.rows_per_second */
	int64_t paced_ms;    /* monotonic */
};

void backfill_init(struct backfill *backfill, struct sync *sync, const struct table *const *tables,
		   unsigned ntables)
{
	*backfill = (struct backfill){.sync = sync, .ntables = ntables};
	arena_init(&backfill->arena, 0);
	backfill->tables = ARENA_ARRAY(&backfill->arena, ntables + 1, struct backfill_table);
	for (unsigned i = 0; i < ntables; i++) {
		struct backfill_table *table = &backfill->tables[i];
		const struct table_state *state;
		table->db = arena_copy(&backfill->arena, tables[i]->db);
		table->name = arena_copy(&backfill->arena, tables[i]->name);
		table->full_name = arena_copy(&backfill->arena, tables[i]->full_name);
		state = table_states_find(&sync->states, table->full_name);
		atomic_store(&table->metrics.rows, state ? state->record.ranges.rows : 0);
		table->where = state && state->where
				       ? arena_cstr(&backfill->arena, slice_str(state->where))
				       : NULL;
	}
	backfill_link_init(&backfill->link, &sync->flags.parts[SYNC_COPY]);
}

void backfill_fini(struct backfill *backfill)
{
	backfill_link_fini(&backfill->link);
	arena_fini(&backfill->arena);
}

static bool must_end(const struct backfill_reader *reader)
{
	return atomic_load_explicit(reader->backfill->link.halt, memory_order_relaxed);
}

/* Wait. Fail when the reader must end. */
static int pause_for(const struct backfill_reader *reader, int64_t ms, struct err *err)
{
	int64_t until_ms = clock_mono_ms() + ms, left_ms;
	while ((left_ms = until_ms - clock_mono_ms()) > 0 && !must_end(reader))
		clock_pause(left_ms < PAUSE_MS ? left_ms : PAUSE_MS);
	return must_end(reader) ? err_retry(err, E_STOPPED_COPY, "stopped during a backfill") : 0;
}

/* Wait, and show why. */
static int wait_because(const struct backfill_reader *reader, enum backfill_wait why, int64_t ms,
			struct err *err)
{
	_Atomic int *waits = &reader->backfill->link.waits;
	int rc;
	atomic_store(waits, why);
	rc = pause_for(reader, ms, err);
	atomic_store(waits, BACKFILL_WAITS_NOT);
	return rc;
}

/* ---- the connection ---- */

static void disconnect(struct backfill_reader *reader)
{
	conn_free(reader->conn);
	reader->conn = NULL;
}

/* The positions of the chunk must be of the stream's server. A name may have several addresses. */
static int check_server(const struct backfill_reader *reader, struct err *err)
{
	return sync_check_server(reader->backfill->sync, &reader->chunk->processed,
				 conn_server(reader->conn)->identity, err);
}

static int connect(struct backfill_reader *reader, struct err *err)
{
	if (reader->conn)
		return 0;
	reader->connect_ms = clock_mono_ms();
	reader->conn = conn_open(reader->backfill->sync->source, CONN_READER, err);
	if (reader->conn == NULL)
		return -1;
	if (check_server(reader, err) == 0)
		return 0;
	err->retriable = true;
	err->code = ERR_SOURCE;
	return -1;
}

/* Return whether the stream had processed, with the present definition of the table, what the rows did not fit last time. */
static bool is_contradiction(const struct backfill_reader *reader)
{
	const struct position *processed = &reader->chunk->processed;
	const struct position *end = &reader->misfit;
	return end->file[0] != '\0' && processed->file[0] != '\0' &&
	       position_compare_files(processed->file, processed->offset, end->file, end->offset) >=
		       0;
}

/* Another copy of a table cannot be read. The table is complete without it, so that the sync continues. */
static int give_up(struct backfill_reader *reader, struct err *err)
{
	struct backfill_chunk *chunk = reader->chunk;
	chunk->why = arena_cstr(&chunk->arena, slice_str(err->text));
	*err = (struct err)ERR_INIT;
	return backfill_ask(&reader->backfill->link, BACKFILL_GIVE_UP, err) < 0 ? -1 : 1;
}

/* The table is not what the stream knows of it. The stream will reach the statement, unless it has. */
static int wait_for_statement(struct backfill_reader *reader, struct err *err)
{
	struct slice name = reader->chunk->table->full_name;
	struct err why = *err;
	if ((why.code == ERR_DATA || reader->chunk->where) && is_contradiction(reader)) {
		if (reader->chunk->optional)
			return give_up(reader, err);
		err_table(err, name);
		return err_operation(err, "backfill");
	}
	if (reader->misfit.file[0] == '\0')
		sync_events_emit(&reader->backfill->sync->events,
				 (struct sync_event){.kind = SYNC_EVENT_TABLE_CHANGED,
						     .table = {.name = name, .why = &why}});
	*err = (struct err)ERR_INIT;
	if (source_binlog_end(reader->conn, &reader->misfit, err) < 0)
		return -1;
	return wait_because(reader, BACKFILL_WAITS_CHANGE, PAUSE_MS, err);
}

static int wait_for_source(struct backfill_reader *reader, struct err *err)
{
	int64_t wait_ms = backoff_next(&reader->backoff, clock_mono_ms() - reader->connect_ms);
	disconnect(reader);
	log_warn("backfill: %s; connecting again in %.1f s", err->text,
		 (double)wait_ms / SECOND_MS);
	*err = (struct err)ERR_INIT;
	return wait_because(reader, BACKFILL_WAITS_SOURCE, wait_ms, err);
}

/* After an error, wait until the chunk can be read again. Return 0 then; 1 if another copy of the table is given up; -1 if the chunk
 * cannot be read. */
static int recover(struct backfill_reader *reader, struct err *err)
{
	if (must_end(reader))
		return err_retry(err, E_STOPPED_COPY, "stopped during a backfill");
	if (reader->conn && (err->code == ERR_DATA || full_table_changed(reader->conn, err))) {
		int rc = wait_for_statement(reader, err);
		if (rc >= 0)
			return rc;
	}
	if (must_end(reader))
		return -1;
	if (err->code == ERR_SOURCE && err->retriable)
		return wait_for_source(reader, err);
	return reader->chunk->optional ? give_up(reader, err) : -1;
}

/* ---- one chunk ---- */

/* Open a snapshot that contains everything that the stream had processed when it began to record. The binlog has a transaction
 * before a snapshot shows it, so the stream may have processed one that is not visible yet. */
static int open_snapshot(struct backfill_reader *reader, struct err *err)
{
	struct backfill_chunk *chunk = reader->chunk;
	int64_t begun_ms = clock_mono_ms(), wait_ms = 1;
	bool said = false;
	for (;;) {
		if (snapshot_renew(reader->conn, &chunk->low, err) < 0)
			return -1;
		if (position_passed(&chunk->low, &chunk->processed))
			return 0;
		if (!said && clock_mono_ms() - begun_ms > VISIBLE_MS)
			log_info("backfill: table %.*s waits for a transaction that the stream "
				 "has sent and the server does not show yet",
				 SLICE_FMT(chunk->table->full_name));
		said = clock_mono_ms() - begun_ms > VISIBLE_MS;
		if (wait_because(reader, BACKFILL_WAITS_VISIBLE, wait_ms, err) < 0)
			return -1;
		wait_ms = wait_ms < PAUSE_MS ? 2 * wait_ms : PAUSE_MS;
	}
}

static struct chunk_query query_of(const struct backfill_reader *reader)
{
	struct backfill_chunk *chunk = reader->chunk;
	return (struct chunk_query){
		.table = chunk->definition,
		.key = &reader->key,
		.range = &chunk->range,
		.where = chunk->where,
		.comment = arena_printf(&chunk->arena, "tideway %s backfill %.*s chunk %u",
					reader->backfill->sync->config->name,
					SLICE_FMT(chunk->table->full_name), reader->number),
	};
}

/* Load the key, if the table has another definition than the last time. */
static int load_key(struct backfill_reader *reader, struct err *err)
{
	const struct table *table = reader->chunk->definition;
	const struct chunk_query query = query_of(reader);
	struct table_size size;
	struct buf signature;
	if (reader->signature.ptr && reader->version == table->version)
		return 0;
	if (chunk_key_load(reader->conn, &query, &reader->keys, &reader->key, err) < 0 ||
	    source_table_size(reader->conn, table, &size, err) < 0)
		return -1;
	atomic_store(&reader->chunk->table->metrics.estimate, size.rows);
	buf_init(&signature);
	chunk_key_sign(&reader->key, table, reader->chunk->table->where, conn_server(reader->conn),
		       &signature);
	reader->signature = arena_copy(&reader->keys, buf_slice(&signature));
	reader->version = table->version;
	buf_fini(&signature);
	return 0;
}

/* Limit what is missing to the next chunk. What was cut by another key is of no use: begin again. */
static int cut(struct backfill_reader *reader, struct err *err)
{
	struct backfill_chunk *chunk = reader->chunk;
	struct chunk_query query;
	struct key_bound bound;
	if (load_key(reader, err) < 0)
		return -1;
	if (!slice_equal(chunk->signature, reader->signature))
		chunk->range = (struct key_range){{0, NULL}, {0, NULL}};
	chunk->signature = reader->signature;
	query = query_of(reader);
	if (chunk_next_bound(reader->conn, &query, reader->chunk_rows, &chunk->arena, &bound, err) <
	    0)
		return -1;
	if (bound.n > 0)
		chunk->range.high = bound;
	return 0;
}

/* Keep the rows, up to the limit, which does not count for a chunk that cannot be made smaller. Return 1, or 0 if they are too
 * many. */
static int keep_rows(struct backfill_reader *reader, struct chunk *rows, struct err *err)
{
	struct backfill_chunk *chunk = reader->chunk;
	struct slice packet;
	bool fits = true;
	int rc;
	while ((rc = chunk_read(rows, &packet, err)) > 0) {
		if (reader->chunk_rows > 1 && chunk->rows.len + packet.len > CHUNK_BYTES)
			fits = false;
		if (fits)
			backfill_chunk_add(chunk, packet);
	}
	return rc < 0 ? -1 : fits;
}

static int read_rows(struct backfill_reader *reader, struct err *err)
{
	struct backfill_chunk *chunk = reader->chunk;
	const struct chunk_query query = query_of(reader);
	struct row_layout *layout;
	struct chunk rows;
	int rc;
	if (chunk_open(&rows, reader->conn, &query, err) < 0)
		return -1;
	rc = chunk_layout(&rows, chunk->definition, &chunk->arena, &layout, err);
	if (rc == 0)
		rc = keep_rows(reader, &rows, err);
	chunk->layout = layout;
	chunk_fini(&rows);
	return rc;
}

/* Read the next rows, while the lane records. Return 1, or 0 if they were too many, or -1. */
static int read_chunk(struct backfill_reader *reader, struct err *err)
{
	struct backfill_chunk *chunk = reader->chunk;
	int rc;
	chunk->nrows = 0;
	buf_shrink(&chunk->rows, CHUNK_BYTES);
	if (connect(reader, err) < 0 || open_snapshot(reader, err) < 0 || cut(reader, err) < 0)
		return -1;
	rc = read_rows(reader, err);
	if (rc < 0 || snapshot_end(reader->conn, err) < 0 ||
	    source_binlog_end(reader->conn, &chunk->high, err) < 0)
		return -1;
	return rc;
}

static void limit_rows(struct backfill_reader *reader)
{
	uint64_t limit = (uint64_t)reader->backfill->sync->config->full_rows_per_second;
	if (limit > 0 && reader->chunk_rows > limit)
		reader->chunk_rows = limit;
}

static void make_smaller(struct backfill_reader *reader)
{
	reader->discards = 0;
	if (reader->chunk_rows > 1)
		reader->chunk_rows /= 2;
}

/* Choose the size of the next chunk by that of the last one. */
static void make_fit(struct backfill_reader *reader)
{
	reader->discards = 0;
	if (reader->chunk->rows.len < CHUNK_BYTES / 4 && reader->chunk_rows < CHUNK_ROWS_MAX)
		reader->chunk_rows *= 2;
	limit_rows(reader);
}

/* ---- one table ---- */

/* Wait until full.rows_per_second allows another chunk. */
static int keep_pace(struct backfill_reader *reader, struct err *err)
{
	double limit = reader->backfill->sync->config->full_rows_per_second;
	int64_t due_ms = reader->paced_ms;
	if (limit <= 0)
		return 0;
	due_ms += (int64_t)((double)reader->paced_rows * SECOND_MS / limit);
	return wait_because(reader, BACKFILL_WAITS_PACE, due_ms - clock_mono_ms(), err);
}

/* All rows are sent. Return as pass_chunk. */
static int find_deletes(struct backfill_reader *reader, struct err *err)
{
	int rc = backfill_deletes(reader->backfill, err);
	if (rc < 0 && !must_end(reader))
		return give_up(reader, err);
	return rc;
}

/* Read a chunk and let the lane send it. Return whether the table is done: 1, 0, -1. */
static int pass_chunk(struct backfill_reader *reader, struct err *err)
{
	struct backfill_chunk *chunk = reader->chunk;
	struct backfill_link *link = &reader->backfill->link;
	int rc;
	arena_reset(&chunk->arena);
	if (keep_pace(reader, err) < 0 || backfill_ask(link, BACKFILL_BEGIN, err) < 0)
		return -1;
	if (chunk->message == BACKFILL_ENDED)
		return 1;
	if (chunk->message == BACKFILL_COPIED)
		return find_deletes(reader, err);
	rc = read_chunk(reader, err);
	if (rc < 0)
		return recover(reader, err);
	if (rc == 0) {
		make_smaller(reader);
		return 0;
	}
	/* it is not known how many rows a condition has passed over */
	reader->paced_rows += chunk->where ? reader->chunk_rows : chunk->nrows;
	reader->misfit.file[0] = '\0';
	if (backfill_ask(link, BACKFILL_SEND, err) < 0)
		return -1;
	if (chunk->message == BACKFILL_DISCARDED) {
		if (++reader->discards == DISCARDS_MAX)
			make_smaller(reader);
		return 0;
	}
	if (chunk->message == BACKFILL_ENDED)
		return 1;
	reader->number++;
	make_fit(reader);
	return 0;
}

static int read_table(struct backfill_reader *reader, struct backfill_table *table, struct err *err)
{
	int rc;
	reader->chunk->table = table;
	reader->chunk_rows = CHUNK_ROWS;
	limit_rows(reader);
	reader->signature = (struct slice){NULL, 0};
	reader->number = 1;
	reader->misfit.file[0] = '\0';
	arena_reset(&reader->keys);
	atomic_store(&table->metrics.begun_ms, clock_mono_ms());
	while ((rc = pass_chunk(reader, err)) == 0)
		;
	atomic_store(&table->metrics.done, rc > 0);
	return rc < 0 ? -1 : 0;
}

int backfill_run(struct backfill *backfill, struct err *err)
{
	struct backfill_reader reader = {
		.backfill = backfill, .chunk = &backfill->link.chunk, .paced_ms = clock_mono_ms()};
	int rc = 0;
	log_about(backfill->sync->label);
	arena_init(&reader.keys, 0);
	position_init(&reader.misfit);
	for (unsigned i = 0; rc == 0 && i < backfill->ntables; i++)
		rc = read_table(&reader, &backfill->tables[i], err);
	disconnect(&reader);
	position_fini(&reader.misfit);
	arena_fini(&reader.keys);
	return rc;
}
