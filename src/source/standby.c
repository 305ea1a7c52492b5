#include "source/standby.h"

#include "source/conn_priv.h"
#include "source/server_error.h"

/* ---- MySQL ---- */

static int mysql_has(struct conn *conn, const struct gtid_set *gtids, struct err *err)
{
	struct result result;
	struct buf text;
	int rc;

	buf_init(&text);
	gtid_set_print(gtids, &text);
	rc = conn_query(conn, &result, err, "SELECT GTID_SUBSET('%s', @@GLOBAL.gtid_executed)",
			buf_cstr(&text));
	buf_fini(&text);
	if (rc)
		return -1;
	rc = slice_equal(result_cell(&result, 0, 0), SLICE("1"));
	result_fini(&result);
	return rc;
}

/* ---- MariaDB ---- */

/* A domain of which nothing was written since the server was made from a backup stands only in gtid_slave_pos. */
static void add_absent(struct gtid_set *to, const struct gtid_set *from)
{
	for (size_t i = 0; i < from->ndomains; i++) {
		const struct gtid_domain *domain = &from->domains[i];
		const struct gtid any = {.flavour = GTID_MARIADB, .domain = domain->domain};
		const struct gtid last = {.flavour = GTID_MARIADB,
					  .domain = domain->domain,
					  .server_id = domain->server_id,
					  .seq = domain->seq};
		if (!gtid_set_contains(to, &any))
			gtid_set_add(to, &last);
	}
}

static int mariadb_parse(const struct result *result, bool logs, struct gtid_set *binlog,
			 struct err *err)
{
	struct gtid_set applied;
	int rc = gtid_set_parse(binlog, result_cell(result, 0, 0), err);

	if (rc || !logs)
		return rc;
	gtid_set_init(&applied, GTID_MARIADB);
	rc = gtid_set_parse(&applied, result_cell(result, 0, 1), err);
	if (rc == 0)
		add_absent(binlog, &applied);
	gtid_set_fini(&applied);
	return rc;
}

static int mariadb_has(struct conn *conn, const struct gtid_set *gtids, struct err *err)
{
	struct gtid_set binlog;
	struct result result;
	bool logs;
	int rc;

	if (conn_query(conn, &result, err,
		       "SELECT @@GLOBAL.gtid_binlog_pos, @@GLOBAL.gtid_slave_pos, "
		       "@@GLOBAL.log_slave_updates"))
		return -1;
	logs = slice_equal(result_cell(&result, 0, 2), SLICE("1"));
	gtid_set_init(&binlog, GTID_MARIADB);
	rc = mariadb_parse(&result, logs, &binlog, err);
	if (rc == 0)
		rc = gtid_set_subset(gtids, &binlog);
	gtid_set_fini(&binlog);
	result_fini(&result);
	return rc;
}

/* The statement that lists the replications needs a privilege that nothing else here does. */
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

int standby_has(struct conn *conn, const struct gtid_set *gtids, struct err *err)
{
	return conn->server.mariadb ? mariadb_has(conn, gtids, err) : mysql_has(conn, gtids, err);
}

int standby_replicates(struct conn *conn, struct err *err)
{
	struct result result;
	int rc;

	if (conn->server.mariadb)
		return mariadb_replicates(conn, err);
	rc = conn_query(conn, &result, err, "SHOW REPLICA STATUS");
	if (rc && server_error_unknown(conn_errno(conn))) {
		*err = (struct err)ERR_INIT;
		rc = conn_query(conn, &result, err, "SHOW SLAVE STATUS");
	}
	if (rc)
		return -1;
	rc = result.nrows > 0;
	result_fini(&result);
	return rc;
}

int standby_check_logs(struct conn *conn, struct err *err)
{
	struct result result;
	bool logs = false;
	int replicates;

	if (conn_query(conn, &result, err,
		       "SHOW GLOBAL VARIABLES WHERE Variable_name IN "
		       "('log_slave_updates', 'log_replica_updates')"))
		return -1;
	for (unsigned i = 0; i < result.nrows; i++)
		logs |= slice_equal_nocase(result_cell(&result, i, 1), SLICE("ON"));
	result_fini(&result);
	if (logs)
		return 0;
	replicates = standby_replicates(conn, err);
	if (replicates <= 0)
		return replicates;
	return err_set(err, ERR_SOURCE,
		       "source %s: it is a replica that does not write what it applies to its "
		       "binlog; set log_slave_updates = ON (MySQL: log_replica_updates) in its "
		       "configuration and restart it",
		       conn->place);
}
