#include "source/standby.h"

#include "source/conn_priv.h"
#include "source/gtid_history.h"
#include "source/server_error.h"

#include <inttypes.h>

/* ---- MySQL ---- */

static int mysql_has(struct conn *conn, const struct gtid_set *sets, size_t n, struct err *err)
{
	struct gtid_set all;
	struct result result;
	struct buf text;
	int rc;

	gtid_set_init(&all, GTID_MYSQL);
	for (size_t i = 0; i < n; i++)
		gtid_set_merge(&all, &sets[i]);
	buf_init(&text);
	gtid_set_print(&all, &text);
	gtid_set_fini(&all);
	rc = conn_query(conn, &result, err, "SELECT GTID_SUBSET('%s', @@GLOBAL.gtid_executed)",
			buf_cstr(&text));
	buf_fini(&text);
	if (rc)
		return -1;
	rc = slice_equal(result_cell(&result, 0, 0), SLICE("1"));
	result_fini(&result);
	return rc;
}

/* Queries the status of the server as a replica. There are no rows if it is not a replica. */
static int mysql_status(struct conn *conn, struct result *result, struct err *err)
{
	if (conn_query(conn, result, err, "SHOW REPLICA STATUS") == 0)
		return 0;
	if (!server_error_unknown(conn_errno(conn)))
		return -1;
	*err = (struct err)ERR_INIT;
	return conn_query(conn, result, err, "SHOW SLAVE STATUS");
}

static int mysql_replicates(struct conn *conn, struct err *err)
{
	struct result result;
	int rc = mysql_status(conn, &result, err);

	if (rc)
		return -1;
	for (unsigned i = 0; i < result.nrows && rc == 0; i++)
		rc = slice_equal(result_named(&result, i, "Replica_SQL_Running"), SLICE("Yes")) ||
		     slice_equal(result_named(&result, i, "Slave_SQL_Running"), SLICE("Yes"));
	result_fini(&result);
	return rc;
}

static int mysql_is_replica(struct conn *conn, struct err *err)
{
	struct result result;
	int rc;

	if (mysql_status(conn, &result, err))
		return -1;
	rc = result.nrows > 0;
	result_fini(&result);
	return rc;
}

/* ---- MariaDB ---- */

static int history_read(struct conn *conn, struct gtid_history *history, struct err *err)
{
	struct result result;
	int rc;

	gtid_history_init(history);
	if (conn_query(conn, &result, err,
		       "SELECT @@GLOBAL.gtid_binlog_state, @@GLOBAL.gtid_slave_pos, "
		       "@@GLOBAL.log_slave_updates"))
		return -1;
	rc = gtid_history_parse(history, result_cell(&result, 0, 0), err);
	if (rc == 0 && slice_equal(result_cell(&result, 0, 2), SLICE("1")))
		rc = gtid_set_parse(&history->applied, result_cell(&result, 0, 1), err);
	result_fini(&result);
	return rc;
}

static int mariadb_has(struct conn *conn, const struct gtid_set *sets, size_t n, struct err *err)
{
	struct gtid_history history;
	int rc = history_read(conn, &history, err) < 0 ? -1 : 1;

	for (size_t i = 0; rc > 0 && i < n; i++)
		for (size_t k = 0; rc > 0 && k < sets[i].ndomains; k++)
			rc = gtid_history_contains(&history, &sets[i].domains[k]);
	gtid_history_fini(&history);
	return rc;
}

static bool has_domain(const struct gtid_set *set, uint32_t domain)
{
	for (size_t i = 0; i < set->ndomains; i++)
		if (set->domains[i].domain == domain)
			return true;
	return false;
}

int standby_check_domains(struct conn *conn, const struct gtid_set *position, struct err *err)
{
	struct gtid_history history;
	int rc;

	if (!conn->server.mariadb)
		return 0;
	rc = history_read(conn, &history, err);
	for (size_t i = 0; rc == 0 && i < history.n; i++)
		if (!has_domain(position, history.written[i].domain))
			rc = err_set(err, E_GTID_DOMAIN,
				     "source %s: its binlog contains the GTID domain %" PRIu32
				     ", which the saved position does not: resuming here would "
				     "send old rows of that domain after newer ones",
				     conn->place, history.written[i].domain);
	gtid_history_fini(&history);
	return rc;
}

/* Uses a status variable, because the statement that lists the replications needs an additional
 * privilege. */
static int mariadb_replicates(struct conn *conn, struct err *err)
{
	struct result result;
	int rc;

	if (conn_query(conn, &result, err, "SHOW GLOBAL STATUS LIKE 'Slaves_running'"))
		return -1;
	rc = result.nrows > 0 && !slice_equal(result_cell(&result, 0, 1), SLICE("0"));
	result_fini(&result);
	return rc;
}

/* ---- for both ---- */

int standby_has(struct conn *conn, const struct gtid_set *sets, size_t n, struct err *err)
{
	return conn->server.mariadb ? mariadb_has(conn, sets, n, err)
				    : mysql_has(conn, sets, n, err);
}

int standby_replicates(struct conn *conn, struct err *err)
{
	return conn->server.mariadb ? mariadb_replicates(conn, err) : mysql_replicates(conn, err);
}

int standby_check_logs(struct conn *conn, struct err *err)
{
	struct result result;
	bool logs = false;
	int replica;

	if (conn_query(conn, &result, err,
		       "SHOW GLOBAL VARIABLES WHERE Variable_name IN "
		       "('log_slave_updates', 'log_replica_updates')"))
		return -1;
	for (unsigned i = 0; i < result.nrows; i++)
		logs |= slice_equal_nocase(result_cell(&result, i, 1), SLICE("ON"));
	result_fini(&result);
	if (logs)
		return 0;
	replica =
		conn->server.mariadb ? mariadb_replicates(conn, err) : mysql_is_replica(conn, err);
	if (replica <= 0)
		return replica;
	return err_set(err, E_REPLICA_LOG,
		       "source %s: it is a replica that does not write what it applies to its "
		       "binlog. Set log_slave_updates = ON (MySQL: log_replica_updates) in its "
		       "configuration and restart it",
		       conn->place);
}
