#include "source/chunk_sql.h"

#include <inttypes.h>

/* ---- names and comments ---- */

void chunk_sql_table(struct buf *sql, const struct table *table)
{
	conn_quote_name(table->db, sql);
	buf_char(sql, '.');
	conn_quote_name(table->name, sql);
}

/* Control characters, and whatever could end the comment or begin another one, become '?'. */
void chunk_sql_comment(struct buf *sql, const struct chunk_query *query)
{
	struct slice text = query->comment;

	if (text.len == 0) {
		buf_char(sql, ' ');
		return;
	}
	buf_put(sql, SLICE(" /* "));
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		bool mark = (c == '*' && i + 1 < text.len && text.ptr[i + 1] == '/') ||
			    (c == '/' && i + 1 < text.len && text.ptr[i + 1] == '*');
		buf_char(sql, c < 0x20 || c == 0x7f || mark ? '?' : text.ptr[i]);
	}
	buf_put(sql, SLICE(" */ "));
}

/* ---- literals ---- */

enum chunk_literal chunk_literal_of(const struct column *column)
{
	switch (column_type_class(column->type)) {
	case CLASS_INTEGER:
	case CLASS_DECIMAL:
	case CLASS_YEAR:
		return CHUNK_LITERAL_NUMBER;
	case CLASS_BIT:
		return CHUNK_LITERAL_BITS;
	case CLASS_DATE:
	case CLASS_DATETIME:
	case CLASS_TIME:
	case CLASS_FIXED:
		return CHUNK_LITERAL_QUOTED;
	case CLASS_CHAR:
		return CHUNK_LITERAL_TEXT;
	case CLASS_BINARY:
		return CHUNK_LITERAL_BYTES;
	case CLASS_FLOAT:  /* the text of the server loses digits */
	case CLASS_LABELS: /* sorted by number, compared as text */
	case CLASS_TEXT:
	case CLASS_BLOB:
	case CLASS_JSON:
	case CLASS_SPATIAL:
	case CLASS_VECTOR:
		return CHUNK_LITERAL_NONE;
	}
	return CHUNK_LITERAL_NONE;
}

static void put_hex(struct buf *sql, struct slice bytes)
{
	buf_put(sql, SLICE("X'"));
	for (size_t i = 0; i < bytes.len; i++)
		buf_printf(sql, "%02X", (unsigned char)bytes.ptr[i]);
	buf_char(sql, '\'');
}

static void put_bits(struct buf *sql, struct slice bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes.len; i++)
		value = value << 8 | (unsigned char)bytes.ptr[i];
	buf_printf(sql, "%" PRIu64, value);
}

static void put_quoted(struct buf *sql, struct slice text)
{
	buf_char(sql, '\'');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\'' || text.ptr[i] == '\\')
			buf_char(sql, text.ptr[i]);
		buf_char(sql, text.ptr[i]);
	}
	buf_char(sql, '\'');
}

void chunk_sql_literal(struct buf *sql, const struct chunk_part *part, struct slice value)
{
	switch (part->literal) {
	case CHUNK_LITERAL_NUMBER:
		buf_put(sql, value);
		return;
	case CHUNK_LITERAL_BITS:
		put_bits(sql, value);
		return;
	case CHUNK_LITERAL_TEXT:
		buf_printf(sql, "_%.*s ", SLICE_FMT(part->charset));
		put_hex(sql, value);
		buf_printf(sql, " COLLATE %.*s", SLICE_FMT(part->collation));
		return;
	case CHUNK_LITERAL_BYTES:
		put_hex(sql, value);
		return;
	case CHUNK_LITERAL_QUOTED:
	case CHUNK_LITERAL_NONE:
		put_quoted(sql, value);
		return;
	}
}

/* ---- ranges ---- */

/* The side of a bound on which the rows are. */
enum side { AFTER, UP_TO };

static const struct chunk_part *part_of(const struct chunk_query *query, unsigned at)
{
	return &query->key->parts[at];
}

static void put_column(struct buf *sql, const struct chunk_query *query, unsigned at)
{
	conn_quote_name(query->table->columns[part_of(query, at)->column].name, sql);
}

static void put_compare(struct buf *sql, const struct chunk_query *query, unsigned at,
			const char *sign, const struct key_bound *bound)
{
	put_column(sql, query, at);
	buf_put(sql, slice_str(sign));
	chunk_sql_literal(sql, part_of(query, at), bound->parts[at]);
}

static const char *sign_of(enum side side, bool descending)
{
	return (side == AFTER) != descending ? " > " : " < ";
}

/* Writes that the parts from `at` on are on a side of the bound. The row form (a, b) > (1, 2) uses less of the index than
 * a > 1 OR (a = 1 AND b > 2). */
static void put_side(struct buf *sql, const struct chunk_query *query, unsigned at, enum side side,
		     const struct key_bound *bound)
{
	const char *sign = sign_of(side, part_of(query, at)->descending);

	if (at + 1 == bound->n) {
		if (side == UP_TO)
			sign = part_of(query, at)->descending ? " >= " : " <= ";
		put_compare(sql, query, at, sign, bound);
		return;
	}
	buf_char(sql, '(');
	put_compare(sql, query, at, sign, bound);
	buf_put(sql, SLICE(" OR ("));
	put_compare(sql, query, at, " = ", bound);
	buf_put(sql, SLICE(" AND "));
	put_side(sql, query, at + 1, side, bound);
	buf_put(sql, SLICE("))"));
}

/* Returns the number of leading parts that have one value in the whole range. At least one part of each bound is left. */
static unsigned count_common(const struct key_range *range)
{
	unsigned n = 0;

	while (n + 1 < range->low.n && n + 1 < range->high.n &&
	       slice_equal(range->low.parts[n], range->high.parts[n]))
		n++;
	return n;
}

/* Writes the conditions of the range. *joint is what precedes the next condition. */
static void put_range(struct buf *sql, const struct chunk_query *query, const char **joint)
{
	const struct key_range *range = query->range;
	unsigned common = range ? count_common(range) : 0;

	for (unsigned i = 0; i < common; i++) {
		buf_put(sql, slice_str(*joint));
		put_compare(sql, query, i, " = ", &range->low);
		*joint = " AND ";
	}
	if (range && range->low.n) {
		buf_put(sql, slice_str(*joint));
		put_side(sql, query, common, AFTER, &range->low);
		*joint = " AND ";
	}
	if (range && range->high.n) {
		buf_put(sql, slice_str(*joint));
		put_side(sql, query, common, UP_TO, &range->high);
		*joint = " AND ";
	}
}

void chunk_sql_where(struct buf *sql, const struct chunk_query *query)
{
	const char *joint = " WHERE ";

	put_range(sql, query, &joint);
}

static bool has_bounds(const struct chunk_query *query)
{
	return query->range && (query->range->low.n || query->range->high.n);
}

static void put_index(struct buf *sql, const struct chunk_query *query)
{
	buf_put(sql, SLICE(" FORCE INDEX ("));
	conn_quote_name(query->key->index, sql);
	buf_char(sql, ')');
}

/* ---- statements ---- */

void chunk_sql_select(struct buf *sql, const struct chunk_query *query)
{
	const struct table *table = query->table;
	const char *joint = " WHERE ";

	buf_put(sql, SLICE("SELECT"));
	chunk_sql_comment(sql, query);
	for (unsigned i = 0; i < table->ncolumns; i++) {
		if (i)
			buf_char(sql, ',');
		conn_quote_name(table->columns[i].name, sql);
	}
	buf_put(sql, SLICE(" FROM "));
	chunk_sql_table(sql, table);
	if (has_bounds(query))
		put_index(sql, query);
	put_range(sql, query, &joint);
	if (query->where)
		buf_printf(sql, "%s(%s)", joint, query->where);
}

static void put_key_columns(struct buf *sql, const struct chunk_query *query, bool directions)
{
	for (unsigned i = 0; i < query->key->ncut; i++) {
		if (i)
			buf_char(sql, ',');
		put_column(sql, query, i);
		if (directions && part_of(query, i)->descending)
			buf_put(sql, SLICE(" DESC"));
	}
}

static bool is_key_column(const struct chunk_key *key, unsigned column)
{
	for (unsigned i = 0; i < key->nparts; i++)
		if (key->parts[i].column == column)
			return true;
	return false;
}

/* Returns whether a row can be read without this column: text and bytes may be stored outside of it. */
static bool is_inside(const struct column *column)
{
	return chunk_literal_of(column) != CHUNK_LITERAL_NONE && !column->is_virtual &&
	       column->length < 1000;
}

/* Also reads a column that is not in the key, if there is a short one. From the index alone, an optimizer whose statistics are too
 * low reads all keys from the first one on instead of the range. */
static void put_other_column(struct buf *sql, const struct chunk_query *query)
{
	const struct table *table = query->table;

	for (unsigned i = 0; i < table->ncolumns; i++) {
		if (is_key_column(query->key, i) || !is_inside(&table->columns[i]))
			continue;
		buf_char(sql, ',');
		conn_quote_name(table->columns[i].name, sql);
		return;
	}
}

void chunk_sql_walk(struct buf *sql, const struct chunk_query *query, uint64_t n)
{
	buf_put(sql, SLICE("SELECT"));
	chunk_sql_comment(sql, query);
	put_key_columns(sql, query, false);
	put_other_column(sql, query);
	buf_put(sql, SLICE(" FROM "));
	chunk_sql_table(sql, query->table);
	put_index(sql, query);
	chunk_sql_where(sql, query);
	buf_put(sql, SLICE(" ORDER BY "));
	put_key_columns(sql, query, true);
	buf_printf(sql, " LIMIT 1 OFFSET %" PRIu64, n - 1);
}
