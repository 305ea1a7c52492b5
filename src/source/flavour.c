#include "source/flavour.h"

#include "source/conn_priv.h"
#include "source/gtid_scan.h"
#include "source/inspect.h"
#include "source/raw.h"
#include "source/server_error.h"

#include <inttypes.h>
#include <mysqld_error.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	DUMP_NON_BLOCK = 0x01, /* BINLOG_DUMP_NON_BLOCK: end after the last event */
	/* BINLOG_THROUGH_GTID: a GTID set follows, which is the position */
	DUMP_THROUGH_GTID = 0x04,
	DUMP_FIRST_OFFSET = 4, /* a binlog file begins with four magic bytes */
	COMMIT_WAIT_S = 5,     /* a dump sends a transaction before gtid_executed contains it */
};

/* ---- for both ---- */

int flavour_binlog_status(struct conn *conn, struct result *result, struct err *err)
{
	if (conn_query(conn, result, err, "SHOW BINARY LOG STATUS") == 0)
		return 0;
	if (!server_error_unknown(conn_errno(conn)))
		return -1;
	*err = (struct err)ERR_INIT;
	return conn_query(conn, result, err, "SHOW MASTER STATUS");
}

static int set_file(struct conn *conn, struct position *position, struct slice file,
		    struct slice offset, struct err *err)
{
	if (file.len == 0 || file.len >= sizeof(position->file) || offset.len == 0)
		return err_set(err, E_BINLOG_OFF,
			       "source %s: the binary log is off. Set log_bin in the server's "
			       "configuration and restart it",
			       conn->place);
	memcpy(position->file, file.ptr, file.len);
	position->file[file.len] = '\0';
	position->offset = strtoull(offset.ptr, NULL, 10);
	return 0;
}

static void put_u(struct buf *buf, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		buf_char(buf, (char)(value >> (8 * i)));
}

void flavour_encode_dump(struct buf *body, uint64_t offset, uint16_t flags, uint32_t server_id,
			 const char *file)
{
	put_u(body, offset, 4);
	put_u(body, flags, 2);
	put_u(body, server_id, 4);
	buf_put(body, slice_str(file));
}

void flavour_encode_dump_gtid(struct buf *body, const struct gtid_set *gtids, uint16_t flags,
			      uint32_t server_id)
{
	struct buf set;

	buf_init(&set);
	gtid_set_encode(gtids, &set);
	put_u(body, flags, 2);
	put_u(body, server_id, 4);
	put_u(body, 0, 4); /* length of the file name */
	put_u(body, DUMP_FIRST_OFFSET, 8);
	put_u(body, set.len, 4);
	buf_put(body, buf_slice(&set));
	buf_fini(&set);
}

int flavour_send_file_dump(struct conn *conn, const struct dump_start *start, struct err *err)
{
	const struct position *position = start->position;
	struct buf body;
	int rc;

	if (position->offset > UINT32_MAX)
		return err_set(err, E_FIRST_4GIB,
			       "source %s: position %s:%" PRIu64
			       " is not within the first 4 GiB of its file, and without GTIDs a "
			       "dump can begin only there. Set gtid_mode = ON on the source "
			       "(MySQL), and keep transactions smaller. " REMEDY_NEW_NAME,
			       conn->place, position->file, position->offset);
	buf_init(&body);
	flavour_encode_dump(
		&body, position->offset < DUMP_FIRST_OFFSET ? DUMP_FIRST_OFFSET : position->offset,
		start->non_block ? DUMP_NON_BLOCK : 0, start->server_id, position->file);
	rc = raw_send(conn, RAW_BINLOG_DUMP, buf_slice(&body), err);
	buf_fini(&body);
	return rc;
}

/* Checks that the position is of this server. Coordinates are not valid on another server. */
static int check_server(struct conn *conn, const struct position *position, struct err *err)
{
	struct buf text;

	if (position->server[0] == '\0' || strcmp(position->server, conn->server.identity) == 0)
		return 0;
	buf_init(&text);
	position_print(position, &text);
	err_set(err, E_OTHER_SERVER,
		"source %s: the saved position %s belongs to server %s, and this is server %s, "
		"where it is not valid. " REMEDY_OTHER_SERVER,
		conn->place, buf_cstr(&text), position->server, conn->server.identity);
	buf_fini(&text);
	return -1;
}

static int file_gone(struct conn *conn, const struct position *position, const struct result *logs,
		     struct err *err)
{
	return err_set(
		err, E_BINLOG_PURGED,
		"source %s: binlog %s is no longer there, the oldest is %.*s. " REMEDY_COPY_AGAIN,
		conn->place, position->file, SLICE_FMT(result_cell(logs, 0, 0)));
}

static int file_too_short(struct conn *conn, const struct position *position, uint64_t size,
			  struct err *err)
{
	return err_set(err, E_BINLOG_SHORTER,
		       "source %s: binlog %s ends at %" PRIu64
		       ", before the saved position %" PRIu64
		       ": the server was restored or lost its last writes. " REMEDY_COPY_AGAIN,
		       conn->place, position->file, size, position->offset);
}

static bool same_base(const char *a, const char *b)
{
	const char *dot = strrchr(a, '.'), *other = strrchr(b, '.');

	return dot && other && dot - a == other - b && strncmp(a, b, (size_t)(dot - a)) == 0;
}

/* Reports that the newest binlog is older than that of the position. */
static int file_to_come(struct conn *conn, const struct position *position, const char *newest,
			struct err *err)
{
	return err_set(err, E_BINLOG_RESET,
		       "source %s: binlog %s is not there, the newest is %s: the server was reset "
		       "(RESET MASTER) or restored. " REMEDY_COPY_AGAIN,
		       conn->place, position->file, newest);
}

/* Searches the position's file in the list of binlogs and sets *logs to the list. Fails if the file
 * ends before the position: the server has lost its last writes, and may reach the position again
 * with others. */
static int find_file(struct conn *conn, const struct position *position, struct result *logs,
		     bool *there, struct err *err)
{
	uint64_t size;

	*there = false;
	if (conn_query(conn, logs, err, "SHOW BINARY LOGS"))
		return -1;
	for (unsigned i = 0; i < logs->nrows && !*there; i++) {
		if (!slice_equal(result_cell(logs, i, 0), slice_str(position->file)))
			continue;
		*there = true;
		size = strtoull(result_cell(logs, i, 1).ptr, NULL, 10);
		if (position->offset > size) {
			result_fini(logs);
			return file_too_short(conn, position, size, err);
		}
	}
	if (!*there && logs->nrows) {
		char newest[sizeof(position->file)];
		conn_copy_cell(newest, sizeof(newest), result_cell(logs, logs->nrows - 1, 0));
		if (same_base(newest, position->file) &&
		    position_compare_files(position->file, 0, newest, 0) > 0) {
			result_fini(logs);
			return file_to_come(conn, position, newest, err);
		}
	}
	return 0;
}

/* Checks the position's file if the account may list the binlogs. If not, the server refuses a dump
 * later. */
static int check_file(struct conn *conn, const struct position *position, struct err *err)
{
	struct result logs;
	bool there;
	int rc = 0;

	if (find_file(conn, position, &logs, &there, err)) {
		if (!server_error_denied(conn_errno(conn)))
			return -1;
		*err = (struct err)ERR_INIT;
		return 0;
	}
	if (!there && logs.nrows)
		rc = file_gone(conn, position, &logs, err);
	result_fini(&logs);
	return rc;
}

bool flavour_asks_by_gtid(const struct position *position)
{
	return position->gtids.flavour != GTID_NONE &&
	       (position->file[0] == '\0' || !gtid_set_empty(&position->gtids));
}

static int check_file_position(struct conn *conn, const struct position *position, struct err *err)
{
	if (position->file[0] == '\0')
		return 0; /* a dump from the first binlog */
	if (check_server(conn, position, err))
		return -1;
	return check_file(conn, position, err);
}

static int wrong_flavour(struct conn *conn, const struct position *position, struct err *err)
{
	struct buf text;

	buf_init(&text);
	gtid_set_print(&position->gtids, &text);
	err_set(err, E_OTHER_FLAVOUR,
		"source %s: the saved position has the GTIDs %s, and this server (%s %s) %s. "
		"Connect to the right server, or start under another sync name",
		conn->place, buf_cstr(&text), conn->flavour->name, conn->server.version_text,
		conn->server.mariadb
			? "has GTIDs of the other flavour"
			: "does not have gtid_mode ON, or has GTIDs of the other flavour");
	buf_fini(&text);
	return -1;
}

static void append_oldest_file(struct conn *conn, struct buf *text)
{
	struct err ignored = ERR_INIT;
	struct buf file;

	buf_init(&file);
	if (source_oldest_binlog(conn, &file, &ignored) == 0)
		buf_printf(text, "; the oldest binlog there is %s", buf_cstr(&file));
	buf_fini(&file);
}

/* ---- MariaDB ---- */

static int mariadb_identify(struct conn *conn, struct err *err)
{
	(void)err;
	snprintf(conn->server.identity, sizeof(conn->server.identity), "%" PRIu32,
		 conn->server.server_id);
	conn->server.gtid = true;
	return 0;
}

static int mariadb_end_position(struct conn *conn, struct position *position, struct err *err)
{
	struct result result;
	int rc;

	if (conn_query(conn, &result, err, "SHOW MASTER STATUS"))
		return -1;
	rc = set_file(conn, position, result_named(&result, 0, "File"),
		      result_named(&result, 0, "Position"), err);
	result_fini(&result);
	return rc;
}

/* Sets *is: whether the position is the present end of the binlog. */
static int is_end(struct conn *conn, const struct position *position, bool *is, struct err *err)
{
	struct position end;
	int rc;

	position_init(&end);
	rc = mariadb_end_position(conn, &end, err);
	*is = rc == 0 &&
	      position_compare_files(position->file, position->offset, end.file, end.offset) == 0;
	position_fini(&end);
	return rc;
}

/* Sets the GTIDs of a position. The present state is that of the position if the binlog ends there
 * both before and after reading the state, because each transaction moves both. Otherwise scans the
 * file. */
static int gtids_from_binlog(struct conn *conn, struct position *position, struct err *err)
{
	struct result result;
	bool before, after = false;
	int rc;

	if (is_end(conn, position, &before, err))
		return -1;
	if (!before)
		return gtid_scan(conn, position, err);
	if (conn_query(conn, &result, err, "SELECT @@GLOBAL.gtid_binlog_pos"))
		return -1;
	rc = gtid_set_parse(&position->gtids, result_cell(&result, 0, 0), err);
	result_fini(&result);
	if (rc || is_end(conn, position, &after, err))
		return -1;
	return after ? 0 : gtid_scan(conn, position, err);
}

static int mariadb_gtids_at(struct conn *conn, struct position *position, struct err *err)
{
	struct result result;
	struct slice text;
	struct buf file;
	int rc;

	buf_init(&file);
	conn_quote(conn, slice_str(position->file), &file);
	rc = conn_query(conn, &result, err, "SELECT BINLOG_GTID_POS(%s, %" PRIu64 ")",
			buf_cstr(&file), position->offset);
	buf_fini(&file);
	if (rc)
		return -1;
	text = result_cell(&result, 0, 0);
	position->gtids.flavour = GTID_MARIADB;
	/* NULL: the file has an event larger than max_allowed_packet, or no longer exists */
	rc = text.ptr ? gtid_set_parse(&position->gtids, text, err)
		      : gtids_from_binlog(conn, position, err);
	result_fini(&result);
	return rc;
}

static int mariadb_snapshot_position(struct conn *conn, struct position *position, struct err *err)
{
	struct slice file = {NULL, 0}, offset = {NULL, 0};
	struct result result;
	int rc;

	if (conn_query(conn, &result, err, "SHOW STATUS LIKE 'binlog_snapshot_%%'"))
		return -1;
	for (unsigned i = 0; i < result.nrows; i++) {
		if (slice_equal_nocase(result_cell(&result, i, 0), SLICE("Binlog_snapshot_file")))
			file = result_cell(&result, i, 1);
		if (slice_equal_nocase(result_cell(&result, i, 0),
				       SLICE("Binlog_snapshot_position")))
			offset = result_cell(&result, i, 1);
	}
	rc = set_file(conn, position, file, offset, err);
	result_fini(&result);
	return rc;
}

/* Appends the GTID state at the start of the oldest binlog. Everything before it is purged. Appends
 * nothing if the account may not query it. */
static void mariadb_purged_state(struct conn *conn, struct buf *state)
{
	struct err ignored = ERR_INIT;
	struct result result;
	struct buf file, quoted;

	buf_init(&file);
	buf_init(&quoted);
	if (source_oldest_binlog(conn, &file, &ignored) == 0) {
		conn_quote(conn, buf_slice(&file), &quoted);
		if (conn_query(conn, &result, &ignored, "SELECT BINLOG_GTID_POS(%s, 4)",
			       buf_cstr(&quoted)) == 0) {
			if (result_cell(&result, 0, 0).len)
				buf_put(state, result_cell(&result, 0, 0));
			result_fini(&result);
		}
	}
	buf_fini(&quoted);
	buf_fini(&file);
}

static void mariadb_oldest_available(struct conn *conn, struct buf *text)
{
	struct buf state;

	append_oldest_file(conn, text);
	buf_init(&state);
	mariadb_purged_state(conn, &state);
	if (state.len)
		buf_printf(text, ", which begins after GTID %s", buf_cstr(&state));
	buf_fini(&state);
}

static int mariadb_purged(struct conn *conn, const struct position *position, struct err *err)
{
	struct buf gtids, oldest;

	buf_init(&gtids);
	buf_init(&oldest);
	gtid_set_print(&position->gtids, &gtids);
	mariadb_oldest_available(conn, &oldest);
	err_set(err, E_BINLOG_PURGED,
		"source %s: binlog %s (GTID %.300s) is no longer there%s. " REMEDY_COPY_AGAIN,
		conn->place, position->file, buf_cstr(&gtids), buf_cstr(&oldest));
	buf_fini(&oldest);
	buf_fini(&gtids);
	return -1;
}

/* Sets *there: whether the position's file exists on this server. If so, everything after it exists
 * too. */
static int has_file(struct conn *conn, const struct position *position, bool *there,
		    struct err *err)
{
	struct result logs;

	*there = false;
	if (position->file[0] == '\0' || strcmp(position->server, conn->server.identity) != 0)
		return 0;
	if (find_file(conn, position, &logs, there, err)) {
		if (err->code == ERR_POSITION || err->retriable)
			return -1;
		*err = (struct err)ERR_INIT;
		return 0;
	}
	result_fini(&logs);
	return 0;
}

/* Checks that everything purged is before the position. The server itself refuses other positions
 * at the dump, with clear errors. Does not compare numbers while the position's file exists,
 * because they may decrease in a domain (gtid_strict_mode = OFF). */
static int mariadb_check_gtids(struct conn *conn, const struct position *position, struct err *err)
{
	struct gtid_set purged;
	struct buf state;
	bool there;
	int rc;

	if (has_file(conn, position, &there, err))
		return -1;
	if (there)
		return 0;
	buf_init(&state);
	gtid_set_init(&purged, GTID_MARIADB);
	mariadb_purged_state(conn, &state);
	rc = gtid_set_parse(&purged, buf_slice(&state), err);
	if (rc == 0 && !gtid_set_subset(&purged, &position->gtids))
		rc = mariadb_purged(conn, position, err);
	gtid_set_fini(&purged);
	buf_fini(&state);
	return rc;
}

static int mariadb_dump_check(struct conn *conn, const struct position *position, struct err *err)
{
	if (position->gtids.flavour == GTID_MYSQL)
		return wrong_flavour(conn, position, err);
	if (flavour_asks_by_gtid(position))
		return mariadb_check_gtids(conn, position, err);
	return check_file_position(conn, position, err);
}

static int mariadb_dump_start(struct conn *conn, const struct dump_start *start, struct err *err)
{
	static const struct position nowhere;
	struct dump_start by_state = *start;
	struct buf gtids;
	bool there;
	int rc;

	if (conn_query(conn, NULL, err,
		       "SET @master_heartbeat_period=%" PRIu64 ", @master_binlog_checksum='CRC32', "
		       "@mariadb_slave_capability=4",
		       (uint64_t)start->heartbeat_ms * 1000000))
		return -1;
	if (!flavour_asks_by_gtid(start->position) && start->position->file[0])
		return flavour_send_file_dump(conn, start, err);
	if (has_file(conn, start->position, &there, err))
		return -1;
	buf_init(&gtids);
	gtid_set_print(&start->position->gtids, &gtids);
	/* Strict mode makes a gap between the position and the next GTID an error. If the
	 * position's own binlog exists, there is no gap, even if the numbers have one. With several
	 * hosts strict mode stays on, because two may have the same server_id. */
	rc = conn_query(conn, NULL, err,
			"SET @slave_connect_state='%s', @slave_gtid_strict_mode=%d",
			buf_cstr(&gtids),
			gtids.len > 0 && (!there || source_config(conn->source)->nhosts > 0));
	buf_fini(&gtids);
	if (rc)
		return -1;
	by_state.position = &nowhere;
	return flavour_send_file_dump(conn, &by_state, err);
}

static const char *const mariadb_settings[] = {
	"SET SESSION max_statement_time=0",
	"SET SESSION idle_transaction_timeout=0, idle_readonly_transaction_timeout=0, "
	"idle_write_transaction_timeout=0",
	NULL,
};

const struct flavour flavour_mariadb = {
	.name = "MariaDB",
	.oldest = 100500,
	.oldest_text = "10.5",
	.settings = mariadb_settings,
	.identify = mariadb_identify,
	.end_position = mariadb_end_position,
	.snapshot_position = mariadb_snapshot_position,
	.gtids_at = mariadb_gtids_at,
	.dump_check = mariadb_dump_check,
	.dump_start = mariadb_dump_start,
	.oldest_available = mariadb_oldest_available,
};

/* ---- MySQL ---- */

static int mysql_identify(struct conn *conn, struct err *err)
{
	struct server *server = &conn->server;
	struct result result;

	if (conn_query(conn, &result, err, "SELECT @@GLOBAL.server_uuid, @@GLOBAL.gtid_mode"))
		return -1;
	conn_copy_cell(server->identity, sizeof(server->identity), result_cell(&result, 0, 0));
	server->gtid = slice_equal_nocase(result_cell(&result, 0, 1), SLICE("ON"));
	result_fini(&result);
	return 0;
}

static int mysql_end_position(struct conn *conn, struct position *position, struct err *err)
{
	struct result result;
	int rc;

	if (flavour_binlog_status(conn, &result, err))
		return -1;
	rc = set_file(conn, position, result_named(&result, 0, "File"),
		      result_named(&result, 0, "Position"), err);
	if (rc == 0 && conn->server.gtid) {
		position->gtids.flavour = GTID_MYSQL;
		rc = gtid_set_parse(&position->gtids, result_named(&result, 0, "Executed_Gtid_Set"),
				    err);
	}
	result_fini(&result);
	return rc;
}

/* Returns whether the position's last transaction is in the binlog of this server, at its place, and
 * among the missing ones: then the server has sent it before its commit is finished. */
static bool mysql_will_commit(struct conn *conn, const struct position *position,
			      const struct gtid_set *missing)
{
	const struct binlog_identity *last = &position->identity;
	struct err ignored = ERR_INIT;
	struct result result;
	struct buf file, gtid;
	struct slice info;
	bool there = false;

	if (last->gtid.flavour != GTID_MYSQL || !gtid_set_contains(missing, &last->gtid) ||
	    strcmp(position->server, conn->server.identity) != 0)
		return false;
	buf_init(&file);
	buf_init(&gtid);
	conn_quote(conn, slice_str(last->file), &file);
	gtid_print(&last->gtid, &gtid);
	if (conn_query(conn, &result, &ignored, "SHOW BINLOG EVENTS IN %s FROM %" PRIu64 " LIMIT 1",
		       buf_cstr(&file), last->offset) == 0) {
		info = result_named(&result, 0, "Info");
		there = info.len > 0 && memmem(info.ptr, info.len, gtid.ptr, gtid.len);
		result_fini(&result);
	}
	buf_fini(&gtid);
	buf_fini(&file);
	return there;
}

/* Reports transactions of the position that the server has not executed. Those in its binlog will be.
 * Otherwise it is another server, or it has lost transactions that it had sent. */
static int mysql_refuse(struct conn *conn, const struct position *position, struct slice missing,
			struct err *err)
{
	struct gtid_set set;
	bool will_commit;

	gtid_set_init(&set, GTID_MYSQL);
	if (gtid_set_parse(&set, missing, err))
		return -1;
	will_commit = mysql_will_commit(conn, position, &set);
	gtid_set_fini(&set);
	if (will_commit)
		return err_retry(err, E_NOT_COMMITTED,
				 "source %s: transactions of the saved position are in the binlog, "
				 "and the server has not finished their commit: %.*s. It may wait "
				 "for a semi-synchronous replica. Check the replicas",
				 conn->place, SLICE_FMT(missing));
	return err_set(err, E_TRANSACTIONS_MISSING,
		       "source %s (server_uuid %s): the saved position contains transactions that "
		       "this server does not have: %.*s. It is another server, or it was restored "
		       "or lost its last writes. Connect to the right server, or start under "
		       "another sync name",
		       conn->place, conn->server.identity, SLICE_FMT(missing));
}

/* Checks that the server has executed the transactions of the position. */
static int mysql_check_executed(struct conn *conn, const struct position *position,
				const char *gtids, struct err *err)
{
	struct result result;
	struct slice missing;
	bool there;
	int rc = 0;

	if (conn_query(conn, &result, err, "SELECT WAIT_FOR_EXECUTED_GTID_SET('%s', %d)", gtids,
		       COMMIT_WAIT_S))
		return -1;
	there = slice_equal(result_cell(&result, 0, 0), SLICE("0"));
	result_fini(&result);
	if (there)
		return 0;
	if (conn_query(conn, &result, err, "SELECT GTID_SUBTRACT('%s', @@GLOBAL.gtid_executed)",
		       gtids))
		return -1;
	missing = result_cell(&result, 0, 0);
	if (missing.len > 0) /* they may have been executed just now */
		rc = mysql_refuse(conn, position, missing, err);
	result_fini(&result);
	return rc;
}

static int mysql_purged(struct conn *conn, const char *gtids, const struct result *result,
			struct err *err)
{
	struct buf oldest;

	buf_init(&oldest);
	append_oldest_file(conn, &oldest);
	err_set(err, E_BINLOG_PURGED,
		"source %s: the binlog after the saved position was purged. The transactions %.*s "
		"are missing (position %.300s)%s. " REMEDY_COPY_AGAIN,
		conn->place, (int)result_cell(result, 0, 1).len,
		result_cell(result, 0, 1).ptr ? result_cell(result, 0, 1).ptr : "",
		gtids[0] ? gtids : "from the first transaction", buf_cstr(&oldest));
	buf_fini(&oldest);
	return -1;
}

static int mysql_check_gtids(struct conn *conn, const struct position *position, const char *gtids,
			     struct err *err)
{
	struct result result;
	bool kept;
	int rc = 0;

	if (mysql_check_executed(conn, position, gtids, err))
		return -1;
	if (conn_query(conn, &result, err,
		       "SELECT GTID_SUBSET(@@GLOBAL.gtid_purged, '%s'), "
		       "GTID_SUBTRACT(@@GLOBAL.gtid_purged, '%s')",
		       gtids, gtids))
		return -1;
	kept = slice_equal(result_cell(&result, 0, 0), SLICE("1"));
	if (!kept)
		rc = mysql_purged(conn, gtids, &result, err);
	result_fini(&result);
	return rc;
}

static int mysql_dump_check(struct conn *conn, const struct position *position, struct err *err)
{
	struct buf gtids;
	int rc;

	if (position->gtids.flavour == GTID_MARIADB)
		return wrong_flavour(conn, position, err);
	if (!flavour_asks_by_gtid(position))
		return check_file_position(conn, position, err);
	if (!conn->server.gtid)
		return wrong_flavour(conn, position, err);
	buf_init(&gtids);
	gtid_set_print(&position->gtids, &gtids);
	rc = mysql_check_gtids(conn, position, buf_cstr(&gtids), err);
	buf_fini(&gtids);
	return rc;
}

static int mysql_dump_start(struct conn *conn, const struct dump_start *start, struct err *err)
{
	uint64_t heartbeat_ns = (uint64_t)start->heartbeat_ms * 1000000;
	uint16_t flags = DUMP_THROUGH_GTID | (start->non_block ? DUMP_NON_BLOCK : 0);
	struct buf body;
	int rc;

	if (conn_query(conn, NULL, err,
		       "SET @master_heartbeat_period=%" PRIu64 ", @source_heartbeat_period=%" PRIu64
		       ", @master_binlog_checksum='CRC32', @source_binlog_checksum='CRC32', "
		       "@slave_uuid='%s', @replica_uuid='%s'",
		       heartbeat_ns, heartbeat_ns, start->uuid, start->uuid))
		return -1;
	if (!flavour_asks_by_gtid(start->position))
		return flavour_send_file_dump(conn, start, err);
	buf_init(&body);
	flavour_encode_dump_gtid(&body, &start->position->gtids, flags, start->server_id);
	rc = raw_send(conn, RAW_BINLOG_DUMP_GTID, buf_slice(&body), err);
	buf_fini(&body);
	return rc;
}

static void mysql_oldest_available(struct conn *conn, struct buf *text)
{
	struct err ignored = ERR_INIT;
	struct result result;

	append_oldest_file(conn, text);
	if (!conn->server.gtid ||
	    conn_query(conn, &result, &ignored, "SELECT @@GLOBAL.gtid_purged"))
		return;
	if (result_cell(&result, 0, 0).len)
		buf_printf(text, ", purged are %.*s", SLICE_FMT(result_cell(&result, 0, 0)));
	result_fini(&result);
}

static const char *const mysql_settings[] = {
	"SET SESSION max_execution_time=0",
	/* treat a generated invisible primary key like other columns and keys */
	"SET SESSION show_gipk_in_create_table_and_information_schema=ON",
	/* do not use cached row estimates */
	"SET SESSION information_schema_stats_expiry=0",
	NULL,
};

const struct flavour flavour_mysql = {
	.name = "MySQL",
	.oldest = 80000,
	.oldest_text = "8.0",
	.settings = mysql_settings,
	.identify = mysql_identify,
	.end_position = mysql_end_position,
	.snapshot_position = NULL,
	.gtids_at = NULL,
	.dump_check = mysql_dump_check,
	.dump_start = mysql_dump_start,
	.oldest_available = mysql_oldest_available,
};
