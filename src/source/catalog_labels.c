/* catalog_labels: loads labels that information_schema cannot show. COLUMN_TYPE is utf8mb3, like
 * SHOW CREATE TABLE internally, and contains '?' for a character outside the BMP. For bytes that
 * are not text MariaDB shows '?', MySQL an empty label or digits. */
#include "source/catalog_load.h"

#include "base/num.h"
#include "model/labels.h"
#include "schema/catalog_draft.h"
#include "source/conn.h"

enum {
	BATCH = 64, /* labels of one query */
	CLIENT_ERRORS = 2000,
	CLIENT_ERRORS_END = 3000,
};

/* A query for labels of one column that may be incomplete. */
struct question {
	struct draft *draft;
	struct column *column;
	struct slice *labels;
	unsigned numbers[BATCH]; /* numbers of the labels, from 1 */
	unsigned n;
};

static bool in_doubt(struct slice label)
{
	return label.len == 0 || memchr(label.ptr, '?', label.len) != NULL;
}

static void put_table(const struct question *q, struct buf *sql)
{
	conn_quote_name(q->draft->db, sql);
	buf_char(sql, '.');
	conn_quote_name(q->draft->name, sql);
}

/* Writes a query that returns labels by their numbers without reading rows of the table. The first
 * part of its recursive CTE gives the result the type of the table's column. A number stored in it
 * becomes the label of that number. */
static void put_query(const struct question *q, struct buf *sql)
{
	const char *value = q->column->type == COLUMN_SET ? "1 << (d.n - 1)" : "d.n";
	buf_put(sql, SLICE("WITH RECURSIVE d (n) AS ("));
	for (unsigned i = 0; i < q->n; i++)
		buf_printf(sql, "%sSELECT %u", i > 0 ? " UNION ALL " : "", q->numbers[i]);
	buf_put(sql, SLICE("), r (n, v) AS (SELECT 0, t."));
	conn_quote_name(q->column->name, sql);
	buf_put(sql, SLICE(" FROM (SELECT 1 AS a) o LEFT JOIN "));
	put_table(q, sql);
	buf_printf(sql,
		   " t ON FALSE UNION ALL SELECT d.n, %s FROM r JOIN d ON r.n = 0) "
		   "SELECT n, HEX(v) FROM r WHERE n > 0 AND v + 0 <> 0",
		   value);
}

/* Writes a block that puts labels of a SET into a user variable, for MariaDB. There a SET of a CTE
 * has only one byte, so the block uses a variable of the column's type. */
static void put_block(const struct question *q, struct buf *sql)
{
	buf_put(sql, SLICE("BEGIN NOT ATOMIC DECLARE v TYPE OF "));
	put_table(q, sql);
	buf_char(sql, '.');
	conn_quote_name(q->column->name, sql);
	buf_put(sql, SLICE("; SET @tideway_labels = ''; "));
	for (unsigned i = 0; i < q->n; i++)
		buf_printf(sql,
			   "SET v = %llu; SET @tideway_labels = "
			   "CONCAT(@tideway_labels, HEX(v), ','); ",
			   1ULL << (q->numbers[i] - 1));
	buf_put(sql, SLICE("END"));
}

static struct slice from_hex(struct slice hex, struct arena *arena)
{
	char *bytes = arena_alloc(arena, hex.len / 2);
	return slice_of(bytes, num_unhex(hex, bytes));
}

static unsigned number(struct slice text)
{
	unsigned v = 0;
	for (size_t i = 0; i < text.len; i++)
		v = v * 10 + (unsigned)(text.ptr[i] - '0');
	return v;
}

static void take_label(struct question *q, unsigned at, struct slice hex)
{
	struct arena *arena = q->draft->arena;
	if (at >= 1 && at <= q->column->nlabels)
		q->labels[at - 1] = labels_decode(q->column->charset, from_hex(hex, arena), arena);
}

static int too_few(const struct question *q, unsigned got, struct err *err)
{
	err_set(err, E_LABELS, "the server returned %u of the %u labels that were requested", got,
		q->n);
	err_column(err, q->column->name);
	return err_table_of(err, q->draft->db, q->draft->name);
}

static int ask_query(struct question *q, struct conn *conn, const char *sql, struct err *err)
{
	struct result result;
	int rc = 0;
	if (conn_query(conn, &result, err, "%s", sql) != 0)
		return -1;
	for (unsigned i = 0; i < result.nrows; i++)
		take_label(q, number(result_cell(&result, i, 0)), result_cell(&result, i, 1));
	if (result.nrows != q->n)
		rc = too_few(q, result.nrows, err);
	result_fini(&result);
	return rc;
}

static int ask_block(struct question *q, struct conn *conn, const char *sql, struct err *err)
{
	struct result result;
	unsigned got = 0;
	int rc = 0;
	if (conn_query(conn, NULL, err, "%s", sql) != 0 ||
	    conn_query(conn, &result, err, "SELECT @tideway_labels") != 0)
		return -1;
	for (struct slice rest = result_cell(&result, 0, 0); got < q->n && rest.len > 0; got++) {
		const char *end = memchr(rest.ptr, ',', rest.len);
		size_t n = end ? (size_t)(end - rest.ptr) : rest.len;
		take_label(q, q->numbers[got], slice_of(rest.ptr, n));
		n += end != NULL;
		rest = slice_of(rest.ptr + n, rest.len - n);
	}
	if (got != q->n)
		rc = too_few(q, got, err);
	result_fini(&result);
	return rc;
}

static int ask(struct question *q, struct conn *conn, struct err *err)
{
	bool block = conn_server(conn)->mariadb && q->column->type == COLUMN_SET;
	struct buf sql;
	int rc;
	if (q->n == 0)
		return 0;
	buf_init(&sql);
	if (block)
		put_block(q, &sql);
	else
		put_query(q, &sql);
	rc = block ? ask_block(q, conn, buf_cstr(&sql), err)
		   : ask_query(q, conn, buf_cstr(&sql), err);
	buf_fini(&sql);
	q->n = 0;
	return rc;
}

static int load_column(struct draft *draft, struct column *column, struct conn *conn,
		       struct err *err)
{
	struct question q = {draft, column, NULL, {0}, 0};
	bool doubt = false;
	q.labels = ARENA_ARRAY(draft->arena, column->nlabels, struct slice);
	for (unsigned i = 0; i < column->nlabels; i++) {
		q.labels[i] = column->labels[i];
		if (!in_doubt(column->labels[i]))
			continue;
		doubt = true;
		q.numbers[q.n++] = i + 1;
		if (q.n == BATCH && ask(&q, conn, err) != 0)
			return -1;
	}
	if (ask(&q, conn, err) != 0)
		return -1;
	column->labels = q.labels;
	if (doubt)
		column->sql_type = labels_spell(column, draft->arena);
	return 0;
}

int catalog_load_labels(struct draft *draft, struct conn *conn, bool *refused, struct err *err)
{
	*refused = false;
	for (unsigned i = 0; i < draft->ncolumns; i++) {
		struct column *column = &draft->columns[i].column;
		if (!column_type_has_labels(column->type) ||
		    load_column(draft, column, conn, err) == 0)
			continue;
		unsigned number = conn_errno(conn);
		*refused = !err->retriable && number != 0 &&
			   (number < CLIENT_ERRORS || number >= CLIENT_ERRORS_END);
		return -1;
	}
	return 0;
}
