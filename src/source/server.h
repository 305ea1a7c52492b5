/* server: the functions of source_ops for MySQL and MariaDB servers, beside those that only src/source calls. The comments are at
 * the functions of the engine that call them: conn_open for server_connect and so on.
 * Thread: as those. */
#ifndef TIDEWAY_SERVER_H
#define TIDEWAY_SERVER_H

#include "source/source_ops.h"

/* conn.c */
struct conn *server_connect(struct source *source, enum conn_role role, struct err *err);
void server_close(struct conn *conn);
void server_shutdown(struct conn *conn);
void server_set_deadline(struct conn *conn, unsigned seconds);

/* dump.c */
struct dump *server_dump(struct source *source, const struct position *position,
			 const struct dump_options *options, struct err *err);

/* snapshot.c */
int server_snapshot(struct source *source, unsigned nconns, struct snapshot *snapshot,
		    int (*between)(void *arg, struct err *err), void *arg,
		    struct err *err) MUST_CHECK;
int server_position_now(struct source *source, struct position *position,
			struct err *err) MUST_CHECK;

int server_renew_snapshot(struct conn *conn, struct position *low, struct err *err) MUST_CHECK;
int server_end_snapshot(struct conn *conn, struct err *err) MUST_CHECK;

/* inspect.c */
int server_check(struct conn *conn, struct err *err) MUST_CHECK;
int server_has_position(struct conn *conn, const struct position *position,
			struct err *err) MUST_CHECK;
int server_binlog_end(struct conn *conn, struct position *position, struct err *err) MUST_CHECK;
int server_clock(struct conn *conn, int64_t *clock_ms, struct position *end,
		 struct err *err) MUST_CHECK;
int server_oldest_binlog(struct conn *conn, struct buf *file, struct err *err) MUST_CHECK;
int server_binlog_between(struct conn *conn, const char *from, const char *to, uint64_t *bytes,
			  struct err *err) MUST_CHECK;
int server_retention(struct conn *conn, uint64_t *seconds, struct err *err) MUST_CHECK;

/* capacity.c */
int server_spare_connections(struct conn *conn, unsigned *spare, struct err *err) MUST_CHECK;
int server_table_size(struct conn *conn, const struct table *table, struct table_size *size,
		      struct err *err) MUST_CHECK;

/* lock.c */
int server_take_lock(struct conn *conn, const char *name, unsigned wait_s, struct buf *holder,
		     struct err *err) MUST_CHECK;
int server_has_lock(struct conn *conn, const char *name, struct err *err) MUST_CHECK;
int server_started(struct conn *conn, int64_t *started_s, struct err *err) MUST_CHECK;

/* catalog_load.c */
int server_list_databases(struct conn *conn, bool system, struct name_list *list,
			  struct err *err) MUST_CHECK;
int server_list_tables(struct conn *conn, struct slice db, struct name_list *list,
		       struct err *err) MUST_CHECK;
int server_load_variables(struct catalog *catalog, struct conn *conn, struct err *err) MUST_CHECK;
int server_load_database(struct catalog *catalog, struct conn *conn, struct slice db,
			 struct err *err) MUST_CHECK;

/* chunk.c */
int server_hold_locks(struct conn *conn, struct err *err) MUST_CHECK;
int server_release_locks(struct conn *conn, struct err *err) MUST_CHECK;
int server_open_chunk(struct chunk *chunk, struct conn *conn, const struct chunk_query *query,
		      struct err *err) MUST_CHECK;
void server_close_chunk(struct chunk *chunk);

/* chunk_key.c */
int server_load_key(struct conn *conn, const struct chunk_query *query, struct arena *arena,
		    struct chunk_key *key, struct err *err) MUST_CHECK;

/* chunk_border.c */
int server_has_more(struct conn *conn, const struct chunk_query *query, uint64_t rows, bool *more,
		    struct err *err) MUST_CHECK;
int server_next_bound(struct conn *conn, const struct chunk_query *query, uint64_t rows,
		      struct arena *arena, struct key_bound *bound, struct err *err) MUST_CHECK;

#endif
