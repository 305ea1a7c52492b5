#include "source/snapshot.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test_hook.h"
#include "source/conn_priv.h"
#include "source/flavour.h"
#include "source/server_error.h"
#include "source/server.h"

#include <inttypes.h>
#include <mysqld_error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOCK_TRIES = 3,        /* at most one second each */
	EQUAL_LIMIT_MS = 5000, /* after that use the lowest position */
	EXACT_LIMIT_MS = 2500, /* MySQL: how long to wait for a moment without a running commit */
	XA_LIMIT_MS = 5000,    /* how long to wait for prepared transactions to end */
	XA_PAUSE_MS = 20,
	BETWEEN_TRIES = 20, /* maximum tries when the catalog changes */
	XA_NAMED = 10,      /* xids in an error text */
};

#define START_SNAPSHOT "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"

/* The state of opening a snapshot. */
struct opening {
	struct conn *control;      /* for the lock, for positions and XA RECOVER */
	struct snapshot *snapshot; /* the snapshot; NULL: only the position is needed */
	struct position *position; /* the position if there is no snapshot */
	bool mariadb;
	bool lowest;       /* for tests: use SNAPSHOT_LOWEST */
	bool lock_refused; /* the privilege for the lock is missing: do not try again */
	bool xa_refused;   /* the privilege for XA RECOVER (MySQL: XA_RECOVER_ADMIN) is missing */
};

const char *snapshot_way_text(enum snapshot_way way)
{
	switch (way) {
	case SNAPSHOT_LOCK:
		return "a lock";
	case SNAPSHOT_EQUAL:
		return "equal positions, without a lock";
	case SNAPSHOT_LOWEST:
		return "the lowest of several positions, without a lock";
	}
	return "?";
}

/* ---- snapshots on the connections ---- */

/* Opens the snapshots. Sends all commands before it reads the first answer: the shorter the time
 * between the first and the last snapshot, the more likely nothing is committed between them. */
static int start_snapshots(struct snapshot *snapshot, struct err *err)
{
	for (unsigned i = 0; i < snapshot->nconns; i++)
		if (mysql_send_query(snapshot->conns[i]->mysql, START_SNAPSHOT,
				     sizeof(START_SNAPSHOT) - 1))
			return conn_fail(snapshot->conns[i], err, START_SNAPSHOT);
	for (unsigned i = 0; i < snapshot->nconns; i++)
		if (mysql_read_query_result(snapshot->conns[i]->mysql))
			return conn_fail(snapshot->conns[i], err, START_SNAPSHOT);
	return 0;
}

/* For tests: opens the snapshots one after another, the first connection last, so that writers can
 * commit between them. */
static int start_apart(struct snapshot *snapshot, struct err *err)
{
	for (unsigned i = snapshot->nconns; i-- > 0;)
		if (conn_query(snapshot->conns[i], NULL, err, START_SNAPSHOT))
			return -1;
	return 0;
}

static void set_server(struct position *position, const struct server *server)
{
	snprintf(position->server, sizeof(position->server), "%s", server->identity);
}

static void reset_position(struct position *position, const struct server *server)
{
	position_fini(position);
	position_init(position);
	set_server(position, server);
}

static bool same_place(const struct position *a, const struct position *b)
{
	return position_compare_files(a->file, a->offset, b->file, b->offset) == 0;
}

static void copy_to_all(struct snapshot *snapshot)
{
	for (unsigned i = 0; i < snapshot->nconns; i++)
		position_copy(&snapshot->positions[i], &snapshot->position);
}

/* ---- MariaDB: the server reports the position of each snapshot ---- */

static int read_positions(struct opening *opening, bool *equal, struct err *err)
{
	struct snapshot *snapshot = opening->snapshot;

	*equal = true;
	for (unsigned i = 0; i < snapshot->nconns; i++) {
		struct conn *conn = snapshot->conns[i];
		reset_position(&snapshot->positions[i], &conn->server);
		if (conn->flavour->snapshot_position(conn, &snapshot->positions[i], err))
			return -1;
		if (!same_place(&snapshot->positions[0], &snapshot->positions[i]))
			*equal = false;
	}
	return 0;
}

/* Sets the GTIDs of each position, with one query for each place, and the lowest position. */
static int complete_positions(struct opening *opening, struct err *err)
{
	struct snapshot *snapshot = opening->snapshot;
	struct position *lowest = &snapshot->positions[0];

	for (unsigned i = 0; i < snapshot->nconns; i++) {
		struct position *position = &snapshot->positions[i];
		if (i && same_place(position, &snapshot->positions[i - 1]))
			gtid_set_copy(&position->gtids, &snapshot->positions[i - 1].gtids);
		else if (opening->control->flavour->gtids_at(opening->control, position, err))
			return -1;
		if (position_compare_files(position->file, position->offset, lowest->file,
					   lowest->offset) < 0)
			lowest = position;
	}
	position_copy(&snapshot->position, lowest);
	return 0;
}

static int mariadb_open_equal(struct opening *opening, struct err *err)
{
	struct snapshot *snapshot = opening->snapshot;
	int64_t begin = clock_mono_ms();
	unsigned tries = 0;
	bool equal;

	do {
		tries++;
		if ((opening->lowest ? start_apart : start_snapshots)(snapshot, err) ||
		    read_positions(opening, &equal, err))
			return -1;
	} while (equal == opening->lowest && clock_mono_ms() - begin < EQUAL_LIMIT_MS);
	snapshot->way = equal && !opening->lowest ? SNAPSHOT_EQUAL : SNAPSHOT_LOWEST;
	snapshot->exact = true;
	snprintf(snapshot->how, sizeof(snapshot->how), "%s (tries: %u)",
		 snapshot_way_text(snapshot->way), tries);
	return complete_positions(opening, err);
}

/* ---- MySQL: gtid_executed before and after ---- */

/* The state of the server, read in this order for the proof in mysql_try_equal. */
struct mark {
	/* the end of the binlog: commits flushed before reading it are before it */
	struct position end;
	bool quiet;            /* then no GTID was owned: all those commits are visible */
	struct gtid_set gtids; /* last gtid_executed */
};

static void mark_init(struct mark *mark)
{
	position_init(&mark->end);
	gtid_set_init(&mark->gtids, GTID_MYSQL);
}

static void mark_fini(struct mark *mark)
{
	position_fini(&mark->end);
	gtid_set_fini(&mark->gtids);
}

static int read_gtid_executed(struct conn *control, struct gtid_set *gtids, bool *quiet,
			      struct err *err)
{
	struct result result;
	int rc;

	/* the server evaluates from left to right */
	if (conn_query(control, &result, err, "SELECT @@GLOBAL.gtid_owned, @@GLOBAL.gtid_executed"))
		return -1;
	*quiet = result_cell(&result, 0, 0).len == 0;
	gtids->flavour = GTID_MYSQL;
	rc = gtid_set_parse(gtids, result_cell(&result, 0, 1), err);
	result_fini(&result);
	return rc;
}

static int mark_read(struct conn *control, struct mark *mark, struct err *err)
{
	position_fini(&mark->end);
	position_init(&mark->end);
	if (control->flavour->end_position(control, &mark->end, err))
		return -1;
	return read_gtid_executed(control, &mark->gtids, &mark->quiet, err);
}

/* Opens the snapshots between two marks. If gtid_executed is equal before and after, no commit
 * finished between, so no row is missing (*equal). A running commit may be visible in some
 * snapshots; the stream then repeats it. If also no GTID was owned after reading the end of the
 * binlog, and that end did not move, no commit was running (*exact). */
static int mysql_try_equal(struct opening *opening, struct mark *before, struct mark *after,
			   bool *equal, bool *exact, struct err *err)
{
	if (mark_read(opening->control, before, err))
		return -1;
	*equal = *exact = false;
	if (start_snapshots(opening->snapshot, err) || mark_read(opening->control, after, err))
		return -1;
	*equal = gtid_set_equal(&before->gtids, &after->gtids);
	*exact = *equal && before->quiet && same_place(&before->end, &after->end);
	return 0;
}

static void mysql_set_position(struct opening *opening, struct position *position,
			       const struct gtid_set *gtids)
{
	reset_position(position, &opening->control->server);
	gtid_set_copy(&position->gtids, gtids);
}

/* Opens the snapshots one after another. The position of each is gtid_executed before it was
 * opened. The first is the lowest. */
static int mysql_open_lowest(struct opening *opening, struct err *err)
{
	struct snapshot *snapshot = opening->snapshot;
	struct gtid_set gtids;
	bool quiet;
	int rc = 0;

	gtid_set_init(&gtids, GTID_MYSQL);
	for (unsigned i = 0; i < snapshot->nconns && rc == 0; i++) {
		rc = read_gtid_executed(opening->control, &gtids, &quiet, err);
		if (rc == 0)
			rc = conn_query(snapshot->conns[i], NULL, err, START_SNAPSHOT);
		if (rc == 0)
			mysql_set_position(opening, &snapshot->positions[i], &gtids);
	}
	gtid_set_fini(&gtids);
	position_copy(&snapshot->position, &snapshot->positions[0]);
	snapshot->way = SNAPSHOT_LOWEST;
	snapshot->exact = false;
	snprintf(snapshot->how, sizeof(snapshot->how), "%s", snapshot_way_text(SNAPSHOT_LOWEST));
	return rc;
}

static int mysql_loop_equal(struct opening *opening, struct mark *before, struct mark *after,
			    struct err *err)
{
	struct snapshot *snapshot = opening->snapshot;
	int64_t begin = clock_mono_ms(), spent;
	bool equal, exact;
	unsigned tries = 0;

	if (opening->lowest)
		return mysql_open_lowest(opening, err);
	do {
		tries++;
		if (mysql_try_equal(opening, before, after, &equal, &exact, err))
			return -1;
		spent = clock_mono_ms() - begin;
	} while (!exact && (!equal || spent < EXACT_LIMIT_MS) && spent < EQUAL_LIMIT_MS);
	if (!equal)
		return mysql_open_lowest(opening, err);
	mysql_set_position(opening, &snapshot->position, &before->gtids);
	copy_to_all(snapshot);
	snapshot->way = SNAPSHOT_EQUAL;
	snapshot->exact = exact;
	snprintf(snapshot->how, sizeof(snapshot->how), "%s (tries: %u)",
		 snapshot_way_text(SNAPSHOT_EQUAL), tries);
	return 0;
}

static int mysql_open_equal(struct opening *opening, struct err *err)
{
	struct mark before, after;
	int rc;

	if (!opening->control->server.gtid && opening->lock_refused)
		return err_set(
			err, E_EXACT_POSITION,
			"source %s: MySQL without GTIDs gives an exact position only under a lock. "
			"GRANT RELOAD ON *.* TO the user '%s', or set gtid_mode = ON",
			opening->control->place, opening->control->user);
	if (!opening->control->server.gtid)
		return err_retry(err, E_LOCK_BUSY,
				 "source %s: MySQL without GTIDs gives an exact position only "
				 "under a lock, and a long statement kept the lock away for %d s. "
				 "Wait for it to end (SHOW PROCESSLIST), or set gtid_mode = ON",
				 opening->control->place, LOCK_TRIES);
	mark_init(&before);
	mark_init(&after);
	rc = mysql_loop_equal(opening, &before, &after, err);
	mark_fini(&before);
	mark_fini(&after);
	return rc;
}

/* ---- the lock ---- */

/* Takes the lock. Returns 1: locked; 0: the lock cannot be taken; -1 on error. */
static int take_lock(struct opening *opening, struct err *err)
{
	struct conn *control = opening->control;

	if (opening->lock_refused)
		return 0;
	if (conn_query(control, NULL, err, "SET SESSION lock_wait_timeout=1"))
		return -1;
	for (unsigned i = 0; i < LOCK_TRIES; i++) {
		if (conn_query(control, NULL, err, "FLUSH TABLES WITH READ LOCK") == 0)
			return 1;
		if (server_error_denied(conn_errno(control)))
			opening->lock_refused = true;
		if (server_error_lost(conn_errno(control)))
			return -1;
		*err = (struct err)ERR_INIT;
		if (opening->lock_refused)
			return 0;
	}
	log_info("source %s: no lock within %d s, because a long statement runs; continuing "
		 "without a lock",
		 control->place, LOCK_TRIES);
	return 0;
}

static int list_xids(struct opening *opening, struct buf *xids, struct err *err);

static int open_under_lock(struct opening *opening, struct buf *xids, struct err *err)
{
	struct snapshot *snapshot = opening->snapshot;
	struct conn *control = opening->control;

	if (start_snapshots(snapshot, err) || list_xids(opening, xids, err))
		return -1;
	if (opening->mariadb)
		return 0;
	reset_position(&snapshot->position, &control->server);
	return control->flavour->end_position(control, &snapshot->position, err);
}

/* Opens the snapshots under the lock. Returns 1: opened; 0: use another way; -1 on error. */
static int open_with_lock(struct opening *opening, struct buf *xids, struct err *err)
{
	struct snapshot *snapshot = opening->snapshot;
	int rc = take_lock(opening, err);
	int64_t begin = clock_mono_ms(), spent;
	bool equal;

	if (rc <= 0)
		return rc;
	rc = open_under_lock(opening, xids, err);
	spent = clock_mono_ms() - begin;
	if (rc || conn_query(opening->control, NULL, err, "UNLOCK TABLES"))
		return -1;
	snapshot->way = SNAPSHOT_LOCK;
	snapshot->exact = true;
	snprintf(snapshot->how, sizeof(snapshot->how), "a lock of %" PRId64 " ms", spent);
	if (!opening->mariadb) {
		copy_to_all(snapshot);
		return 1;
	}
	if (read_positions(opening, &equal, err))
		return -1;
	if (!equal) /* a writer committed under the lock; each position is right */
		return 0;
	return complete_positions(opening, err) ? -1 : 1;
}

/* ---- XA (rule: xa-prepared) ---- */

static void print_xid(const struct result *result, unsigned row, struct buf *xids)
{
	struct slice data = result_named(result, row, "data");

	buf_printf(xids, "%s'", xids->len ? ", " : "");
	for (size_t i = 0; i < data.len; i++) {
		unsigned char c = (unsigned char)data.ptr[i];
		if (c >= 0x20 && c < 0x7f)
			buf_char(xids, (char)c);
		else
			buf_printf(xids, "\\x%02x", c);
	}
	buf_char(xids, '\'');
}

/* Appends the xids of prepared transactions. If the account may not list them, appends none; the
 * stream then fails at an XA COMMIT of an unknown xid. */
static int list_xids(struct opening *opening, struct buf *xids, struct err *err)
{
	struct result result;

	if (opening->xa_refused)
		return 0;
	if (conn_query(opening->control, &result, err, "XA RECOVER")) {
		if (!server_error_denied(conn_errno(opening->control)))
			return -1;
		*err = (struct err)ERR_INIT;
		opening->xa_refused = true;
		log_warn("source %s: cannot see prepared XA transactions; GRANT XA_RECOVER_ADMIN "
			 "ON *.* TO "
			 "'%s' if there are any",
			 opening->control->place, opening->control->user);
		return 0;
	}
	for (unsigned i = 0; i < result.nrows && i < XA_NAMED; i++)
		print_xid(&result, i, xids);
	if (result.nrows > XA_NAMED)
		buf_printf(xids, " and %u more", result.nrows - XA_NAMED);
	result_fini(&result);
	return 0;
}

static int fail_xa(struct opening *opening, struct buf *xids, struct err *err)
{
	return err_set(
		err, E_XA_PREPARED,
		"source %s: prepared XA transactions do not end: %s. Their rows would be in "
		"neither the copy nor the stream. XA COMMIT or XA ROLLBACK them, then start again",
		opening->control->place, buf_cstr(xids));
}

/* ---- all ways together ---- */

/* Opens the snapshots once. Sets xids to the transactions that were prepared meanwhile. */
static int open_once(struct opening *opening, struct buf *xids, struct err *err)
{
	int rc;

	buf_clear(xids);
	rc = opening->lowest ? 0 : open_with_lock(opening, xids, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	buf_clear(xids);
	/* list before and after: find one prepared before and committed just after the opening */
	if (list_xids(opening, xids, err))
		return -1;
	rc = opening->mariadb ? mariadb_open_equal(opening, err) : mysql_open_equal(opening, err);
	if (rc == 0 && xids->len == 0)
		rc = list_xids(opening, xids, err);
	return rc;
}

typedef int try_fn(struct opening *opening, struct buf *xids, struct err *err);

/* Calls `once` until no XA transaction is prepared meanwhile, for at most XA_LIMIT_MS. */
static int without_xa(struct opening *opening, try_fn *once, struct err *err)
{
	int64_t begin = clock_mono_ms();
	struct buf xids;
	int rc;

	buf_init(&xids);
	while ((rc = once(opening, &xids, err)) == 0 && xids.len) {
		if (clock_mono_ms() - begin > XA_LIMIT_MS) {
			rc = fail_xa(opening, &xids, err);
			break;
		}
		clock_pause(XA_PAUSE_MS); /* wait: the server does not notify us */
	}
	buf_fini(&xids);
	return rc;
}

static int open_all(struct opening *opening, int (*between)(void *arg, struct err *err), void *arg,
		    struct err *err)
{
	for (unsigned i = 0; i < BETWEEN_TRIES; i++) {
		int rc = without_xa(opening, open_once, err);
		if (rc == 0 && between)
			rc = between(arg, err);
		if (rc <= 0)
			return rc;
	}
	return err_retry(err, E_TABLES_CHANGE,
			 "source %s: tables change so often that none of %d snapshots agreed with "
			 "their definitions. " REMEDY_WAIT_MIGRATION,
			 opening->control->place, BETWEEN_TRIES);
}

static int connect_all(struct source *source, struct snapshot *snapshot, struct err *err)
{
	for (unsigned i = 0; i < snapshot->nconns; i++) {
		position_init(&snapshot->positions[i]);
		snapshot->conns[i] = conn_open(source, CONN_READER, err);
		if (snapshot->conns[i] == NULL)
			return -1;
	}
	return 0;
}

static bool lowest_only(void)
{
	const char *text = test_hook_text(HOOK_SNAPSHOT_WAY);
	return text && strcmp(text, "lowest") == 0;
}

int server_snapshot(struct source *source, unsigned nconns, struct snapshot *snapshot,
		    int (*between)(void *arg, struct err *err), void *arg, struct err *err)
{
	struct opening opening = {.snapshot = snapshot, .lowest = lowest_only()};
	int rc;

	*snapshot = (struct snapshot){.nconns = nconns};
	position_init(&snapshot->position);
	snapshot->conns = mem_array(nconns, sizeof(struct conn *));
	snapshot->positions = mem_array(nconns, sizeof(struct position));
	opening.control = conn_open(source, CONN_CONTROL, err);
	rc = opening.control ? connect_all(source, snapshot, err) : -1;
	if (rc == 0) {
		opening.mariadb = opening.control->server.mariadb;
		rc = open_all(&opening, between, arg, err);
	}
	conn_free(opening.control);
	if (rc)
		snapshot_fini(snapshot);
	return rc;
}

/* ---- one connection, again and again ---- */

static int set_low_gtids(struct conn *conn, struct position *low, struct err *err)
{
	bool quiet;

	if (!conn->server.gtid)
		return err_set(err, E_EXACT_POSITION,
			       "source %s: MySQL without GTIDs gives an exact position only under "
			       "a lock. Set gtid_mode = ON",
			       conn->place);
	return read_gtid_executed(conn, &low->gtids, &quiet, err);
}

int server_renew_snapshot(struct conn *conn, struct position *low, struct err *err)
{
	bool reports = conn->flavour->snapshot_position != NULL;

	reset_position(low, &conn->server);
	if (!reports && set_low_gtids(conn, low, err))
		return -1;
	if (conn_query(conn, NULL, err, START_SNAPSHOT))
		return -1;
	return reports ? conn->flavour->snapshot_position(conn, low, err) : 0;
}

int server_end_snapshot(struct conn *conn, struct err *err)
{
	return conn_query(conn, NULL, err, "ROLLBACK"); /* COMMIT may write to the binlog */
}

void snapshot_fini(struct snapshot *snapshot)
{
	for (unsigned i = 0; i < snapshot->nconns; i++) {
		conn_free(snapshot->conns[i]);
		position_fini(&snapshot->positions[i]);
	}
	free(snapshot->conns);
	free(snapshot->positions);
	position_fini(&snapshot->position);
	*snapshot = (struct snapshot){0};
	position_init(&snapshot->position);
}

/* ---- a position alone ---- */

static int mariadb_position_now(struct conn *conn, struct position *position, struct err *err)
{
	if (conn_query(conn, NULL, err, START_SNAPSHOT) ||
	    conn->flavour->snapshot_position(conn, position, err) ||
	    conn_query(conn, NULL, err, "COMMIT"))
		return -1;
	return conn->flavour->gtids_at(conn, position, err);
}

static int mysql_position_now(struct conn *conn, struct position *position, struct err *err)
{
	struct opening opening = {.control = conn};
	bool quiet;
	int locked, rc;

	if (conn->server.gtid)
		return read_gtid_executed(conn, &position->gtids, &quiet, err);
	locked = take_lock(&opening, err);
	if (locked < 0)
		return -1;
	rc = conn->flavour->end_position(conn, position, err);
	if (locked && rc == 0)
		rc = conn_query(conn, NULL, err, "UNLOCK TABLES");
	return rc;
}

/* Reads the position once. Sets xids to the transactions that were prepared meanwhile. */
static int position_once(struct opening *opening, struct buf *xids, struct err *err)
{
	struct conn *conn = opening->control;
	struct position *position = opening->position;
	int rc;

	buf_clear(xids);
	if (list_xids(opening, xids, err))
		return -1;
	reset_position(position, &conn->server);
	rc = conn->server.mariadb ? mariadb_position_now(conn, position, err)
				  : mysql_position_now(conn, position, err);
	if (rc == 0 && xids->len == 0)
		rc = list_xids(opening, xids, err);
	return rc;
}

int server_position_now(struct source *source, struct position *position, struct err *err)
{
	struct opening opening = {.control = conn_open(source, CONN_CONTROL, err),
				  .position = position};
	int rc;

	if (opening.control == NULL)
		return -1;
	rc = without_xa(&opening, position_once, err);
	conn_free(opening.control);
	return rc;
}
