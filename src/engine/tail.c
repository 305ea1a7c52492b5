#include "engine/tail.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "decode/ddl.h"
#include "decode/rows.h"
#include "decode/statement.h"
#include "decode/table_map.h"
#include "engine/group.h"
#include "source/catalog.h"
#include "source/dump.h"
#include "source/inspect.h"
#include "source/snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEARTBEAT_MS = 200, HOLD_MAX = 256 * 1024 * 1024 };

/* A table of the stream and its rows. */
struct tail_table {
	struct arena arena; /* everything below */
	const struct table *table;
	struct slice identity; /* of the TABLE_MAP its layout came from */
	struct row before, after;
};

struct tail {
	const struct source_config *config;
	struct conn *conn; /* definitions */
	struct dump *dump;
	struct catalog *catalog;
	struct event_format format;
	char file[256];
	uint64_t offset; /* behind the last event */
	struct group group;
	bool serving;               /* the group is complete: its rows are given out */
	size_t at;                  /* in the held group */
	uint32_t number;            /* of the next event of it */
	struct map tables;          /* "db.table" -> struct tail_table */
	struct tail_table *current; /* of the last TABLE_MAP */
	uint64_t current_id;        /* its table id */
	bool in_rows;
	struct rows rows;
	struct arena arena; /* of one change */
	struct change change;
};

/* ---- life ---- */

static int earliest(struct tail *tail, struct position *position, struct err *err)
{
	struct buf file;
	int rc;
	buf_init(&file);
	rc = source_oldest_binlog(tail->conn, &file, err);
	snprintf(position->file, sizeof(position->file), "%.*s", SLICE_FMT(buf_slice(&file)));
	position->offset = 4;
	buf_fini(&file);
	return rc;
}

static int start_position(struct tail *tail, const char *start, struct position *position,
			  struct err *err)
{
	const char *colon = start ? strrchr(start, ':') : NULL;
	uint64_t offset;
	if (start == NULL || strcmp(start, "now") == 0)
		return snapshot_position_now(tail->config, position, err);
	if (strcmp(start, "earliest") == 0)
		return earliest(tail, position, err);
	if (colon == NULL || !num_parse_u64(slice_str(colon + 1), &offset))
		return err_set(err, ERR_SCRIPT,
			       "changes{from = \"%s\"}: expected \"now\", \"earliest\" or "
			       "\"file:offset\"",
			       start);
	snprintf(position->file, sizeof(position->file), "%.*s", (int)(colon - start), start);
	position->offset = offset;
	return 0;
}

static int open_dump(struct tail *tail, const char *start, struct err *err)
{
	char name[64];
	struct dump_options options = {.sync_name = name, .heartbeat_ms = HEARTBEAT_MS};
	struct position position;
	int rc;
	snprintf(name, sizeof(name), "exec-%" PRId64, clock_mono_ns());
	position_init(&position);
	rc = start_position(tail, start, &position, err);
	if (rc == 0) {
		memcpy(tail->file, position.file, sizeof(tail->file));
		tail->offset = position.offset;
		tail->dump = dump_open(tail->config, &position, &options, err);
		rc = tail->dump ? 0 : -1;
	}
	position_fini(&position);
	return rc;
}

struct tail *tail_new(const struct source_config *config, const char *start, struct err *err)
{
	struct tail *tail = mem_array(1, sizeof(*tail));
	tail->config = config;
	event_format_init(&tail->format);
	group_init(&tail->group);
	map_init(&tail->tables);
	arena_init(&tail->arena, 0);
	tail->conn = conn_open(config, CONN_CONTROL, err);
	if (tail->conn) {
		tail->catalog = catalog_new(conn_server(tail->conn)->lower_case_table_names);
		if (open_dump(tail, start, err) == 0)
			return tail;
	}
	tail_free(tail);
	return NULL;
}

static void forget_table(struct tail *tail, struct tail_table *table)
{
	if (table == NULL)
		return;
	if (tail->current == table)
		tail->current = NULL;
	arena_fini(&table->arena);
	free(table);
}

void tail_free(struct tail *tail)
{
	struct tail_table *table;
	size_t at = 0;
	if (tail == NULL)
		return;
	while ((table = map_next(&tail->tables, &at)))
		forget_table(tail, table);
	map_fini(&tail->tables);
	dump_free(tail->dump);
	catalog_free(tail->catalog);
	conn_free(tail->conn);
	group_fini(&tail->group);
	arena_fini(&tail->arena);
	free(tail);
}

/* ---- tables ---- */

static int find_definition(struct tail *tail, const struct table_map *map,
			   const struct table **table, struct err *err)
{
	struct table *made;
	bool complete;
	if (!catalog_has_database(tail->catalog, map->db) &&
	    catalog_load_database(tail->catalog, tail->conn, map->db, err) < 0)
		return -1;
	*table = catalog_find(tail->catalog, map->db, map->name);
	if (table_map_table(map, *table, &tail->arena, &made, &complete, err) < 0)
		return -1;
	if (complete)
		*table = made;
	if (*table)
		return 0;
	return err_set(err, ERR_DATA,
		       "table %.*s.%.*s is in the binlog, but not on the server any more",
		       SLICE_FMT(map->db), SLICE_FMT(map->name));
}

static int make_table(struct tail *tail, const struct table_map *map, struct err *err)
{
	const struct table *definition;
	struct row_layout *layout;
	struct tail_table *table;
	if (find_definition(tail, map, &definition, err) < 0)
		return -1;
	table = mem_array(1, sizeof(*table));
	arena_init(&table->arena, 0);
	table->table = table_copy(&table->arena, definition);
	if (table_map_layout(map, table->table, &table->arena, &layout, err) < 0) {
		arena_fini(&table->arena);
		free(table);
		return -1;
	}
	table->identity = arena_copy(&table->arena, map->identity);
	table->before.layout = table->after.layout = layout;
	table->before.cells = ARENA_ARRAY(&table->arena, layout->ncells + 1, struct cell);
	table->after.cells = ARENA_ARRAY(&table->arena, layout->ncells + 1, struct cell);
	forget_table(tail, map_remove(&tail->tables, table->table->full_name));
	map_set(&tail->tables, table->table->full_name, table);
	tail->current = table;
	return 0;
}

static int on_table_map(struct tail *tail, const struct event *event, struct err *err)
{
	struct table_map map;
	struct slice name;
	if (table_map_parse(event, &map, err) < 0)
		return -1;
	name = arena_printf(&tail->arena, "%.*s.%.*s", SLICE_FMT(map.db), SLICE_FMT(map.name));
	tail->current = map_get(&tail->tables, name);
	tail->current_id = map.table_id;
	if (tail->current && slice_equal(tail->current->identity, map.identity))
		return 0;
	return make_table(tail, &map, err);
}

/* The definitions of the statement's tables are asked for again when they are needed. */
static int on_statement(struct tail *tail, const struct event *event, struct err *err)
{
	struct event_query query;
	struct slice name;
	struct tail_table *table;
	size_t at = 0;
	if (event_query_parse(event, &tail->format, &query, err) < 0)
		return -1;
	if (statement_parse(query.sql, &name) != STATEMENT_OTHER || query.db.len == 0)
		return 0;
	catalog_drop_database(tail->catalog, query.db);
	while ((table = map_next(&tail->tables, &at)))
		if (slice_equal(table->table->db, query.db))
			table->identity = SLICE("");
	return 0;
}

/* ---- giving out a group ---- */

static int serve_event(struct tail *tail, const struct event *event, bool undone, struct err *err)
{
	switch (event->type) {
	case EVENT_TABLE_MAP:
		return on_table_map(tail, event, err);
	case EVENT_QUERY:
		return on_statement(tail, event, err);
	case EVENT_WRITE_ROWS_V1:
	case EVENT_UPDATE_ROWS_V1:
	case EVENT_DELETE_ROWS_V1:
	case EVENT_WRITE_ROWS_V2:
	case EVENT_UPDATE_ROWS_V2:
	case EVENT_DELETE_ROWS_V2:
		if (rows_parse(event, &tail->format, &tail->rows, err) < 0)
			return -1;
		tail->in_rows = !undone && tail->current && tail->rows.table_id == tail->current_id;
		return 0;
	default:
		return 0;
	}
}

static int next_row(struct tail *tail, struct change **change, struct err *err)
{
	struct tail_table *table = tail->current;
	uint32_t offset;
	int rc = rows_next(&tail->rows, &table->before, &table->after, &offset, err);
	tail->in_rows = rc > 0;
	if (rc <= 0)
		return rc;
	tail->change = (struct change){
		.op = tail->rows.op,
		.table = table->table,
		.before = tail->rows.op == CHANGE_INSERT ? NULL : &table->before,
		.after = tail->rows.op == CHANGE_DELETE ? NULL : &table->after,
		.time_ms = tail->group.gtid.commit_ms,
		.gtid = &tail->group.gtid.gtid,
		.file = tail->file,
		.pos = tail->offset,
	};
	*change = &tail->change;
	return 1;
}

/* The next change of the group; 0: it is used up. */
static int serve(struct tail *tail, struct change **change, struct err *err)
{
	struct slice packet;
	struct event event;
	uint64_t end;
	for (;;) {
		int rc = tail->in_rows ? next_row(tail, change, err) : 0;
		if (rc != 0)
			return rc;
		if (!group_next(&tail->group, &tail->at, &packet, &end))
			return 0;
		if (event_parse(packet, &tail->format, false, &event, err) < 0 ||
		    serve_event(tail, &event, group_undone(&tail->group, tail->number++), err) < 0)
			return -1;
	}
}

/* ---- reading ---- */

static int in_group(struct tail *tail, struct slice packet, const struct event *event,
		    struct err *err)
{
	if (group_event(&tail->group, event, &tail->format, err) < 0)
		return -1;
	if (tail->group.events.len > HOLD_MAX)
		return err_set(err, ERR_DATA,
			       "a transaction of more than %d MB: use a sync, which holds none",
			       HOLD_MAX >> 20);
	group_hold(&tail->group, packet, tail->offset);
	if (tail->group.end == GROUP_OPEN)
		return 0;
	tail->serving = tail->group.end == GROUP_COMMIT;
	tail->at = 0;
	tail->number = 0;
	if (!tail->serving)
		group_reset(&tail->group);
	return 0;
}

static int on_rotate(struct tail *tail, const struct event *event, struct err *err)
{
	struct event_rotate rotate;
	if (event_rotate_parse(event, &rotate, err) < 0)
		return -1;
	snprintf(tail->file, sizeof(tail->file), "%.*s", SLICE_FMT(rotate.file));
	tail->offset = rotate.offset;
	return 0;
}

static int on_packet(struct tail *tail, struct slice packet, struct err *err)
{
	struct event event;
	struct event_gtid gtid;
	if (packet.len > 4 && (uint8_t)packet.ptr[4] == EVENT_FORMAT_DESCRIPTION) {
		group_reset(&tail->group);
		return event_format_parse(packet, &tail->format, err);
	}
	if (event_parse(packet, &tail->format, true, &event, err) < 0)
		return -1;
	if (!(event.flags & EVENT_FLAG_ARTIFICIAL) && event.end_pos)
		tail->offset = event.end_pos;
	switch (event.type) {
	case EVENT_ROTATE:
		return on_rotate(tail, &event, err);
	case EVENT_HEARTBEAT:
	case EVENT_HEARTBEAT_V2:
		return 0;
	case EVENT_TRANSACTION_PAYLOAD:
	case EVENT_QUERY_COMPRESSED:
	case EVENT_GTID_TAGGED:
		return err_set(err, ERR_DATA, "event %s is not supported in this version",
			       event_name(event.type));
	case EVENT_GTID_MARIADB:
	case EVENT_GTID_MYSQL:
	case EVENT_ANONYMOUS_GTID:
		if (event_gtid_parse(&event, &gtid, err) < 0)
			return -1;
		group_open(&tail->group, &gtid);
		return 0;
	default:
		return tail->group.open ? in_group(tail, packet, &event, err) : 0;
	}
}

int tail_next(struct tail *tail, double seconds, struct change **change, struct err *err)
{
	int64_t until = clock_mono_ms() + (int64_t)(seconds * 1000);
	struct slice packet;
	int rc;
	arena_reset(&tail->arena);
	for (;;) {
		if (tail->serving) {
			rc = serve(tail, change, err);
			if (rc != 0)
				return rc < 0 ? err_wrap(err, "%s:%" PRIu64, tail->file,
							 tail->offset)
					      : 1;
			tail->serving = false;
			group_reset(&tail->group);
		}
		rc = dump_read(tail->dump, &packet, err);
		if (rc <= 0)
			return rc;
		if (on_packet(tail, packet, err) < 0)
			return err_wrap(err, "%s:%" PRIu64, tail->file, tail->offset);
		if (!tail->serving && seconds >= 0 && clock_mono_ms() >= until)
			return 0;
	}
}
