#include "source/row_estimate.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define SPREAD_MAX 0.2 /* standard error of the mean density, as a part of it */

static __int128 parse_key(const struct column *column, struct slice text)
{
	return column->is_unsigned ? (__int128)strtoull(text.ptr, NULL, 10)
				   : (__int128)strtoll(text.ptr, NULL, 10);
}

static void put_key(struct buf *out, __int128 key)
{
	if (key < 0)
		buf_printf(out, "%" PRId64, (int64_t)key);
	else
		buf_printf(out, "%" PRIu64, (uint64_t)key);
}

static void put_table(struct buf *out, const struct table *table)
{
	conn_quote_name(table->db, out);
	buf_char(out, '.');
	conn_quote_name(table->name, out);
}

/* Return the column of a key that key_ends describes; NULL: the table has another one. */
static const struct column *integer_key(const struct table *table)
{
	const struct column *column;
	if (table->npk != 1)
		return NULL;
	column = &table->columns[table->pk[0]];
	return column_type_class(column->type) == CLASS_INTEGER ? column : NULL;
}

int source_key_ends(struct conn *conn, const struct table *table, struct key_ends *ends,
		    struct err *err)
{
	const struct column *column = integer_key(table);
	struct result result;
	struct buf key, from;
	int rc;
	*ends = (struct key_ends){.column = NULL};
	if (column == NULL)
		return 0;
	buf_init(&key);
	buf_init(&from);
	conn_quote_name(column->name, &key);
	put_table(&from, table);
	rc = conn_query(conn, &result, err, "SELECT MIN(%s), MAX(%s) FROM %s", buf_cstr(&key),
			buf_cstr(&key), buf_cstr(&from));
	if (rc == 0 && result_cell(&result, 0, 0).ptr)
		*ends = (struct key_ends){column, parse_key(column, result_cell(&result, 0, 0)),
					  parse_key(column, result_cell(&result, 0, 1))};
	if (rc == 0)
		result_fini(&result);
	buf_fini(&from);
	buf_fini(&key);
	return rc;
}

static __int128 place_of(const struct key_ends *ends, unsigned part, unsigned parts)
{
	return ends->first + (ends->last - ends->first) * part / parts;
}

void key_ends_put_place(const struct key_ends *ends, unsigned part, unsigned parts,
			struct buf *where)
{
	conn_quote_name(ends->column->name, where);
	buf_put(where, SLICE(" >= "));
	put_key(where, place_of(ends, part, parts));
}

uint64_t row_estimate(const struct key_ends *ends, const struct key_density *densities, unsigned n,
		      uint64_t statistics)
{
	double keys = (double)(ends->last - ends->first) + 1, sum = 0, squares = 0, mean, error;
	for (unsigned i = 0; i < n; i++) {
		double density = (double)densities[i].rows / densities[i].span;
		sum += density;
		squares += density * density;
	}
	mean = sum / n;
	error = sqrt(fmax(squares / n - mean * mean, 0) / n);
	return error > SPREAD_MAX * mean ? statistics : (uint64_t)(mean * keys + 0.5);
}

/* Read the keys that follow a place. The table has a row there or later. */
static int measure(struct conn *conn, const struct table *table, const struct key_ends *ends,
		   unsigned place, struct key_density *density, struct err *err)
{
	__int128 at = place_of(ends, 2 * place + 1, 2 * ROW_ESTIMATE_PLACES), last = ends->last;
	struct result result;
	struct buf key, from, where;
	int rc;
	buf_init(&key);
	buf_init(&from);
	buf_init(&where);
	conn_quote_name(ends->column->name, &key);
	put_table(&from, table);
	key_ends_put_place(ends, 2 * place + 1, 2 * ROW_ESTIMATE_PLACES, &where);
	rc = conn_query(conn, &result, err,
			"SELECT COUNT(*), MAX(k) FROM (SELECT %s AS k FROM %s FORCE INDEX "
			"(PRIMARY) WHERE %s ORDER BY %s LIMIT %d) AS sample",
			buf_cstr(&key), buf_cstr(&from), buf_cstr(&where), buf_cstr(&key),
			(int)ROW_ESTIMATE_ROWS);
	if (rc == 0) {
		density->rows = strtoull(result_cell(&result, 0, 0).ptr, NULL, 10);
		if (density->rows == ROW_ESTIMATE_ROWS)
			last = parse_key(ends->column, result_cell(&result, 0, 1));
		density->span = (double)(last - at) + 1;
		result_fini(&result);
	}
	buf_fini(&where);
	buf_fini(&from);
	buf_fini(&key);
	return rc;
}

int source_estimate_rows(struct conn *conn, const struct table *table, const struct key_ends *ends,
			 uint64_t statistics, uint64_t *rows, struct err *err)
{
	struct key_density densities[ROW_ESTIMATE_PLACES];
	*rows = statistics;
	if (ends->column == NULL)
		return 0;
	for (unsigned i = 0; i < ROW_ESTIMATE_PLACES; i++)
		if (measure(conn, table, ends, i, &densities[i], err) < 0)
			return -1;
	*rows = row_estimate(ends, densities, ROW_ESTIMATE_PLACES, statistics);
	return 0;
}
