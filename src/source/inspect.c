#include "source/inspect.h"

#include "source/conn_priv.h"

int source_oldest_binlog(struct conn *conn, struct buf *file, struct err *err)
{
	struct result result;
	struct slice name;
	int rc = 0;

	if (conn_query(conn, &result, err, "SHOW BINARY LOGS"))
		return -1;
	name = result_cell(&result, 0, 0);
	if (name.ptr)
		buf_put(file, name);
	else
		rc = err_set(err, ERR_SOURCE, "source %s has no binary logs", conn->place);
	result_fini(&result);
	return rc;
}
