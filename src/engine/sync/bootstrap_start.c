/* bootstrap_start: the present position, with the definitions that hold there, and the place where a stream without a copy begins (the
 * option start, docs/decisions/0044). A place in the past is allowed when no statement after it changes a captured table: then the
 * present definitions hold from there on. */
#include "base/log.h"
#include "binlog/place_scan.h"
#include "engine/sync/bootstrap_priv.h"
#include "source/dump.h"
#include "source/inspect.h"
#include "source/snapshot.h"
#include "source/standby.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	POSITION_TRIES = 20, /* tries with definitions that may have changed meanwhile */
	FILE_BEGIN = 4,      /* four magic bytes come before the first event */
	HEARTBEAT_MS = 100,
};

/* ---- now ---- */

int bootstrap_differs(struct bootstrap *bootstrap, const struct position *at, struct err *err)
{
	uint64_t before = catalog_version(bootstrap->catalog_now);
	int changed = bootstrap_changed(bootstrap, at, err);
	if (changed < 0 || bootstrap_load_now(bootstrap, err) < 0)
		return -1;
	return changed || catalog_version(bootstrap->catalog_now) != before;
}

int bootstrap_position_now(struct bootstrap *bootstrap, struct position *now, struct err *err)
{
	for (unsigned tries = 0; tries < POSITION_TRIES; tries++) {
		int rc;
		if (snapshot_position_now(bootstrap->sync->source, now, err) < 0)
			return -1;
		rc = bootstrap_differs(bootstrap, now, err);
		if (rc <= 0)
			return rc;
	}
	return err_retry(err, E_TABLES_CHANGE,
			 "tables change so often that none of %d positions agreed with their "
			 "definitions. " REMEDY_WAIT_MIGRATION,
			 POSITION_TRIES);
}

/* ---- the place ---- */

static bool is_in_the_past(const struct sync_config *config)
{
	return config->start_earliest || config->start_gtid || config->start_file;
}

/* Fail because the server does not have the place, or not everything after it. */
static int not_there(const struct bootstrap *bootstrap, const struct position *start,
		     const char *what, struct err *err)
{
	const struct sync_config *config = bootstrap->sync->config;
	struct err ignored = ERR_INIT;
	struct buf oldest, place;
	buf_init(&oldest);
	buf_init(&place);
	position_print(start, &place);
	if (source_oldest_binlog(bootstrap->conn, &oldest, &ignored) < 0)
		buf_put(&oldest, SLICE("unknown"));
	err_set(err, E_START_NOT_THERE,
		"%s:%u: start: source %s %s %.300s. Its oldest binlog is %s. Name a place in a "
		"binlog that SHOW BINARY LOGS lists, or use \"earliest\" or \"now\"",
		config->script, config->line, conn_place(bootstrap->conn), what, buf_cstr(&place),
		buf_cstr(&oldest));
	buf_fini(&place);
	buf_fini(&oldest);
	return -1;
}

/* Check that the server has everything after the start. */
static int check_there(const struct bootstrap *bootstrap, const struct position *start,
		       struct err *err)
{
	if (source_has_position(bootstrap->conn, start, err) == 0)
		return 0;
	if (err->code != ERR_POSITION || err->retriable)
		return -1;
	return not_there(bootstrap, start,
			 err->id == E_BINLOG_SHORTER ? "has a shorter file than for"
						     : "no longer has the binlog after",
			 err);
}

static int refuse_inside(const struct bootstrap *bootstrap, const struct position *start,
			 uint64_t begin, struct err *err)
{
	const struct sync_config *config = bootstrap->sync->config;
	return err_set(err, E_START_INSIDE,
		       "%s:%u: start: %s:%" PRIu64
		       " is inside a transaction or event that begins at %" PRIu64
		       ", and its first changes would be missing. Use pos = %" PRIu64
		       ", or the place of a later transaction",
		       config->script, config->line, start->file, start->offset, begin, begin);
}

static int read_to_start(const struct bootstrap *bootstrap, struct position *start,
			 struct dump *dump, struct err *err)
{
	const struct place_scan scan = {.file = start->file,
					.offset = start->offset,
					.gtids = &start->gtids,
					.halt = &bootstrap->sync->flags.halt};
	uint64_t begin;
	int rc = place_scan_run(&scan, dump_packets(dump), &begin, err);
	if (rc == 0)
		return refuse_inside(bootstrap, start, begin, err);
	return rc < 0 ? -1 : 0;
}

/* Read the file from its beginning: for its GTIDs, and because only that shows where transactions begin. */
static int scan_file(const struct bootstrap *bootstrap, struct position *start, struct err *err)
{
	char name[80];
	const struct dump_options options = {.sync_name = name, .heartbeat_ms = HEARTBEAT_MS};
	struct position begin;
	struct dump *dump;
	int rc;
	snprintf(name, sizeof(name), "%s/start", bootstrap->sync->config->name);
	position_init(&begin);
	memcpy(begin.file, start->file, sizeof(begin.file));
	begin.offset = FILE_BEGIN;
	dump = dump_open(bootstrap->sync->source, &begin, &options, err);
	rc = dump ? read_to_start(bootstrap, start, dump, err) : -1;
	dump_free(dump);
	position_fini(&begin);
	if (rc < 0 && err->code == ERR_POSITION && !err->retriable)
		return not_there(bootstrap, start, "does not have", err);
	return rc;
}

/* Resolve a place by file and offset. */
static int find_in_file(const struct bootstrap *bootstrap, struct position *start, struct err *err)
{
	const struct server *server = conn_server(bootstrap->conn);
	if (check_there(bootstrap, start, err) < 0)
		return -1;
	start->gtids.flavour = server->mariadb ? GTID_MARIADB
			       : server->gtid  ? GTID_MYSQL
					       : GTID_NONE;
	if (scan_file(bootstrap, start, err) < 0)
		return -1;
	return check_there(bootstrap, start, err);
}

static int find_oldest(const struct bootstrap *bootstrap, struct position *start, struct err *err)
{
	struct buf file;
	int rc;
	buf_init(&file);
	rc = source_oldest_binlog(bootstrap->conn, &file, err);
	snprintf(start->file, sizeof(start->file), "%.*s", SLICE_FMT(buf_slice(&file)));
	start->offset = FILE_BEGIN;
	buf_fini(&file);
	return rc < 0 ? -1 : find_in_file(bootstrap, start, err);
}

static int find_named_file(const struct bootstrap *bootstrap, struct position *start,
			   struct err *err)
{
	const struct sync_config *config = bootstrap->sync->config;
	snprintf(start->file, sizeof(start->file), "%s", config->start_file);
	start->offset = config->start_pos;
	return find_in_file(bootstrap, start, err);
}

static int parse_gtids(const struct bootstrap *bootstrap, struct gtid_set *gtids, struct err *err)
{
	const struct sync_config *config = bootstrap->sync->config;
	const struct server *server = conn_server(bootstrap->conn);
	if (!server->mariadb && !server->gtid)
		return err_set(err, E_OPTION_VALUE,
			       "%s:%u: start.gtid: source %s has no GTIDs. Set gtid_mode = ON on "
			       "it, or use start = { file =, pos = }",
			       config->script, config->line, conn_place(bootstrap->conn));
	gtids->flavour = server->mariadb ? GTID_MARIADB : GTID_MYSQL;
	if (gtid_set_parse(gtids, slice_str(config->start_gtid), err) == 0)
		return 0;
	err_become(err, E_OPTION_VALUE);
	return err_wrap(err, "%s:%u: start.gtid", config->script, config->line);
}

static int find_gtids(const struct bootstrap *bootstrap, struct position *start, struct err *err)
{
	int has;
	if (parse_gtids(bootstrap, &start->gtids, err) < 0)
		return -1;
	has = standby_has(bootstrap->conn, &start->gtids, 1, err);
	if (has < 0)
		return -1;
	if (!has)
		return not_there(bootstrap, start, "does not have all transactions of", err);
	return check_there(bootstrap, start, err);
}

static int find_place(const struct bootstrap *bootstrap, struct position *start, struct err *err)
{
	const struct sync_config *config = bootstrap->sync->config;
	snprintf(start->server, sizeof(start->server), "%s",
		 conn_server(bootstrap->conn)->identity);
	if (config->start_earliest)
		return find_oldest(bootstrap, start, err);
	if (config->start_gtid)
		return find_gtids(bootstrap, start, err);
	return find_named_file(bootstrap, start, err);
}

/* ---- statements after it ---- */

/* The last statement after the start that changes a captured table. */
struct last_change {
	struct bootstrap *bootstrap;
	unsigned n; /* of such statements and tables; 0: the other members are not set */
	char table[ERR_TABLE_SIZE];
	char file[256];
	uint64_t begin, end;
};

/* Return whether the rows of captured tables may depend on the statement. */
static bool concerns_captured(const struct bootstrap *bootstrap, const struct ddl_name *name)
{
	if (name->db.len == 0 || name->table.len == 0)
		return true;
	return script_wants(bootstrap->script, bootstrap->sync->index, name->db, name->table);
}

static bool take_name(void *arg, const struct ddl_name *name, const struct cursor *cursor)
{
	struct last_change *last = arg;
	if (!concerns_captured(last->bootstrap, name)) {
		/* its definition at the start is not known, and not needed */
		catalog_leave_out(last->bootstrap->catalog_now, name->db, name->table);
		return false;
	}
	last->n++;
	snprintf(last->table, sizeof(last->table), "%.*s%s%.*s", SLICE_FMT(name->db),
		 name->table.len > 0 ? "." : "", SLICE_FMT(name->table));
	snprintf(last->file, sizeof(last->file), "%s", cursor->file);
	last->begin = cursor->start;
	last->end = cursor->offset;
	return false;
}

static int refuse_change(const struct last_change *last, struct err *err)
{
	const struct sync_config *config = last->bootstrap->sync->config;
	err_set(err, E_START_CHANGED,
		"%s:%u: this statement is after the start, and what it changed is not known. Start "
		"after it, at { file = \"%s\", pos = %" PRIu64
		" }, or copy the tables with mode = \"full_then_stream\"",
		config->script, config->line, last->file, last->end);
	err_table(err, slice_str(last->table));
	err_operation(err, "statement");
	return err_position(err, last->file, last->begin);
}

/* Refuse the start if a statement between it and the present definitions changes a captured table. */
static int check_changes(struct bootstrap *bootstrap, const struct position *start,
			 const struct position *now, struct err *err)
{
	struct last_change last = {.bootstrap = bootstrap};
	int rc = bootstrap_scan(bootstrap, start, now, take_name, &last, err);
	if (rc < 0)
		return err_wrap(err, "statements after the start");
	if (rc > 0)
		return not_there(bootstrap, start, "no longer has the binlog after", err);
	return last.n > 0 ? refuse_change(&last, err) : 0;
}

static void report(const struct position *start)
{
	struct buf text;
	buf_init(&text);
	position_print(start, &text);
	log_info("the stream begins at %.*s; no statement since then has changed a captured table",
		 SLICE_FMT(buf_slice(&text)));
	buf_fini(&text);
}

/* The place is found before the present position is taken, which is not before it then. */
int bootstrap_find_start(struct bootstrap *bootstrap, struct position *start, struct err *err)
{
	bool past = is_in_the_past(bootstrap->sync->config);
	struct position now;
	int rc = past ? find_place(bootstrap, start, err) : 0;
	position_init(&now);
	if (rc == 0)
		rc = bootstrap_position_now(bootstrap, &now, err);
	if (rc == 0)
		bootstrap_select(bootstrap);
	if (rc == 0 && past)
		rc = check_changes(bootstrap, start, &now, err);
	if (rc == 0 && past)
		report(start);
	if (rc == 0 && !past)
		position_copy(start, &now);
	position_fini(&now);
	return rc;
}
