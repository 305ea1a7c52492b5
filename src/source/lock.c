#include "source/lock.h"

#include "base/num.h"
#include "source/server.h"

enum { LOOKS = 10 /* at the clock of a slow server */ };

int server_take_lock(struct conn *conn, const char *name, unsigned wait_s, struct buf *holder,
		     struct err *err)
{
	struct result result;
	struct slice held;
	int rc;

	if (conn_query(conn, &result, err, "SELECT GET_LOCK('%s', %u), IS_USED_LOCK('%s')", name,
		       wait_s, name))
		return -1;
	rc = slice_equal(result_cell(&result, 0, 0), SLICE("1"));
	held = result_cell(&result, 0, 1);
	buf_clear(holder);
	buf_put(holder, held.ptr ? held : SLICE("?"));
	result_fini(&result);
	return rc;
}

int server_has_lock(struct conn *conn, const char *name, struct err *err)
{
	struct result result;
	int rc;

	if (conn_query(conn, &result, err, "SELECT IS_USED_LOCK('%s') = CONNECTION_ID()", name))
		return -1;
	rc = slice_equal(result_cell(&result, 0, 0), SLICE("1"));
	result_fini(&result);
	return rc;
}

static int query_number(struct conn *conn, const char *sql, unsigned column, uint64_t *number,
			struct err *err)
{
	struct result result;

	if (conn_query(conn, &result, err, "%s", sql))
		return -1;
	if (!num_parse_u64(result_cell(&result, 0, column), number))
		err_set(err, E_SERVER_FUNCTION, "%s returned no number", sql);
	result_fini(&result);
	return err->code == ERR_NONE ? 0 : -1;
}

/* The result is the same at each look if all three numbers are read within one second. A wrong result makes the next process wait. */
int server_started(struct conn *conn, int64_t *started_s, struct err *err)
{
	uint64_t now_s, up_s, then_s;
	int looks = 0;

	do
		if (query_number(conn, "SELECT UNIX_TIMESTAMP()", 0, &now_s, err) ||
		    query_number(conn, "SHOW GLOBAL STATUS LIKE 'Uptime'", 1, &up_s, err) ||
		    query_number(conn, "SELECT UNIX_TIMESTAMP()", 0, &then_s, err))
			return -1;
	while (now_s != then_s && ++looks < LOOKS);
	*started_s = (int64_t)now_s - (int64_t)up_s;
	return 0;
}
