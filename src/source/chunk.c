#include "source/chunk_priv.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/reader.h"
#include "source/chunk_sql.h"
#include "source/conn_priv.h"
#include "source/raw.h"
#include "source/server_error.h"
#include "source/server.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	DEFINITION_TAIL = 12, /* bytes of the fixed part of a column definition */
};

/* The content of chunk.private_data. */
struct chunk_private {
	struct arena arena; /* fields and their names */
	bool prepared;      /* the statement must be closed */
	bool executed;      /* its result must be read to the end */
	bool failed;        /* an error ended the result */
	char doing[300];    /* "reading `shop`.`orders`", for errors */
};

/* ---- the protocol ---- */

static struct chunk_private *priv(const struct chunk *chunk)
{
	return chunk->private_data;
}

static int chunk_fail(struct chunk *chunk, struct err *err)
{
	if (server_error_table_changed(conn_errno(chunk->conn)))
		err->retriable = true;
	return -1;
}

static int unexpected(struct chunk *chunk, const char *what, struct slice packet, struct err *err)
{
	return err_set(err, E_PROTOCOL,
		       "source %s: %s: %s: unexpected packet of %zu bytes, first byte %02x. Is "
		       "there a proxy in between?",
		       chunk->conn->place, priv(chunk)->doing, what, packet.len,
		       packet.len ? (unsigned char)packet.ptr[0] : 0u);
}

static int next_packet(struct chunk *chunk, struct slice *packet, struct err *err)
{
	if (raw_read(chunk->conn, packet, priv(chunk)->doing, err)) {
		priv(chunk)->failed = true;
		return chunk_fail(chunk, err);
	}
	return 0;
}

static int expect_eof(struct chunk *chunk, struct err *err)
{
	struct slice packet;

	if (next_packet(chunk, &packet, err))
		return -1;
	return raw_is_eof(packet) ? 0
				  : unexpected(chunk, "end of the column definitions", packet, err);
}

bool chunk_parse_definition(struct slice packet, struct arena *arena, struct chunk_field *field)
{
	struct slice strings[6];
	struct reader r;

	reader_init(&r, packet.ptr, packet.len);
	for (unsigned i = 0; i < 6; i++)
		strings[i] = reader_lenenc_slice(&r);
	if (reader_left(&r) != 1 + DEFINITION_TAIL)
		reader_lenenc_slice(&r);
	if (reader_lenenc(&r) != DEFINITION_TAIL)
		return false;
	field->charset = reader_u16(&r);
	field->length = reader_u32(&r);
	field->wire = reader_u8(&r);
	field->flags = reader_u16(&r);
	field->decimals = reader_u8(&r);
	reader_u16(&r); /* filler */
	if (r.failed)
		return false;
	field->name = arena_copy(arena, strings[4]);
	return true;
}

static int read_definitions(struct chunk *chunk, struct chunk_field *fields, unsigned n,
			    struct err *err)
{
	struct slice packet;

	for (unsigned i = 0; i < n; i++) {
		if (next_packet(chunk, &packet, err))
			return -1;
		if (!chunk_parse_definition(packet, &priv(chunk)->arena, &fields[i]))
			return unexpected(chunk, "column definition", packet, err);
	}
	return expect_eof(chunk, err);
}

/* Prepares the statement. The answer is 00 id(4) ncols(2) nparams(2) 00 warnings(2), then the
 * definitions and EOF. */
static int prepare(struct chunk *chunk, struct slice sql, struct err *err)
{
	struct slice packet;
	struct reader r;
	unsigned nparams;

	if (raw_send(chunk->conn, RAW_STMT_PREPARE, sql, err) || next_packet(chunk, &packet, err))
		return -1;
	reader_init(&r, packet.ptr, packet.len);
	if (reader_u8(&r) != 0)
		return unexpected(chunk, "prepare", packet, err);
	chunk->statement = reader_u32(&r);
	chunk->nfields = reader_u16(&r);
	nparams = reader_u16(&r);
	if (r.failed || chunk->nfields == 0 || nparams)
		return unexpected(chunk, "prepare", packet, err);
	priv(chunk)->prepared = true;
	chunk->fields = ARENA_ARRAY(&priv(chunk)->arena, chunk->nfields, struct chunk_field);
	return read_definitions(chunk, chunk->fields, chunk->nfields, err);
}

static int send_execute(struct chunk *chunk, struct err *err)
{
	/* id(4), flags 00: no cursor, so the server sends rows unbuffered; iterations(4) = 1 */
	char body[9] = {0, 0, 0, 0, 0, 1, 0, 0, 0};

	for (unsigned i = 0; i < 4; i++)
		body[i] = (char)(chunk->statement >> (8 * i));
	return raw_send(chunk->conn, RAW_STMT_EXECUTE, slice_of(body, sizeof(body)), err);
}

/* Executes the statement. The answer is ncols and, on MariaDB 10.6 and later, one byte: 0 means
 * that the definitions of the prepare are still valid and do not follow, 1 that they have
 * changed. */
static int execute(struct chunk *chunk, struct err *err)
{
	struct slice packet;
	struct reader r;
	uint64_t ncols;
	bool cached;

	if (send_execute(chunk, err) || next_packet(chunk, &packet, err))
		return -1;
	reader_init(&r, packet.ptr, packet.len);
	ncols = reader_lenenc(&r);
	cached = reader_left(&r) == 1 && reader_u8(&r) == 0;
	if (r.failed || ncols == 0 || reader_left(&r))
		return unexpected(chunk, "execute", packet, err);
	priv(chunk)->executed = true;
	if (cached)
		return expect_eof(chunk, err);
	chunk->nfields = (unsigned)ncols;
	chunk->fields = ARENA_ARRAY(&priv(chunk)->arena, chunk->nfields, struct chunk_field);
	return read_definitions(chunk, chunk->fields, chunk->nfields, err);
}

int server_open_chunk(struct chunk *chunk, struct conn *conn, const struct chunk_query *query,
		      struct err *err)
{
	struct chunk_private *private_data = mem_array(1, sizeof(*private_data));
	struct buf sql;
	int rc;

	*chunk = (struct chunk){.conn = conn, .private_data = private_data};
	arena_init(&private_data->arena, 0);
	buf_init(&sql);
	chunk_sql_table(&sql, query->table);
	snprintf(private_data->doing, sizeof(private_data->doing), "reading %s", buf_cstr(&sql));
	buf_clear(&sql);
	chunk_sql_select(&sql, query);
	rc = prepare(chunk, buf_slice(&sql), err) || execute(chunk, err) ? -1 : 0;
	buf_fini(&sql);
	if (rc)
		server_close_chunk(chunk);
	return rc;
}

bool chunk_ready(const struct chunk *chunk)
{
	return chunk->done || chunk->next || raw_ready(chunk->conn);
}

int chunk_read(struct chunk *chunk, struct slice *packet, struct err *err)
{
	if (__builtin_expect(chunk->next != NULL, 0))
		return chunk->next(chunk, packet, err);
	if (chunk->done)
		return 0;
	if (next_packet(chunk, packet, err))
		return -1;
	if (packet->len && packet->ptr[0] == 0)
		return 1;
	if (!raw_is_eof(*packet)) {
		priv(chunk)->failed = true;
		return unexpected(chunk, "row", *packet, err);
	}
	chunk->done = true;
	return 0;
}

void server_close_chunk(struct chunk *chunk)
{
	struct chunk_private *private_data = chunk->private_data;
	struct err ignored = ERR_INIT;
	struct slice packet;
	unsigned number;
	char id[4];

	if (private_data == NULL)
		return;
	number = conn_errno(chunk->conn); /* keep it for the caller */
	while (private_data->executed && !chunk->done && !private_data->failed)
		if (chunk_read(chunk, &packet, &ignored) < 0)
			break;
	for (unsigned i = 0; i < 4; i++)
		id[i] = (char)(chunk->statement >> (8 * i));
	/* the server sends no answer; a lost connection needs no close */
	if (private_data->prepared && !server_error_lost(conn_errno(chunk->conn)) &&
	    raw_send(chunk->conn, RAW_STMT_CLOSE, slice_of(id, sizeof(id)), &ignored))
		private_data->prepared = false;
	if (number)
		chunk->conn->last_errno = number;
	arena_fini(&private_data->arena);
	free(private_data);
	*chunk = (struct chunk){.done = true};
}

/* ---- metadata locks ---- */

/* Where a savepoint releases no locks, set none: MariaDB would write it to the binlog at COMMIT. */
int server_hold_locks(struct conn *conn, struct err *err)
{
	if (!conn_frees_locks(conn))
		return 0;
	return conn_query(conn, NULL, err, "SAVEPOINT tideway");
}

int server_release_locks(struct conn *conn, struct err *err)
{
	if (!conn_frees_locks(conn))
		return 0;
	return conn_query(conn, NULL, err, "ROLLBACK TO SAVEPOINT tideway");
}

static int try_where(struct conn *conn, const struct table *table, const char *where, bool nested,
		     struct err *err)
{
	struct buf sql;
	int rc;

	buf_init(&sql);
	buf_put(&sql, SLICE("SELECT /* tideway check */ 1 FROM "));
	chunk_sql_table(&sql, table);
	buf_printf(&sql, " WHERE %s%s%s LIMIT 0", nested ? "(" : "", where, nested ? ")" : "");
	rc = conn_query(conn, NULL, err, "%s", buf_cstr(&sql));
	buf_fini(&sql);
	return rc ? -1 : 0;
}

/* With parentheses first: then no comment hides what follows the condition. */
int chunk_check_where(struct conn *conn, const struct table *table, const char *where,
		      struct err *err)
{
	if (try_where(conn, table, where, true, err) == 0 &&
	    try_where(conn, table, where, false, err) == 0)
		return 0;
	return err_wrap(err, "the source does not accept the condition for table %.*s",
			SLICE_FMT(table->full_name));
}
