/* chunk_border: finds where chunks end. Rule: chunk-borders: the server compares, and no statement reads more than a chunk.
 * An integer key is bisected by the optimizer's estimates, which read no row. Any other key is walked to the n-th row. */
#include "source/chunk_border.h"

#include "base/num.h"
#include "source/chunk_sql.h"
#include "source/conn_priv.h"
#include "source/server.h"
#include "source/server_error.h"

#include <mysqld_error.h>
#include <inttypes.h>
#include <math.h>

enum { DIVES_MAX = 12 }; /* of about 0.2 ms each; then the key is walked */

/* ---- the walk ---- */

static struct key_bound copy_bound(const struct result *result, unsigned n, struct arena *arena)
{
	struct slice *parts = ARENA_ARRAY(arena, n, struct slice);

	for (unsigned i = 0; i < n; i++)
		parts[i] = arena_copy(arena, result_cell(result, 0, i));
	return (struct key_bound){n, parts};
}

/* Sets *bound to the key of the n-th row; n = 0: there are fewer rows. */
static int find_row(struct conn *conn, const struct chunk_query *query, uint64_t n,
		    struct arena *arena, struct key_bound *bound, struct err *err)
{
	struct result result;
	struct buf sql;
	int rc;

	buf_init(&sql);
	chunk_sql_walk(&sql, query, n);
	rc = conn_query(conn, &result, err, "%s", buf_cstr(&sql));
	buf_fini(&sql);
	if (rc)
		return -1;
	*bound = result.nrows ? copy_bound(&result, query->key->ncut, arena)
			      : (struct key_bound){0, NULL};
	result_fini(&result);
	return 0;
}

/* Returns whether a value may contain bytes that are not valid in its character set. */
static bool may_be_invalid(const struct chunk_query *query, const struct key_bound *bound,
			   unsigned at)
{
	const struct chunk_part *part = &query->key->parts[at];
	enum charset charset = query->table->columns[part->column].charset;

	if (part->literal != CHUNK_LITERAL_TEXT ||
	    (charset_max_bytes(charset) == 1 && charset != CHARSET_ASCII))
		return false;
	for (size_t i = 0; i < bound->parts[at].len; i++)
		if (bound->parts[at].ptr[i] == 0 || (unsigned char)bound->parts[at].ptr[i] >= 0x80)
			return true;
	return false;
}

/* Asks the server whether it accepts the value as a literal. Bytes that are not valid in their character set it refuses. */
static int is_accepted(struct conn *conn, const struct chunk_query *query, unsigned at,
		       struct slice value, struct err *err)
{
	struct buf sql;
	int rc;

	buf_init(&sql);
	buf_put(&sql, SLICE("SELECT"));
	chunk_sql_comment(&sql, query);
	chunk_sql_literal(&sql, &query->key->parts[at], value);
	rc = conn_query(conn, NULL, err, "%s", buf_cstr(&sql));
	buf_fini(&sql);
	if (rc == 0)
		return 1;
	if (conn_errno(conn) != ER_INVALID_CHARACTER_STRING)
		return -1;
	*err = (struct err)ERR_INIT;
	return 0;
}

static int can_be_written(struct conn *conn, const struct chunk_query *query,
			  const struct key_bound *bound, struct err *err)
{
	int rc = 1;

	for (unsigned i = 0; rc > 0 && i < bound->n; i++)
		if (may_be_invalid(query, bound, i))
			rc = is_accepted(conn, query, i, bound->parts[i], err);
	return rc;
}

/* A key that cannot be written as a literal is passed over, for one twice as far away. */
static int walk(struct conn *conn, const struct chunk_query *query, uint64_t rows,
		struct arena *arena, struct key_bound *bound, struct err *err)
{
	int rc;

	do {
		if (find_row(conn, query, rows, arena, bound, err))
			return -1;
		rc = can_be_written(conn, query, bound, err);
		rows *= 2;
	} while (rc == 0);
	return rc < 0 ? -1 : 0;
}

/* ---- integers ---- */

uint64_t border_parse(struct slice text, bool is_unsigned)
{
	uint64_t u = 0;
	int64_t i = 0;

	if (!is_unsigned && num_parse_i64(text, &i))
		return (uint64_t)i ^ UINT64_C(1) << 63;
	num_parse_u64(text, &u);
	return is_unsigned ? u : u ^ UINT64_C(1) << 63;
}

size_t border_print(uint64_t key, bool is_unsigned, char text[NUM_INT_MAX])
{
	return is_unsigned ? num_u64(text, key) : num_i64(text, (int64_t)(key ^ UINT64_C(1) << 63));
}

/* A search for the width of a chunk that begins at `first`: too small and too large ones so far. */
struct search {
	uint64_t low, high;           /* widths: the keys up to first + width */
	uint64_t low_rows, high_rows; /* the estimates of their rows */
};

/* Returns a width between the two. Where rows are spread evenly, the first guess is right. Keys that are dense here and far away
 * there need a width of another order, which the geometric mean approaches by halving the exponent. */
static uint64_t guess(const struct search *search, uint64_t rows, unsigned dive)
{
	double low = (double)search->low, high = (double)search->high, width;

	if (dive && high / (low + 1) > 4)
		width = sqrt((low + 1) * high);
	else
		width = low + (high - low) * (double)(rows - search->low_rows) /
				      (double)(search->high_rows - search->low_rows);
	if (width <= low)
		return search->low + 1;
	return width >= high ? search->high - 1 : (uint64_t)width;
}

/* Returns 1 with the last key of the chunk; 0: not found. */
int border_search(const struct border_keys *keys, uint64_t rows, border_estimate *estimate,
		  void *arg, uint64_t *last, struct err *err)
{
	struct search search = {0, keys->last - keys->first, 0, keys->rows};
	uint64_t width, found;

	for (unsigned dive = 0; dive < DIVES_MAX && search.high - search.low > 1; dive++) {
		width = guess(&search, rows, dive);
		*last = keys->first + width;
		if (estimate(arg, keys->first, *last, &found, err))
			return -1;
		if (found > rows / 2 && found <= rows + rows / 2)
			return 1;
		if (found <= rows / 2) {
			search.low = width;
			search.low_rows = found;
		} else {
			search.high = width;
			search.high_rows = found;
		}
	}
	*last = keys->first + search.low; /* the dense part before a gap */
	return search.low_rows > rows / 8;
}

/* What an estimate needs. */
struct integers {
	struct conn *conn;
	const struct chunk_query *query;
	bool is_unsigned;
};

/* Appends the key as a number. */
static void put_integer(const struct integers *integers, uint64_t key, struct buf *sql)
{
	buf_reserve(sql, NUM_INT_MAX);
	sql->len += border_print(key, integers->is_unsigned, sql->ptr + sql->len);
}

static void put_integer_column(const struct chunk_query *query, struct buf *sql)
{
	conn_quote_name(query->table->columns[query->key->parts[0].column].name, sql);
}

/* Sets the optimizer's estimate of rows between two keys. It makes two index dives and reads no row. Do not use FORCE INDEX, which
 * makes MySQL skip the dives. FORMAT=TRADITIONAL is needed because MySQL 9 explains as a tree. */
static int estimate_rows(void *arg, uint64_t first, uint64_t last, uint64_t *rows, struct err *err)
{
	const struct integers *integers = arg;
	struct result result;
	struct buf sql;
	int rc;

	buf_init(&sql);
	buf_put(&sql, SLICE("EXPLAIN FORMAT=TRADITIONAL SELECT"));
	chunk_sql_comment(&sql, integers->query);
	buf_put(&sql, SLICE("1 FROM "));
	chunk_sql_table(&sql, integers->query->table);
	buf_put(&sql, SLICE(" USE INDEX ("));
	conn_quote_name(integers->query->key->index, &sql);
	buf_put(&sql, SLICE(") WHERE "));
	put_integer_column(integers->query, &sql);
	buf_put(&sql, SLICE(" BETWEEN "));
	put_integer(integers, first, &sql);
	buf_put(&sql, SLICE(" AND "));
	put_integer(integers, last, &sql);
	rc = conn_query(integers->conn, &result, err, "%s", buf_cstr(&sql));
	buf_fini(&sql);
	if (rc)
		return -1;
	*rows = 0;
	num_parse_u64(result_named(&result, 0, "rows"), rows);
	result_fini(&result);
	return 0;
}

/* Sets the ends of the keys in the range. Returns 0 if there is none. */
static int find_ends(const struct integers *integers, struct border_keys *keys, struct err *err)
{
	struct result result;
	struct buf sql;
	int rc;

	buf_init(&sql);
	buf_put(&sql, SLICE("SELECT"));
	chunk_sql_comment(&sql, integers->query);
	buf_put(&sql, SLICE("MIN("));
	put_integer_column(integers->query, &sql);
	buf_put(&sql, SLICE("), MAX("));
	put_integer_column(integers->query, &sql);
	buf_put(&sql, SLICE(") FROM "));
	chunk_sql_table(&sql, integers->query->table);
	chunk_sql_where(&sql, integers->query);
	rc = conn_query(integers->conn, &result, err, "%s", buf_cstr(&sql));
	buf_fini(&sql);
	if (rc)
		return -1;
	rc = result_cell(&result, 0, 0).ptr != NULL;
	if (rc) {
		keys->first = border_parse(result_cell(&result, 0, 0), integers->is_unsigned);
		keys->last = border_parse(result_cell(&result, 0, 1), integers->is_unsigned);
	}
	result_fini(&result);
	return rc;
}

static struct key_bound one_part(struct arena *arena, const char *text, size_t len)
{
	struct slice *part = ARENA_NEW(arena, struct slice);

	*part = arena_copy(arena, slice_of(text, len));
	return (struct key_bound){1, part};
}

/* The rest is walked, too, where it is estimated to be one chunk, because an estimate of many rows may be far too small. */
static int bisect(const struct integers *integers, uint64_t rows, struct arena *arena,
		  struct key_bound *bound, struct err *err)
{
	struct border_keys keys;
	char text[NUM_INT_MAX];
	uint64_t last = 0;
	int rc = find_ends(integers, &keys, err);

	if (rc <= 0 || keys.last - keys.first < rows)
		return rc < 0 ? -1 : 0;
	if (estimate_rows((void *)integers, keys.first, keys.last, &keys.rows, err))
		return -1;
	rc = 0;
	if (keys.rows > rows + rows / 2)
		rc = border_search(&keys, rows, estimate_rows, (void *)integers, &last, err);
	if (rc == 0)
		return walk(integers->conn, integers->query, rows, arena, bound, err);
	if (rc < 0)
		return -1;
	*bound = one_part(arena, text, border_print(last, integers->is_unsigned, text));
	return 0;
}

/* ---- all keys ---- */

int server_has_more(struct conn *conn, const struct chunk_query *query, uint64_t rows, bool *more,
		    struct err *err)
{
	struct result result;
	struct buf sql;
	int rc;

	buf_init(&sql);
	buf_put(&sql, SLICE("SELECT"));
	chunk_sql_comment(&sql, query);
	buf_put(&sql, SLICE("1 FROM "));
	chunk_sql_table(&sql, query->table);
	buf_printf(&sql, " LIMIT 1 OFFSET %" PRIu64, rows);
	rc = conn_query(conn, &result, err, "%s", buf_cstr(&sql));
	buf_fini(&sql);
	if (rc) {
		err->retriable |= server_error_table_changed(conn_errno(conn));
		return -1;
	}
	*more = result.nrows > 0;
	result_fini(&result);
	return 0;
}

static int next_bound(struct conn *conn, const struct chunk_query *query, uint64_t rows,
		      struct arena *arena, struct key_bound *bound, struct err *err)
{
	const struct chunk_part *part = query->key->parts;
	const struct column *column =
		query->key->ncut ? &query->table->columns[part->column] : NULL;

	if (column == NULL)
		return 0;
	if (query->key->nparts > 1 || part->descending ||
	    column_type_class(column->type) != CLASS_INTEGER)
		return walk(conn, query, rows, arena, bound, err);
	struct integers integers = {conn, query, column->is_unsigned};
	return bisect(&integers, rows, arena, bound, err);
}

int server_next_bound(struct conn *conn, const struct chunk_query *query, uint64_t rows,
		      struct arena *arena, struct key_bound *bound, struct err *err)
{
	*bound = (struct key_bound){0, NULL};
	if (next_bound(conn, query, rows, arena, bound, err) == 0)
		return 0;
	err->retriable |= server_error_table_changed(conn_errno(conn));
	return -1;
}
