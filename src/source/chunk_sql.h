/* chunk_sql: the statements of the chunk reader. Pure functions.
 * Thread: any. Owner: the caller's buffer. */
#ifndef TIDEWAY_CHUNK_SQL_H
#define TIDEWAY_CHUNK_SQL_H

#include "source/chunk.h"

/* Writes `db`.`table`. */
void chunk_sql_table(struct buf *sql, const struct table *table);
/* Writes " / * comment * / " with the comment of the query, or a space if it has none. */
void chunk_sql_comment(struct buf *sql, const struct chunk_query *query);
/* Returns how values of the column are written. Rule: chunk-borders. */
enum chunk_literal chunk_literal_of(const struct column *column);
/* Writes a value of a part of the key, as the text protocol sends it. */
void chunk_sql_literal(struct buf *sql, const struct chunk_part *part, struct slice value);
/* Writes " WHERE " and the conditions of the query's range; nothing if it has no bound. */
void chunk_sql_where(struct buf *sql, const struct chunk_query *query);
/* Writes the SELECT of all columns in table order, of the rows of the query. */
void chunk_sql_select(struct buf *sql, const struct chunk_query *query);
/* Writes the SELECT of the key of the n-th row of the query's range, n >= 1, in the order of the key. A column after the bound's
 * has no meaning. */
void chunk_sql_walk(struct buf *sql, const struct chunk_query *query, uint64_t n);

#endif
