#include "binlog/ddl_scan.h"

#include "schema/ddl.h"
#include "schema/statement.h"

#include <inttypes.h>

/* Heartbeats at one place before the end. At an interval of 100 ms, this is a minute. */
enum { BEATS_MAX = 600 };

/* What heartbeats have shown since the last event. */
struct beats {
	uint64_t offset; /* of the last one */
	unsigned n;      /* that had this offset */
	bool is_over;    /* it is at the end of the scan, or after it */
};

bool ddl_scan_matters(enum ddl_step_kind kind)
{
	switch (kind) {
	case DDL_STEP_NONE:
	case DDL_STEP_DML:
	case DDL_STEP_QUERY:
	case DDL_STEP_CREATE_OTHER:
	case DDL_STEP_DROP_OTHER:
	case DDL_STEP_TRUNCATE:
		return false;
	case DDL_STEP_UNPLACED:
	case DDL_STEP_CREATE_TABLE:
	case DDL_STEP_CREATE_LIKE:
	case DDL_STEP_ALTER_TABLE:
	case DDL_STEP_DROP_TABLE:
	case DDL_STEP_RENAME_TABLE:
	case DDL_STEP_CREATE_INDEX:
	case DDL_STEP_DROP_INDEX:
	case DDL_STEP_CREATE_DATABASE:
	case DDL_STEP_ALTER_DATABASE:
	case DDL_STEP_DROP_DATABASE:
		break;
	}
	return true;
}

static int visit_statement(const struct ddl_scan *scan, const struct event_query *query,
			   struct arena *arena, struct err *err)
{
	struct ddl_context context = ddl_context_of(query, &scan->cursor->format);
	const struct ddl_step *steps;
	unsigned nsteps;
	if (ddl_parse(query->sql, &context, arena, &steps, &nsteps, err) < 0) {
		*err = (struct err)ERR_INIT;
		return scan->visit(scan->arg, NULL, 0, arena, err);
	}
	return scan->visit(scan->arg, steps, nsteps, arena, err);
}

static int visit_event(const struct ddl_scan *scan, const struct event *event, struct arena *arena,
		       struct err *err)
{
	struct event_query query;
	struct slice name;
	if (event->type == EVENT_QUERY_COMPRESSED)
		return scan->visit(scan->arg, NULL, 0, arena, err);
	if (event->type != EVENT_QUERY)
		return 0;
	if (event_query_parse(event, &scan->cursor->format, &query, err) < 0)
		return cursor_wrap(scan->cursor, "binlog event", scan->cursor->start, err);
	if (statement_parse(query.sql, &name) != STATEMENT_OTHER)
		return 0;
	return visit_statement(scan, &query, arena, err);
}

static bool reaches(const struct ddl_scan *scan, const char *file, uint64_t offset)
{
	return file[0] != '\0' &&
	       position_compare_files(file, offset, scan->until->file, scan->until->offset) >= 0;
}

static int fail_short(const struct ddl_scan *scan, struct err *err)
{
	return err_retry(err, E_BINLOG_CHANGED,
			 "the binlog ends at %s:%" PRIu64 ", and had reached %s:%" PRIu64 " before",
			 scan->cursor->file, scan->cursor->offset, scan->until->file,
			 scan->until->offset);
}

/* The server has sent, or left out, everything before the place of a heartbeat. It may be before the end of the scan while the server
 * still writes to disk what is before that end. The 32 bits of its offset may be too low, never too high. */
static int take_heartbeat(const struct ddl_scan *scan, const struct event *event,
			  struct beats *beats, struct arena *arena, struct err *err)
{
	struct event_heartbeat heartbeat;
	if (event_heartbeat_parse(event, &heartbeat, err) < 0)
		return cursor_wrap(scan->cursor, "binlog event", scan->cursor->start, err);
	beats->is_over = reaches(scan, arena_cstr(arena, heartbeat.file), heartbeat.offset);
	beats->n = beats->n > 0 && beats->offset == heartbeat.offset ? beats->n + 1 : 1;
	beats->offset = heartbeat.offset;
	return beats->is_over || beats->n <= BEATS_MAX ? 0 : fail_short(scan, err);
}

/* Scans one packet. Passes over an event that cannot be read, because it may be outside of what the sync follows. The
 * reader that follows the binlog refuses it when it gets there. */
static int scan_packet(const struct ddl_scan *scan, struct slice packet, struct beats *beats,
		       struct arena *arena, struct err *err)
{
	struct event event;
	int rc;
	if (cursor_read(scan->cursor, packet, &event, err) < 0) {
		if (event.type == EVENT_FORMAT_DESCRIPTION)
			return -1;
		*err = (struct err)ERR_INIT;
		return 0;
	}
	if (event.type == EVENT_HEARTBEAT || event.type == EVENT_HEARTBEAT_V2) {
		rc = take_heartbeat(scan, &event, beats, arena, err);
	} else {
		beats->n = 0;
		rc = visit_event(scan, &event, arena, err);
	}
	arena_reset(arena);
	return rc;
}

bool ddl_scan_is_over(const struct ddl_scan *scan)
{
	return reaches(scan, scan->cursor->file, scan->cursor->offset);
}

static int scan_source(const struct ddl_scan *scan, struct packet_source *source,
		       struct arena *arena, struct err *err)
{
	struct beats beats = {.n = 0};
	struct slice packet;
	size_t bytes = 0;
	int rc = 0;
	while (rc == 0 && !beats.is_over && !ddl_scan_is_over(scan)) {
		if (scan->halt && atomic_load(scan->halt))
			return err_retry(err, E_STOPPED_READING,
					 "stopped while the binlog was read");
		rc = packet_source_next(source, &packet, err);
		if (rc <= 0)
			return rc < 0 ? -1 : fail_short(scan, err);
		bytes += packet.len;
		if (scan->bytes_max > 0 && bytes > scan->bytes_max)
			return 1;
		rc = scan_packet(scan, packet, &beats, arena, err);
	}
	return rc;
}

int ddl_scan_run(const struct ddl_scan *scan, struct packet_source *source, struct err *err)
{
	struct arena arena;
	int rc;
	arena_init(&arena, 0);
	rc = scan_source(scan, source, &arena, err);
	arena_fini(&arena);
	return rc;
}
