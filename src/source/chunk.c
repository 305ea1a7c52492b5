#include "source/chunk_priv.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/reader.h"
#include "source/conn_priv.h"
#include "source/raw.h"
#include "source/server_error.h"
#include "source/server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	SPLIT_MIN_ROWS = 20000, /* smaller tables are not divided */
	SPLIT_CELLS_MAX = 400,  /* maximum number of estimates, about 0.2 ms each */
	DEFINITION_TAIL = 12,   /* bytes of the fixed part of a column definition */
};

/* The content of chunk.private_data. */
struct chunk_private {
	struct arena arena; /* fields and their names */
	bool prepared;      /* the statement must be closed */
	bool executed;      /* its result must be read to the end */
	bool failed;        /* an error ended the result */
	char doing[300];    /* "reading `shop`.`orders`", for errors */
};

/* ---- the statement ---- */

static void put_bound(struct buf *sql, const struct table *table, const char *sign,
		      const struct key_bound *bound, const char **joint)
{
	if (bound->n == 0)
		return;
	buf_put(sql, slice_str(*joint));
	conn_quote_name(table->columns[table->pk[0]].name, sql);
	buf_put(sql, slice_str(sign));
	buf_put(sql, bound->parts[0]);
	*joint = " AND ";
}

static void put_where(struct buf *sql, const struct table *table, const struct key_range *range,
		      const char *where)
{
	const char *joint = " WHERE ";

	if (range) {
		put_bound(sql, table, " > ", &range->low, &joint);
		put_bound(sql, table, " <= ", &range->high, &joint);
	}
	if (where)
		buf_printf(sql, "%s(%s)", joint, where);
}

static void put_table(struct buf *sql, const struct table *table)
{
	conn_quote_name(table->db, sql);
	buf_char(sql, '.');
	conn_quote_name(table->name, sql);
}

void chunk_build_select(struct buf *sql, const struct table *table, const struct key_range *range,
			const char *where)
{
	buf_put(sql, SLICE("SELECT "));
	for (unsigned i = 0; i < table->ncolumns; i++) {
		if (i)
			buf_char(sql, ',');
		conn_quote_name(table->columns[i].name, sql);
	}
	buf_put(sql, SLICE(" FROM "));
	put_table(sql, table);
	put_where(sql, table, range, where);
}

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

int server_open_chunk(struct chunk *chunk, struct conn *conn, const struct table *table,
		      const struct key_range *range, const char *where, struct err *err)
{
	struct chunk_private *private_data = mem_array(1, sizeof(*private_data));
	struct buf sql;
	int rc;

	*chunk = (struct chunk){.conn = conn, .private_data = private_data};
	arena_init(&private_data->arena, 0);
	buf_init(&sql);
	put_table(&sql, table);
	snprintf(private_data->doing, sizeof(private_data->doing), "reading %s", buf_cstr(&sql));
	buf_clear(&sql);
	chunk_build_select(&sql, table, range, where);
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

int server_hold_locks(struct conn *conn, struct err *err)
{
	return conn_query(conn, NULL, err, "SAVEPOINT tideway");
}

int server_release_locks(struct conn *conn, struct err *err)
{
	return conn_query(conn, NULL, err, "ROLLBACK TO SAVEPOINT tideway");
}

/* ---- ranges ---- */

uint64_t chunk_parse_key(const struct key_space *space, const char *text)
{
	if (space->is_unsigned)
		return strtoull(text, NULL, 10);
	return (uint64_t)strtoll(text, NULL, 10) ^ (UINT64_C(1) << 63);
}

void chunk_print_key(const struct key_space *space, uint64_t key, char text[24])
{
	if (space->is_unsigned)
		snprintf(text, 24, "%" PRIu64, key);
	else
		snprintf(text, 24, "%" PRId64, (int64_t)(key ^ (UINT64_C(1) << 63)));
}

bool chunk_can_split(const struct table *table)
{
	const struct column *column;

	if (table->npk == 0)
		return false;
	column = &table->columns[table->pk[0]];
	return column_type_class(column->type) == CLASS_INTEGER;
}

static int estimate_table(struct conn *conn, const struct table *table, uint64_t *rows,
			  struct err *err)
{
	struct result result;
	struct buf names;

	buf_init(&names);
	buf_put(&names, SLICE("table_schema = "));
	conn_quote(conn, table->db, &names);
	buf_put(&names, SLICE(" AND table_name = "));
	conn_quote(conn, table->name, &names);
	int rc = conn_query(conn, &result, err,
			    "SELECT table_rows FROM information_schema.tables WHERE %s",
			    buf_cstr(&names));
	buf_fini(&names);
	if (rc)
		return -1;
	*rows = result_cell(&result, 0, 0).ptr ? strtoull(result_cell(&result, 0, 0).ptr, NULL, 10)
					       : 0;
	result_fini(&result);
	return 0;
}

/* Sets the optimizer's estimate of rows between two keys. It makes two index dives and reads no
 * row. Do not use FORCE INDEX, which makes MySQL skip the dives. FORMAT=TRADITIONAL is needed
 * because MySQL 9 explains as a tree. */
static int estimate_cell(const struct key_space *space, struct key_cell *cell, struct err *err)
{
	const struct table *table = space->table;
	char first[24], last[24];
	struct result result;
	struct buf from, key;
	int rc;

	chunk_print_key(space, cell->first, first);
	chunk_print_key(space, cell->last, last);
	buf_init(&from);
	buf_init(&key);
	put_table(&from, table);
	conn_quote_name(table->columns[table->pk[0]].name, &key);
	rc = conn_query(space->conn, &result, err,
			"EXPLAIN FORMAT=TRADITIONAL SELECT 1 FROM %s USE INDEX (PRIMARY) WHERE "
			"%s BETWEEN %s AND %s",
			buf_cstr(&from), buf_cstr(&key), first, last);
	buf_fini(&from);
	buf_fini(&key);
	if (rc)
		return -1;
	struct slice rows = result_named(&result, 0, "rows");
	cell->rows = rows.ptr ? strtoull(rows.ptr, NULL, 10) : 0;
	result_fini(&result);
	return 0;
}

static int find_ends(const struct key_space *space, struct key_cell *all, bool *empty,
		     struct err *err)
{
	const struct table *table = space->table;
	struct result result;
	struct buf from, key;
	int rc;

	buf_init(&from);
	buf_init(&key);
	put_table(&from, table);
	conn_quote_name(table->columns[table->pk[0]].name, &key);
	rc = conn_query(space->conn, &result, err, "SELECT MIN(%s), MAX(%s) FROM %s",
			buf_cstr(&key), buf_cstr(&key), buf_cstr(&from));
	buf_fini(&from);
	buf_fini(&key);
	if (rc)
		return -1;
	*empty = result_cell(&result, 0, 0).ptr == NULL;
	if (!*empty) {
		all->first = chunk_parse_key(space, result_cell(&result, 0, 0).ptr);
		all->last = chunk_parse_key(space, result_cell(&result, 0, 1).ptr);
	}
	result_fini(&result);
	return 0;
}

/* Returns the cell with the most rows that has more than enough and can be halved; n: none. */
static unsigned fullest(const struct key_cell *cells, unsigned n, uint64_t enough)
{
	unsigned best = n;

	for (unsigned i = 0; i < n; i++)
		if (cells[i].rows > enough && cells[i].first < cells[i].last &&
		    (best == n || cells[i].rows > cells[best].rows))
			best = i;
	return best;
}

/* Halves the cell with the most rows until no cell has more than enough. So keys with gaps and
 * outliers divide as well as even keys. Keeps the cells in key order. */
static int halve_cells(const struct key_space *space, struct key_cell *cells, unsigned *ncells,
		       unsigned max, uint64_t enough, struct err *err)
{
	while (*ncells < max) {
		unsigned i = fullest(cells, *ncells, enough);
		if (i == *ncells)
			return 0;
		memmove(&cells[i + 1], &cells[i], (*ncells - i) * sizeof(*cells));
		cells[i].last = cells[i].first + (cells[i].last - cells[i].first) / 2;
		cells[i + 1].first = cells[i].last + 1;
		++*ncells;
		if (estimate_cell(space, &cells[i], err) ||
		    estimate_cell(space, &cells[i + 1], err))
			return -1;
	}
	return 0;
}

static struct key_bound one_part(struct arena *arena, const char *text)
{
	struct slice *part = ARENA_NEW(arena, struct slice);

	*part = arena_copy(arena, slice_str(text));
	return (struct key_bound){1, part};
}

unsigned chunk_join_cells(const struct key_space *space, const struct key_cell *cells,
			  unsigned ncells, unsigned n, struct arena *arena,
			  struct key_bound *bounds)
{
	uint64_t total = 0, sum = 0;
	unsigned nbounds = 0;
	char text[24];

	for (unsigned i = 0; i < ncells; i++)
		total += cells[i].rows;
	for (unsigned i = 0; i + 1 < ncells && nbounds + 1 < n; i++) {
		sum += cells[i].rows;
		if (sum < total / n * (nbounds + 1) || sum == 0)
			continue;
		chunk_print_key(space, cells[i].last, text);
		bounds[nbounds++] = one_part(arena, text);
	}
	return nbounds;
}

static int split_keys(const struct key_space *space, unsigned n, struct arena *arena,
		      struct key_bound *bounds, unsigned *nbounds, struct err *err)
{
	unsigned max = n * 16 + 128, ncells = 1;
	struct key_cell *cells;
	bool empty;
	int rc;

	if (max > SPLIT_CELLS_MAX)
		max = SPLIT_CELLS_MAX;
	cells = mem_array(max, sizeof(*cells));
	rc = find_ends(space, &cells[0], &empty, err);
	if (rc == 0 && !empty)
		rc = estimate_cell(space, &cells[0], err);
	if (rc == 0 && !empty)
		rc = halve_cells(space, cells, &ncells, max, cells[0].rows / n / 4 + 1, err);
	if (rc == 0 && !empty)
		*nbounds = chunk_join_cells(space, cells, ncells, n, arena, bounds);
	free(cells);
	return rc;
}

int server_split(struct conn *conn, const struct table *table, unsigned n, struct arena *arena,
		 struct key_bound **bounds, unsigned *nbounds, uint64_t *rows, struct err *err)
{
	struct key_space space = {.conn = conn, .table = table};

	*bounds = ARENA_ARRAY(arena, n ? n : 1, struct key_bound);
	*nbounds = 0;
	if (estimate_table(conn, table, rows, err))
		return -1;
	if (n < 2 || *rows < SPLIT_MIN_ROWS || !chunk_can_split(table))
		return 0;
	space.is_unsigned = table->columns[table->pk[0]].is_unsigned;
	return split_keys(&space, n, arena, *bounds, nbounds, err);
}
