/* source_ops: what the engine asks of a source, as a table of functions: one for servers (server_ops.c), one for a server in memory
 * that simulations have. The functions that the engine calls (conn.h, dump.h, snapshot.h, chunk.h, inspect.h, catalog_load.h, capacity.h, lock.h)
 * call it through source_ops.c. What differs between MySQL and MariaDB is beneath the functions for servers (flavour.h).
 * An implementation extends struct conn (conn_priv.h) and struct dump (dump_priv.h), which must be the first member of its own.
 * Questions about several hosts (standby.h) and SQL of commands and scripts (conn_query) are for servers only.
 * Thread: as the functions that call it. Owner: none; the tables are constants. */
#ifndef TIDEWAY_SOURCE_OPS_H
#define TIDEWAY_SOURCE_OPS_H

#include "source/chunk.h"
#include "source/dump.h"
#include "source/snapshot.h"

struct catalog;
struct name_list;
struct table_size;

/* Of a connection. */
struct conn_ops {
	void (*close)(struct conn *conn);
	void (*shutdown)(struct conn *conn);
	void (*set_deadline)(struct conn *conn, unsigned seconds);
	int (*check)(struct conn *conn, struct err *err);
	int (*has_position)(struct conn *conn, const struct position *position, struct err *err);
	int (*binlog_end)(struct conn *conn, struct position *position, struct err *err);
	int (*clock)(struct conn *conn, int64_t *clock_ms, struct position *end, struct err *err);
	int (*oldest_binlog)(struct conn *conn, struct buf *file, struct err *err);
	int (*binlog_between)(struct conn *conn, const char *from, const char *to, uint64_t *bytes,
			      struct err *err);
	int (*retention)(struct conn *conn, uint64_t *seconds, struct err *err);
	int (*spare_connections)(struct conn *conn, unsigned *spare, struct err *err);
};

/* Named locks, by a connection. */
struct lock_ops {
	int (*take)(struct conn *conn, const char *name, unsigned wait_s, struct buf *holder,
		    struct err *err);
	int (*is_held)(struct conn *conn, const char *name, struct err *err);
	int (*server_started)(struct conn *conn, int64_t *started_s, struct err *err);
};

/* Definitions, by a connection. */
struct catalog_ops {
	int (*list_databases)(struct conn *conn, bool system, struct name_list *list,
			      struct err *err);
	int (*list_tables)(struct conn *conn, struct slice db, struct name_list *list,
			   struct err *err);
	int (*load_variables)(struct catalog *catalog, struct conn *conn, struct err *err);
	int (*load_database)(struct catalog *catalog, struct conn *conn, struct slice db,
			     struct err *err);
	int (*table_size)(struct conn *conn, const struct table *table, struct table_size *size,
			  struct err *err);
};

/* Rows, by a connection of a snapshot. */
struct chunk_ops {
	int (*renew_snapshot)(struct conn *conn, struct position *low, struct err *err);
	int (*end_snapshot)(struct conn *conn, struct err *err);
	int (*hold_locks)(struct conn *conn, struct err *err);
	int (*release_locks)(struct conn *conn, struct err *err);
	int (*has_more)(struct conn *conn, const struct chunk_query *query, uint64_t rows,
			bool *more, struct err *err);
	int (*load_key)(struct conn *conn, const struct chunk_query *query, struct arena *arena,
			struct chunk_key *key, struct err *err);
	int (*next_bound)(struct conn *conn, const struct chunk_query *query, uint64_t rows,
			  struct arena *arena, struct key_bound *bound, struct err *err);
	int (*open)(struct chunk *chunk, struct conn *conn, const struct chunk_query *query,
		    struct err *err);
	void (*close)(struct chunk *chunk);
};

struct source_ops {
	struct conn *(*connect)(struct source *source, enum conn_role role, struct err *err);
	struct dump *(*dump)(struct source *source, const struct position *position,
			     const struct dump_options *options, struct err *err);
	int (*snapshot)(struct source *source, unsigned nconns, struct snapshot *snapshot,
			int (*between)(void *arg, struct err *err), void *arg, struct err *err);
	int (*position_now)(struct source *source, struct position *position, struct err *err);
	struct conn_ops conn;
	struct lock_ops lock;
	struct catalog_ops catalog;
	struct chunk_ops chunk;
};

/* A MySQL or MariaDB server. */
extern const struct source_ops server_ops;

#endif
