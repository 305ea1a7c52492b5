#include "source/source_ops.h"

#include "source/capacity.h"
#include "source/catalog_load.h"
#include "source/conn_priv.h"
#include "source/inspect.h"
#include "source/lock.h"

static const struct source_ops *ops_of(const struct conn *conn)
{
	return source_ops(conn->source);
}

/* ---- a source ---- */

struct conn *conn_open(struct source *source, enum conn_role role, struct err *err)
{
	return source_ops(source)->connect(source, role, err);
}

struct dump *dump_open(struct source *source, const struct position *position,
		       const struct dump_options *options, struct err *err)
{
	return source_ops(source)->dump(source, position, options, err);
}

int snapshot_open(struct source *source, unsigned nconns, struct snapshot *snapshot,
		  int (*between)(void *arg, struct err *err), void *arg, struct err *err)
{
	return source_ops(source)->snapshot(source, nconns, snapshot, between, arg, err);
}

int snapshot_position_now(struct source *source, struct position *position, struct err *err)
{
	return source_ops(source)->position_now(source, position, err);
}

/* ---- a connection ---- */

void conn_free(struct conn *conn)
{
	if (conn)
		ops_of(conn)->conn.close(conn);
}

void conn_shutdown(struct conn *conn)
{
	ops_of(conn)->conn.shutdown(conn);
}

void conn_set_deadline(struct conn *conn, unsigned seconds)
{
	ops_of(conn)->conn.set_deadline(conn, seconds);
}

int inspect_required(struct conn *conn, struct err *err)
{
	return ops_of(conn)->conn.check(conn, err);
}

int source_has_position(struct conn *conn, const struct position *position, struct err *err)
{
	return ops_of(conn)->conn.has_position(conn, position, err);
}

int source_binlog_end(struct conn *conn, struct position *position, struct err *err)
{
	return ops_of(conn)->conn.binlog_end(conn, position, err);
}

int source_clock(struct conn *conn, int64_t *clock_ms, struct position *end, struct err *err)
{
	return ops_of(conn)->conn.clock(conn, clock_ms, end, err);
}

int source_oldest_binlog(struct conn *conn, struct buf *file, struct err *err)
{
	return ops_of(conn)->conn.oldest_binlog(conn, file, err);
}

int source_binlog_between(struct conn *conn, const char *from, const char *to, uint64_t *bytes,
			  struct err *err)
{
	return ops_of(conn)->conn.binlog_between(conn, from, to, bytes, err);
}

int source_retention(struct conn *conn, uint64_t *seconds, struct err *err)
{
	return ops_of(conn)->conn.retention(conn, seconds, err);
}

int source_spare_connections(struct conn *conn, unsigned *spare, struct err *err)
{
	return ops_of(conn)->conn.spare_connections(conn, spare, err);
}

int lock_take(struct conn *conn, const char *name, unsigned wait_s, struct buf *holder,
	      struct err *err)
{
	return ops_of(conn)->lock.take(conn, name, wait_s, holder, err);
}

int lock_is_held(struct conn *conn, const char *name, struct err *err)
{
	return ops_of(conn)->lock.is_held(conn, name, err);
}

int lock_server_started(struct conn *conn, int64_t *started_s, struct err *err)
{
	return ops_of(conn)->lock.server_started(conn, started_s, err);
}

/* ---- definitions ---- */

int catalog_list_databases(struct conn *conn, bool system, struct name_list *list, struct err *err)
{
	return ops_of(conn)->catalog.list_databases(conn, system, list, err);
}

int catalog_list_tables(struct conn *conn, struct slice db, struct name_list *list, struct err *err)
{
	return ops_of(conn)->catalog.list_tables(conn, db, list, err);
}

int catalog_load_variables(struct catalog *catalog, struct conn *conn, struct err *err)
{
	return ops_of(conn)->catalog.load_variables(catalog, conn, err);
}

int catalog_load_database(struct catalog *catalog, struct conn *conn, struct slice db,
			  struct err *err)
{
	return ops_of(conn)->catalog.load_database(catalog, conn, db, err);
}

int source_table_size(struct conn *conn, const struct table *table, struct table_size *size,
		      struct err *err)
{
	return ops_of(conn)->catalog.table_size(conn, table, size, err);
}

/* ---- rows ---- */

int snapshot_renew(struct conn *conn, struct position *low, struct err *err)
{
	return ops_of(conn)->chunk.renew_snapshot(conn, low, err);
}

int snapshot_end(struct conn *conn, struct err *err)
{
	return ops_of(conn)->chunk.end_snapshot(conn, err);
}

int chunk_hold_locks(struct conn *conn, struct err *err)
{
	return ops_of(conn)->chunk.hold_locks(conn, err);
}

int chunk_release_locks(struct conn *conn, struct err *err)
{
	return ops_of(conn)->chunk.release_locks(conn, err);
}

int chunk_has_more(struct conn *conn, const struct chunk_query *query, uint64_t rows, bool *more,
		   struct err *err)
{
	return ops_of(conn)->chunk.has_more(conn, query, rows, more, err);
}

int chunk_key_load(struct conn *conn, const struct chunk_query *query, struct arena *arena,
		   struct chunk_key *key, struct err *err)
{
	return ops_of(conn)->chunk.load_key(conn, query, arena, key, err);
}

int chunk_next_bound(struct conn *conn, const struct chunk_query *query, uint64_t rows,
		     struct arena *arena, struct key_bound *bound, struct err *err)
{
	return ops_of(conn)->chunk.next_bound(conn, query, rows, arena, bound, err);
}

int chunk_open(struct chunk *chunk, struct conn *conn, const struct chunk_query *query,
	       struct err *err)
{
	return ops_of(conn)->chunk.open(chunk, conn, query, err);
}

void chunk_fini(struct chunk *chunk)
{
	if (chunk->conn)
		ops_of(chunk->conn)->chunk.close(chunk);
}
