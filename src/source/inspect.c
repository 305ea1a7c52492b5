#include "source/inspect.h"

#include "source/conn_priv.h"
#include "source/flavour.h"
#include "source/raw.h"
#include "source/server_error.h"
#include "source/server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	DAY_S = 86400,
	RETENTION_LOW_S = DAY_S, /* a sync that stops for a night must find its position */
	PROBE_NON_BLOCK = 1,     /* flag of COM_BINLOG_DUMP: never wait */
	PROBE_OFFSET = 4,
};

/* The state of the checks, and their findings. */
struct report {
	struct conn *conn;
	struct arena *arena;     /* owns the texts */
	struct buf findings;     /* an array of struct finding */
	struct result variables; /* SHOW GLOBAL VARIABLES */
	struct slice account;    /* 'name'@'host', for GRANT */
	bool can_lock;           /* the account has RELOAD */
	bool reads_status;       /* the account has REPLICATION CLIENT */
};

/* ---- writing findings ---- */

static void put(struct report *report, int level, const char *what, struct slice found,
		struct slice remedy)
{
	struct finding finding = {.what = slice_str(what), .found = found, .remedy = remedy};

	finding.level = (unsigned)level;
	buf_append(&report->findings, &finding, sizeof(finding));
}

#define TEXT(report, ...) arena_printf((report)->arena, __VA_ARGS__)

static void ok(struct report *report, const char *what, struct slice found)
{
	put(report, FINDING_OK, what, arena_copy(report->arena, found), SLICE(""));
}

static void warn(struct report *report, const char *what, struct slice found, struct slice remedy)
{
	put(report, FINDING_WARN, what, arena_copy(report->arena, found), remedy);
}

static void fail(struct report *report, const char *what, struct slice found, struct slice remedy)
{
	put(report, FINDING_FAIL, what, arena_copy(report->arena, found), remedy);
}

/* ---- queries ---- */

/* Returns the value of a global variable; ptr NULL: this version does not have the variable. */
static struct slice variable(const struct report *report, const char *name)
{
	for (unsigned i = 0; i < report->variables.nrows; i++)
		if (slice_equal_nocase(result_cell(&report->variables, i, 0), slice_str(name)))
			return result_cell(&report->variables, i, 1);
	return (struct slice){NULL, 0};
}

static bool is(struct slice value, const char *text)
{
	return slice_equal_nocase(value, slice_str(text));
}

static bool is_on(struct slice value)
{
	return is(value, "ON") || is(value, "1");
}

static uint64_t number(struct slice value)
{
	return value.len ? strtoull(value.ptr, NULL, 10) : 0;
}

/* Tries a statement. Returns 0 if a privilege is missing, -1 if the connection is lost, otherwise
 * 1, even if the statement fails for another reason. */
static int may(struct report *report, const char *sql, struct err *err)
{
	if (conn_query(report->conn, NULL, err, "%s", sql) == 0)
		return 1;
	if (server_error_lost(conn_errno(report->conn)))
		return -1;
	*err = (struct err)ERR_INIT;
	return server_error_denied(conn_errno(report->conn)) ? 0 : 1;
}

static struct slice grant(struct report *report, const char *privilege)
{
	return TEXT(report, "GRANT %s ON *.* TO %.*s;", privilege, SLICE_FMT(report->account));
}

/* ---- the server ---- */

static int check_version(struct report *report, struct err *err)
{
	const struct flavour *flavour = report->conn->flavour;
	struct slice found =
		TEXT(report, "%s %s", flavour->name, report->conn->server.version_text);

	(void)err;
	if (report->conn->server.version >= flavour->oldest)
		ok(report, "server", found);
	else
		fail(report, "server", found,
		     TEXT(report, "upgrade to %s %s or later", flavour->name,
			  flavour->oldest_text));
	return 0;
}

static int check_log_bin(struct report *report, struct err *err)
{
	struct slice value = variable(report, "log_bin");

	(void)err;
	if (is_on(value))
		ok(report, "log_bin", value);
	else
		fail(report, "log_bin", value,
		     report->conn->server.mariadb
			     ? SLICE("in the server's configuration: [mysqld] log_bin = bin, "
				     "binlog_format = "
				     "ROW, server_id = 1; restart the server")
			     : SLICE("in the server's configuration: [mysqld] log_bin = binlog, "
				     "server_id = "
				     "1, no skip-log-bin; restart the server"));
	return 0;
}

static int check_format(struct report *report, struct err *err)
{
	struct slice value = variable(report, "binlog_format");

	(void)err;
	if (value.ptr == NULL) /* this version has no other format */
		ok(report, "binlog_format", SLICE("ROW"));
	else if (is(value, "ROW"))
		ok(report, "binlog_format", value);
	else
		fail(report, "binlog_format", value,
		     SLICE("SET GLOBAL binlog_format = 'ROW'; and binlog_format = ROW in the "
			   "configuration; sessions that are open keep the old format: reconnect "
			   "the writers"));
	return 0;
}

static int check_row_image(struct report *report, struct err *err)
{
	struct slice value = variable(report, "binlog_row_image");

	(void)err;
	if (value.ptr == NULL || is(value, "FULL"))
		ok(report, "binlog_row_image", value);
	else
		fail(report, "binlog_row_image", value,
		     SLICE("SET GLOBAL binlog_row_image = 'FULL'; and binlog_row_image = FULL in "
			   "the "
			   "configuration; sessions that are open keep the old one: reconnect the "
			   "writers"));
	return 0;
}

static int check_row_values(struct report *report, struct err *err)
{
	struct slice value = variable(report, "binlog_row_value_options");

	(void)err;
	if (value.len)
		warn(report, "binlog_row_value_options", value,
		     SLICE("SET GLOBAL binlog_row_value_options = ''; a partial update of a JSON "
			   "column "
			   "stops the sync"));
	else if (value.ptr)
		ok(report, "binlog_row_value_options", SLICE("none"));
	return 0;
}

static void check_off(struct report *report, const char *name, const char *remedy)
{
	struct slice value = variable(report, name);

	if (is_on(value))
		fail(report, name, value, slice_str(remedy));
	else if (value.ptr)
		ok(report, name, value);
}

static int check_compression(struct report *report, struct err *err)
{
	(void)err;
	check_off(report, "log_bin_compress",
		  "SET GLOBAL log_bin_compress = OFF; compressed events are not read yet");
	check_off(report, "binlog_transaction_compression",
		  "SET GLOBAL binlog_transaction_compression = OFF; sessions that are open keep "
		  "the old "
		  "setting: reconnect the writers; compressed transactions are not read yet");
	return 0;
}

static int check_metadata(struct report *report, struct err *err)
{
	struct slice value = variable(report, "binlog_row_metadata");

	(void)err;
	if (is(value, "FULL"))
		ok(report, "binlog_row_metadata", value);
	else if (value.ptr)
		warn(report, "binlog_row_metadata", value,
		     SLICE("SET GLOBAL binlog_row_metadata = 'FULL'; then each event names its "
			   "columns, and a "
			   "change of a table that cannot be followed otherwise does not stop the "
			   "sync"));
	return 0;
}

static int check_server_id(struct report *report, struct err *err)
{
	(void)err;
	if (report->conn->server.server_id)
		ok(report, "server_id", variable(report, "server_id"));
	else
		fail(report, "server_id", SLICE("0"),
		     SLICE("SET GLOBAL server_id = 1; and server_id = 1 in the configuration: with "
			   "0 the "
			   "server sends its binlog to nobody"));
	return 0;
}

static int check_gtid(struct report *report, struct err *err)
{
	struct slice value = variable(report, "gtid_mode");

	(void)err;
	if (report->conn->server.mariadb)
		ok(report, "GTID", SLICE("always"));
	else if (report->conn->server.gtid)
		ok(report, "GTID", SLICE("gtid_mode = ON"));
	else if (report->can_lock)
		warn(report, "GTID", TEXT(report, "gtid_mode = %.*s", SLICE_FMT(value)),
		     SLICE("gtid_mode = ON and enforce_gtid_consistency = ON in the configuration; "
			   "without it, the position is a file and offset of this server, and is "
			   "not valid on another"));
	else
		fail(report, "GTID",
		     TEXT(report, "gtid_mode = %.*s, and no RELOAD", SLICE_FMT(value)),
		     TEXT(report,
			  "GRANT RELOAD ON *.* TO %.*s; or gtid_mode = ON: without both no exact "
			  "starting point can be found",
			  SLICE_FMT(report->account)));
	return 0;
}

/* ---- retention of the binlog ---- */

static uint64_t retention_of(const struct report *report)
{
	struct slice seconds = variable(report, "binlog_expire_logs_seconds");
	struct slice days = variable(report, "expire_logs_days");

	if (number(seconds))
		return number(seconds);
	return days.len ? (uint64_t)(strtod(days.ptr, NULL) * DAY_S) : 0;
}

static struct slice duration(struct report *report, uint64_t seconds)
{
	if (seconds >= 2 * DAY_S)
		return TEXT(report, "%" PRIu64 " days", seconds / DAY_S);
	if (seconds >= 7200)
		return TEXT(report, "%" PRIu64 " hours", seconds / 3600);
	return TEXT(report, "%" PRIu64 " seconds", seconds);
}

static int check_retention(struct report *report, struct err *err)
{
	const char *name = "retention of the binlog";
	uint64_t seconds = retention_of(report);
	struct slice size = variable(report, "max_binlog_total_size");

	(void)err;
	if (number(size))
		warn(report, name, TEXT(report, "%.*s bytes in all", SLICE_FMT(size)),
		     SLICE("SET GLOBAL max_binlog_total_size = 0; or make it large enough to hold "
			   "more than the longest stop of the sync"));
	else if (seconds == 0)
		ok(report, name, SLICE("not by age"));
	else if (seconds >= RETENTION_LOW_S)
		ok(report, name, duration(report, seconds));
	else
		warn(report, name, duration(report, seconds),
		     variable(report, "binlog_expire_logs_seconds").ptr
			     ? SLICE("SET GLOBAL binlog_expire_logs_seconds = 604800; a sync that "
				     "is stopped for longer must copy everything again")
			     : SLICE("SET GLOBAL expire_logs_days = 7; a sync that is stopped for "
				     "longer must copy everything again"));
	return 0;
}

/* ---- changes that do not reach the binlog ---- */

static int check_filters(struct report *report, struct err *err)
{
	struct slice only, ignored;
	struct result status;

	if (!report->reads_status)
		return 0;
	if (flavour_binlog_status(report->conn, &status, err))
		return -1;
	only = result_named(&status, 0, "Binlog_Do_DB");
	ignored = result_named(&status, 0, "Binlog_Ignore_DB");
	if (only.len || ignored.len)
		warn(report, "binlog filters",
		     TEXT(report, "binlog_do_db = '%.*s', binlog_ignore_db = '%.*s'", (int)only.len,
			  only.ptr ? only.ptr : "", (int)ignored.len,
			  ignored.ptr ? ignored.ptr : ""),
		     SLICE("remove binlog_do_db and binlog_ignore_db from the configuration, or "
			   "select only "
			   "databases that are written to the binlog; restart the server"));
	else
		ok(report, "binlog filters", SLICE("none"));
	result_fini(&status);
	return 0;
}

/* Returns 1 if this server is a replica, or if the account may not query that; 0 if not; -1 on
 * error. */
static int is_replica(struct report *report, struct err *err)
{
	struct result result;
	int rc;

	/* MySQL 8.4 knows only the newer statement, some servers only the older */
	rc = conn_query(report->conn, &result, err, "SHOW REPLICA STATUS");
	if (rc && server_error_unknown(conn_errno(report->conn))) {
		*err = (struct err)ERR_INIT;
		rc = conn_query(report->conn, &result, err, "SHOW SLAVE STATUS");
	}
	if (rc) {
		if (!server_error_denied(conn_errno(report->conn)))
			return -1;
		*err = (struct err)ERR_INIT;
		return 1;
	}
	rc = result.nrows > 0;
	result_fini(&result);
	return rc;
}

/* Checks that a replica writes the changes that it applies to its own binlog. */
static int check_replica(struct report *report, struct err *err)
{
	struct slice logs = variable(report, "log_slave_updates");
	int replica = is_replica(report, err);

	if (replica < 0)
		return -1;
	if (logs.ptr == NULL)
		logs = variable(report, "log_replica_updates");
	if (is_on(logs) || !replica)
		ok(report, "log_slave_updates", replica ? logs : SLICE("not needed: no replica"));
	else
		warn(report, "log_slave_updates", logs,
		     SLICE("if this server is a replica: log_slave_updates = ON in the "
			   "configuration, and restart it; otherwise nothing is needed"));
	return 0;
}

/* ---- privileges, by trying ---- */

static int check_select(struct report *report, struct err *err)
{
	struct result result;
	struct slice count;

	if (conn_query(
		    report->conn, &result, err,
		    "SELECT COUNT(*) FROM information_schema.tables WHERE table_type <> 'VIEW' AND "
		    "table_schema NOT IN ('mysql', 'sys', 'information_schema', "
		    "'performance_schema')"))
		return -1;
	count = arena_copy(report->arena, result_cell(&result, 0, 0));
	result_fini(&result);
	if (number(count))
		ok(report, "privilege SELECT",
		   TEXT(report, "%.*s tables are visible", SLICE_FMT(count)));
	else
		warn(report, "privilege SELECT", SLICE("no table is visible"),
		     TEXT(report, "GRANT SELECT ON `the_database`.* TO %.*s;",
			  SLICE_FMT(report->account)));
	return 0;
}

static int check_client(struct report *report, struct err *err)
{
	int rc = may(report, "SHOW BINARY LOGS", err);

	if (rc < 0)
		return -1;
	report->reads_status = rc;
	if (rc)
		ok(report, "privilege REPLICATION CLIENT", SLICE("granted"));
	else
		fail(report, "privilege REPLICATION CLIENT", SLICE("missing"),
		     grant(report, "REPLICATION CLIENT"));
	return 0;
}

/* Requests a binlog that does not exist. With the privilege the server answers error 1236. It
 * then closes the connection, so use a separate connection. Returns 1: granted; 0: missing; -1
 * on error. */
static int probe_dump(struct conn *conn, struct err *err)
{
	struct slice packet;
	struct buf body;
	int rc;

	buf_init(&body);
	flavour_encode_dump(&body, PROBE_OFFSET, PROBE_NON_BLOCK,
			    0xf0000000u | ((uint32_t)conn_id(conn) & 0x0fffffffu), "tideway-check");
	rc = raw_send(conn, RAW_BINLOG_DUMP, buf_slice(&body), err);
	buf_fini(&body);
	if (rc)
		return -1;
	rc = raw_read(conn, &packet, "trying a binlog dump", err);
	if (rc && server_error_lost(conn_errno(conn)))
		return -1;
	rc = rc && server_error_denied(conn_errno(conn)) ? 0 : 1;
	*err = (struct err)ERR_INIT;
	return rc;
}

static int check_slave(struct report *report, struct err *err)
{
	struct conn *conn = conn_open(report->conn->source, CONN_DUMP, err);
	int rc = conn ? probe_dump(conn, err) : -1;

	conn_free(conn);
	if (rc < 0)
		return -1;
	if (rc)
		ok(report, "privilege REPLICATION SLAVE", SLICE("granted"));
	else
		fail(report, "privilege REPLICATION SLAVE", SLICE("missing"),
		     grant(report, "REPLICATION SLAVE"));
	return 0;
}

/* Checks RELOAD by flushing a table that does not exist. That needs the privilege of FLUSH TABLES
 * WITH READ LOCK and changes nothing. */
static int check_reload(struct report *report, struct err *err)
{
	int rc = may(report, "FLUSH LOCAL TABLES tideway_no_such_database.t", err);

	if (rc < 0)
		return -1;
	report->can_lock = rc;
	if (rc)
		ok(report, "privilege RELOAD", SLICE("granted"));
	else
		warn(report, "privilege RELOAD", SLICE("missing"),
		     TEXT(report,
			  "%.*s Without it, the copy starts from equal or lowest positions instead "
			  "of a lock of milliseconds",
			  SLICE_FMT(grant(report, "RELOAD"))));
	return 0;
}

/* Checks the privilege to set sql_log_bin. MariaDB releases a table's metadata lock within a
 * snapshot only for a session that does not write to the binlog (rule: ddl-while-copying). */
static int check_binlog_admin(struct report *report, struct err *err)
{
	int rc;

	if (!report->conn->server.mariadb)
		return 0;
	rc = may(report, "SET SESSION sql_log_bin = 0", err);
	if (rc < 0 || may(report, "SET SESSION sql_log_bin = 1", err) < 0)
		return -1;
	if (rc)
		ok(report, "privilege BINLOG ADMIN", SLICE("granted"));
	else
		warn(report, "privilege BINLOG ADMIN", SLICE("missing"),
		     TEXT(report,
			  "%.*s Without it, an ALTER waits until the copy has read its table, and "
			  "the small tables that are read with it",
			  SLICE_FMT(grant(report, "BINLOG ADMIN"))));
	return 0;
}

static int check_xa(struct report *report, struct err *err)
{
	struct result result;

	if (conn_query(report->conn, &result, err, "XA RECOVER")) {
		if (!server_error_denied(conn_errno(report->conn)))
			return -1;
		*err = (struct err)ERR_INIT;
		warn(report, "prepared XA transactions", SLICE("may not be listed"),
		     TEXT(report, "%.*s It is needed only if XA is used",
			  SLICE_FMT(grant(report, "XA_RECOVER_ADMIN"))));
		return 0;
	}
	if (result.nrows)
		warn(report, "prepared XA transactions", TEXT(report, "%u", result.nrows),
		     SLICE("XA RECOVER; then XA COMMIT or XA ROLLBACK each of them before a full "
			   "sync "
			   "starts"));
	else
		ok(report, "prepared XA transactions", SLICE("none"));
	result_fini(&result);
	return 0;
}

/* ---- for information ---- */

static int check_facts(struct report *report, struct err *err)
{
	(void)err;
	ok(report, "time_zone",
	   TEXT(report, "%.*s (TIMESTAMP is read in UTC, whatever it is)",
		SLICE_FMT(variable(report, "time_zone"))));
	ok(report, "max_allowed_packet", variable(report, "max_allowed_packet"));
	return 0;
}

static const struct check {
	int (*run)(struct report *report, struct err *err);
	bool required; /* a failure makes a stream impossible */
} checks[] = {
	{check_version, true},   {check_log_bin, true},       {check_format, true},
	{check_row_image, true}, {check_compression, true},   {check_server_id, true},
	{check_client, true},    {check_slave, true},         {check_reload, true},
	{check_gtid, true},      {check_select, false},       {check_row_values, false},
	{check_metadata, false}, {check_retention, false},    {check_filters, false},
	{check_replica, false},  {check_binlog_admin, false}, {check_xa, false},
	{check_facts, false},
};

static int name_account(struct report *report, struct err *err)
{
	struct result result;

	if (conn_query(report->conn, &result, err,
		       "SELECT CONCAT(QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', 1)), '@', "
		       "QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)))"))
		return -1;
	report->account = arena_copy(report->arena, result_cell(&result, 0, 0));
	result_fini(&result);
	return 0;
}

static int run_checks(struct report *report, bool required_only, struct err *err)
{
	if (name_account(report, err))
		return -1;
	if (conn_query(report->conn, &report->variables, err, "SHOW GLOBAL VARIABLES"))
		return -1;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if ((checks[i].required || !required_only) && checks[i].run(report, err))
			return -1;
	return 0;
}

int inspect_source(struct conn *conn, struct arena *arena, struct finding **findings, unsigned *n,
		   struct err *err)
{
	struct report report = {.conn = conn, .arena = arena};
	int rc;

	buf_init(&report.findings);
	rc = run_checks(&report, false, err);
	*n = (unsigned)(report.findings.len / sizeof(struct finding));
	*findings = ARENA_ARRAY(arena, *n ? *n : 1, struct finding);
	if (*n)
		memcpy(*findings, report.findings.ptr, report.findings.len);
	buf_fini(&report.findings);
	result_fini(&report.variables);
	return rc;
}

static int first_failure(const struct report *report, struct err *err)
{
	unsigned n = (unsigned)(report->findings.len / sizeof(struct finding));

	for (unsigned i = 0; i < n; i++) {
		struct finding finding;
		memcpy(&finding, report->findings.ptr + i * sizeof(finding), sizeof(finding));
		if (finding.level == FINDING_FAIL)
			return err_set(err, E_PREFLIGHT, "source %s: %.*s is %.*s. %.*s",
				       report->conn->place, SLICE_FMT(finding.what),
				       SLICE_FMT(finding.found), SLICE_FMT(finding.remedy));
	}
	return 0;
}

int server_check(struct conn *conn, struct err *err)
{
	struct arena arena;
	struct report report = {.conn = conn, .arena = &arena};
	int rc;

	arena_init(&arena, 0);
	buf_init(&report.findings);
	rc = run_checks(&report, true, err);
	if (rc == 0)
		rc = first_failure(&report, err);
	buf_fini(&report.findings);
	result_fini(&report.variables);
	arena_fini(&arena);
	return rc;
}

/* ---- positions ---- */

int server_has_position(struct conn *conn, const struct position *position, struct err *err)
{
	int rc = conn->flavour->dump_check(conn, position, err);
	return rc == 0 ? 0 : position_error(position, err);
}

int server_binlog_end(struct conn *conn, struct position *position, struct err *err)
{
	const struct flavour *flavour = conn->flavour;

	position_fini(position);
	position_init(position);
	if (flavour->end_position(conn, position, err))
		return -1;
	/* a dump by file can begin only in the first 4 GiB of the file */
	return flavour->gtids_at && position->offset > UINT32_MAX
		       ? flavour->gtids_at(conn, position, err)
		       : 0;
}

int server_clock(struct conn *conn, int64_t *clock_ms, struct position *end, struct err *err)
{
	struct result result;

	/* use UTC: local times occur twice when daylight saving time ends */
	if (conn_query(
		    conn, &result, err,
		    "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000"))
		return -1;
	*clock_ms = strtoll(result_cell(&result, 0, 0).ptr, NULL, 10);
	result_fini(&result);
	return conn->flavour->end_position(conn, end, err);
}

/* ---- facts for the watcher of rule: retention-watch ---- */

int server_oldest_binlog(struct conn *conn, struct buf *file, struct err *err)
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
		rc = err_set(err, E_BINLOG_OFF, "source %s has no binary logs", conn->place);
	result_fini(&result);
	return rc;
}

int server_binlog_between(struct conn *conn, const char *from, const char *to, uint64_t *bytes,
			  struct err *err)
{
	struct result result;
	bool counts = false;

	*bytes = 0;
	if (conn_query(conn, &result, err, "SHOW BINARY LOGS"))
		return -1;
	for (unsigned row = 0; row < result.nrows; row++) {
		struct slice name = result_cell(&result, row, 0);
		counts |= slice_equal(name, slice_str(from));
		if (slice_equal(name, slice_str(to)))
			break;
		if (counts)
			*bytes += strtoull(result_cell(&result, row, 1).ptr, NULL, 10);
	}
	result_fini(&result);
	return counts;
}

int server_retention(struct conn *conn, uint64_t *seconds, struct err *err)
{
	struct report report = {.conn = conn};

	if (conn_query(conn, &report.variables, err,
		       "SHOW GLOBAL VARIABLES LIKE '%%expire_logs%%'"))
		return -1;
	*seconds = retention_of(&report);
	result_fini(&report.variables);
	return 0;
}
