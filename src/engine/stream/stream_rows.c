/* stream_rows: TABLE_MAP and rows events of the stream lane. */
#include "base/log.h"
#include "base/mem.h"
#include "decode/table_map.h"
#include "engine/state/records.h"
#include "engine/stream/stream_priv.h"
#include "engine/lane/write_change.h"
#include "script/script.h"

enum { ROWS_PER_TICK = 512 };

static bool drops(const struct stream *stream, const struct table_state *state)
{
	const struct trx_place trx = stream_place(stream);
	return table_state_drops(state, &trx);
}

/* Make a plan for an unwanted table: only its identity, so that its rows are skipped at once. */
static struct plan *unwanted_plan(struct lane *lane, const struct table_map *map)
{
	struct table stub = {.db = map->db, .name = map->name};
	struct plan *plan = mem_array(1, sizeof(*plan));
	arena_init(&plan->arena, 1024);
	plan->mapping.functions.event = MAPPING_NO_FUNCTION;
	plan->mapping.functions.image = MAPPING_NO_FUNCTION;
	stub.full_name =
		arena_printf(&lane->arena, "%.*s.%.*s", SLICE_FMT(map->db), SLICE_FMT(map->name));
	plan->table = table_copy(&plan->arena, &stub);
	return plan;
}

/* Store the definition that row metadata FULL contains, so that a restart has it. */
static const struct table *put_told(struct stream *stream, const struct table *old,
				    const struct table *told)
{
	struct record_batch *records = &stream->current.durable.records;
	bool followed = catalog_has_database(stream->catalog, told->db);
	const struct table *table = catalog_put(stream->catalog, told);
	if (!followed)
		record_database(records, stream->catalog, table->db);
	if (old)
		record_table(records, old, false);
	record_table(records, table, true);
	return table;
}

/* Replace the catalog's definition by that of the binlog, after a statement that was not understood. */
static int replace_table(struct stream *stream, const struct doubt *doubt,
			 const struct table **table, const struct table *made, struct err *err)
{
	const struct table *old = *table;
	if (script_guard(stream->lane.script, stream->lane.sync->index, old, made, NULL, 0, err) <
	    0)
		return stream_at(stream, stream->current.at, old->full_name, err);
	log_warn("table %.*s: its columns are taken from row metadata FULL, because the statement "
		 "at %s was not understood",
		 SLICE_FMT(old->full_name), doubt->at);
	*table = put_told(stream, old, made);
	return 0;
}

/* Find the definition of a table in the catalog. With row metadata FULL, take the binlog's own definition if the catalog has
 * none, or if a statement that was not understood explains the difference. Otherwise the two contradict each other. */
static int find_table(struct stream *stream, const struct table_map *map,
		      const struct table **table, struct err *err)
{
	const struct doubt *doubt = stream_doubt_of(stream, map);
	struct row_layout *layout;
	struct table *made;
	struct err differs = ERR_INIT;
	bool complete;
	if (stream_check_doubt(stream, map, err) < 0)
		return -1;
	*table = catalog_find(stream->catalog, map->db, map->name);
	if (*table && table_map_layout(map, *table, &stream->lane.arena, &layout, &differs) == 0)
		return 0;
	if (*table && doubt == NULL) {
		*err = differs;
		return stream_at(stream, stream->current.at, SLICE(""), err);
	}
	if (table_map_table(map, *table, &stream->lane.arena, &made, &complete, err) < 0 ||
	    (complete && table_map_sure(map, *table, &stream->lane.arena, err) < 0))
		return stream_at(stream, stream->current.at, SLICE(""), err);
	if (complete && *table)
		return replace_table(stream, doubt, table, made, err);
	if (complete) {
		stream_table_told(stream, made);
		*table = put_told(stream, NULL, made);
		return 0;
	}
	err_set(err, E_DEFINITION_MISSING,
		"there is no definition of the table: it was created LIKE a table outside the "
		"captured databases, or has an unsupported column type. " REMEDY_RESTART_COPIES
		" (exclude it in source.tables if it was dropped). binlog_row_metadata = FULL on "
		"the source avoids this");
	err_table_of(err, map->db, map->name);
	return stream_at(stream, stream->current.at, SLICE(""), err);
}

static int wanted_plan(struct stream *stream, const struct table_map *map, struct plan **plan,
		       struct err *err)
{
	const struct table *table;
	struct row_layout *layout;
	if (find_table(stream, map, &table, err) < 0)
		return -1;
	*plan = stream_plan(stream, table, err);
	if (*plan == NULL)
		return err->code == ERR_SCRIPT
			       ? stream_at(stream, stream->current.at, table->full_name, err)
			       : -1;
	if (!(*plan)->mapping.wanted)
		return 0;
	if (table_map_layout(map, (*plan)->table, &(*plan)->arena, &layout, err) < 0) {
		plan_free(&stream->lane, *plan);
		return stream_at(stream, stream->current.at, SLICE(""), err);
	}
	plan_set_layout(*plan, layout);
	return 0;
}

/* Return the state of a table whose definition the catalog gets later; its rows until then are dropped. NULL: the catalog has
 * the definition. */
static const struct table_state *unknown_yet(struct stream *stream, const struct table_map *map)
{
	const struct table_state *state;
	struct slice name;
	name = arena_printf(&stream->lane.arena, "%.*s.%.*s", SLICE_FMT(map->db),
			    SLICE_FMT(map->name));
	state = table_states_find(&stream->lane.sync->states, name);
	if (!drops(stream, state))
		return NULL;
	return state->pending || !catalog_find(stream->catalog, map->db, map->name) ? state : NULL;
}

/* Return whether the plan is dropped when the catalog gets the definition. Without an identity, the next map makes another plan. */
static bool is_forgotten_later(const struct stream *stream, const struct table_state *unknown,
			       struct slice db)
{
	return unknown->pending || stream_before_database(stream, db);
}

static int make_plan(struct stream *stream, const struct table_map *map, struct plan **plan,
		     struct err *err)
{
	struct lane *lane = &stream->lane;
	const struct table_state *unknown = unknown_yet(stream, map);
	if (!script_wants(lane->script, lane->sync->index, map->db, map->name) || unknown ||
	    stream_before_database(stream, map->db) ||
	    catalog_is_other(stream->catalog, map->db, map->name))
		*plan = unwanted_plan(lane, map);
	else if (wanted_plan(stream, map, plan, err) < 0)
		return -1;
	if (unknown)
		(*plan)->state = unknown;
	if (unknown == NULL || is_forgotten_later(stream, unknown, map->db))
		(*plan)->identity = arena_copy(&(*plan)->arena, map->identity);
	stream_forget_plan(stream, map->db, map->name);
	map_set(&lane->plans, (*plan)->table->full_name, *plan);
	arena_reset(&lane->arena);
	return 0;
}

/* Find the plan of a table that is not the last one, or that changed. */
static int find_plan(struct stream *stream, const struct event *event, struct err *err)
{
	char name[600];
	struct table_map map;
	struct plan *plan;
	size_t len;
	if (table_map_parse(event, &stream->cursor.format, &map, err) < 0)
		return stream_at(stream, stream->current.at, SLICE(""), err);
	stream->connection.row_metadata_full = table_map_has_names(&map);
	if (map.db.len + map.name.len + 1 > sizeof(name))
		return err_set(err, E_EVENT_DAMAGED, "a table name of %zu bytes in the binlog",
			       map.name.len);
	memcpy(name, map.db.ptr, map.db.len);
	name[map.db.len] = '.';
	memcpy(name + map.db.len + 1, map.name.ptr, map.name.len);
	len = map.db.len + 1 + map.name.len;
	plan = map_get(&stream->lane.plans, slice_of(name, len));
	if ((plan == NULL || !slice_equal(plan->identity, map.identity)) &&
	    make_plan(stream, &map, &plan, err) < 0)
		return -1;
	stream->last = plan;
	return 0;
}

int stream_table_map(struct stream *stream, const struct event *event, struct err *err)
{
	struct slice identity;
	uint64_t id;
	if (table_map_id(event, &id, &identity, err) < 0)
		return -1;
	if ((stream->last == NULL || !slice_equal(stream->last->identity, identity)) &&
	    find_plan(stream, event, err) < 0)
		return -1;
	trx_reader_announce(&stream->reader, id, stream->last);
	return 0;
}

static int write_rows(struct stream *stream, const struct trx_item *item, struct plan *plan,
		      struct change *change, struct err *err)
{
	uint64_t base = stream->read.sequence + item->row_bytes;
	bool records = stream_backfill_records(stream, plan);
	uint32_t offset, row = 0;
	int rc;
	plan->change = *change;
	while ((rc = rows_next(item->rows, &plan->before.row, &plan->after.row, &offset, err)) >
	       0) {
		plan->change.sequence = base + offset;
		plan->change.row = row++;
		if ((records ? stream_backfill_write(stream, plan, err)
			     : write_change(&stream->lane, plan, err)) < 0)
			return -1;
		if (++stream->steps.rows_since_poll >= ROWS_PER_TICK &&
		    stream_tick(stream, err) < 0)
			return -1;
	}
	if (rc < 0)
		return stream_at(stream, change->pos, plan->table->full_name, err);
	return 0;
}

static int refuse_prepared(struct stream *stream, const struct plan *plan, struct err *err)
{
	err_set(err, E_XA_ROWS,
		"XA transaction %.*s, prepared here, holds rows of the table: XA is not supported "
		"in this version. Exclude the table (\"!%.*s\" in source.tables), or end the "
		"transaction. " REMEDY_NEW_NAME,
		SLICE_FMT(buf_slice(&stream->reader.trx.xid)), SLICE_FMT(plan->table->full_name));
	return stream_at(stream, stream->read.offset, plan->table->full_name, err);
}

int stream_rows(struct stream *stream, const struct trx_item *item, struct err *err)
{
	struct plan *plan = item->table;
	struct rows *rows = item->rows;
	struct change change;
	if (plan == NULL || item->undone)
		return 0; /* rolled back rows only raise the sequence */
	if (drops(stream, plan->state)) {
		/* a backfill reads the rows when their transaction is decided */
		stream->current.skipped_rows |= !plan->state->backfilled;
		return 0;
	}
	if (!plan->mapping.wanted || item->again)
		return 0;
	if (stream->reader.trx.gtid.xa_prepared || stream_outcome(stream) == TRX_PREPARE)
		return refuse_prepared(stream, plan, err);
	if (rows->refused) {
		rows_refuse(item->event, rows, &plan->before.row, err);
		return stream_at(stream, item->start, SLICE(""), err);
	}
	change = (struct change){
		.op = rows->op,
		.table = plan->table,
		.before = rows->op == CHANGE_INSERT ? NULL : &plan->before.row,
		.after = rows->op == CHANGE_DELETE ? NULL : &plan->after.row,
		.time_ms = stream->reader.trx.gtid.commit_ms,
		.gtid = &stream->reader.trx.gtid.gtid,
		.file = stream->cursor.file,
		.pos = item->start,
		.server_id = item->event->server_id,
		.thread = stream->reader.trx.query.thread,
	};
	return write_rows(stream, item, plan, &change, err);
}
