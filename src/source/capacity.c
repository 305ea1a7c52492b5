#include "source/capacity.h"

#include "source/conn_priv.h"
#include "source/server.h"

#include <stdlib.h>

static uint64_t number_of(struct slice cell)
{
	return cell.ptr ? strtoull(cell.ptr, NULL, 10) : 0;
}

/* Set *all and *own to the limits of the server and of the account; own 0: it has no limit. */
static int read_limits(struct conn *conn, uint64_t *all, uint64_t *own, struct err *err)
{
	struct result result;
	if (conn_query(conn, &result, err,
		       "SELECT @@GLOBAL.max_connections, @@SESSION.max_user_connections") < 0)
		return -1;
	*all = number_of(result_cell(&result, 0, 0));
	*own = number_of(result_cell(&result, 0, 1));
	if (*own > INT32_MAX) /* MariaDB has -1 for accounts that may not connect at all */
		*own = 0;
	result_fini(&result);
	return 0;
}

int server_spare_connections(struct conn *conn, unsigned *spare, struct err *err)
{
	uint64_t all, own, used, left;
	struct result result;
	if (read_limits(conn, &all, &own, err) < 0 ||
	    conn_query(conn, &result, err, "SHOW GLOBAL STATUS LIKE 'Threads_connected'") < 0)
		return -1;
	used = number_of(result_named(&result, 0, "Value"));
	result_fini(&result);
	left = all > used ? all - used : 0;
	*spare = (unsigned)(own > 0 && own < left ? own : left);
	return 0;
}

/* MySQL would answer with statistics that are up to a day old. */
static int ask_for_fresh_statistics(struct conn *conn, struct err *err)
{
	return conn->server.mariadb
		       ? 0
		       : conn_query_lenient(conn, err,
					    "SET SESSION information_schema_stats_expiry = 0");
}

int server_table_size(struct conn *conn, const struct table *table, struct table_size *size,
		      struct err *err)
{
	struct result result;
	struct buf db, name;
	int rc;
	*size = (struct table_size){.rows = 0};
	if (ask_for_fresh_statistics(conn, err) < 0)
		return -1;
	buf_init(&db);
	buf_init(&name);
	conn_quote(conn, table->db, &db);
	conn_quote(conn, table->name, &name);
	rc = conn_query(conn, &result, err,
			"SELECT TABLE_ROWS, DATA_LENGTH FROM information_schema.TABLES WHERE "
			"TABLE_SCHEMA = %s AND TABLE_NAME = %s",
			buf_cstr(&db), buf_cstr(&name));
	if (rc == 0) {
		size->rows = number_of(result_cell(&result, 0, 0));
		size->bytes = number_of(result_cell(&result, 0, 1));
		result_fini(&result);
	}
	buf_fini(&name);
	buf_fini(&db);
	return rc;
}
