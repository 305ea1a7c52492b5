/* stream_doubt: tables whose definition may have been changed by a statement that was not understood (rule: plan-key). Row
 * metadata FULL contains the definition again. Without it, their rows are refused. */
#include "base/log.h"
#include "engine/state/records.h"
#include "engine/stream/stream_priv.h"

#include <inttypes.h>

static bool concerns(const struct doubt *doubt, struct slice db, struct slice table)
{
	return (doubt->db.len == 0 || slice_equal(doubt->db, db)) &&
	       (doubt->table.len == 0 || slice_equal(doubt->table, table));
}

static const struct plan *plan_of(const struct stream *stream, const struct doubt *doubt)
{
	const struct plan *plan;
	size_t at = 0;
	while ((plan = map_next(&stream->lane.plans, &at)))
		if (concerns(doubt, plan->table->db, plan->table->name))
			return plan;
	return NULL;
}

void stream_doubt(struct stream *stream, const struct ddl_name *name)
{
	struct arena *arena = &stream->lane.texts;
	struct doubt *doubt = ARENA_ARRAY(arena, 1, struct doubt);
	const struct plan *plan;
	*doubt = (struct doubt){
		.db = arena_copy(arena, name->db),
		.table = arena_copy(arena, name->table),
		.at = arena_cstr(arena, arena_printf(arena, "%s:%" PRIu64, stream->cursor.file,
						     stream->read.offset)),
		.next = stream->ddl.doubts,
	};
	stream->ddl.doubts = doubt;
	record_doubt(&stream->current.durable.records, doubt);
	/* the next table map of each table makes a new plan */
	while ((plan = plan_of(stream, doubt)))
		stream_forget_plan(stream, plan->table->db, plan->table->name);
}

const struct doubt *stream_doubt_of(const struct stream *stream, const struct table_map *map)
{
	const struct doubt *doubt = stream->ddl.doubts;
	while (doubt && !concerns(doubt, map->db, map->name))
		doubt = doubt->next;
	return doubt;
}

int stream_check_doubt(const struct stream *stream, const struct table_map *map, struct err *err)
{
	const struct doubt *doubt = stream_doubt_of(stream, map);
	if (doubt == NULL || table_map_has_names(map))
		return 0;
	err_set(err, E_DEFINITION_DOUBTED,
		"the statement at %s could not be parsed and may have altered the table, and these "
		"rows carry no column metadata. " REMEDY_ROW_METADATA ". " REMEDY_NEW_NAME,
		doubt->at);
	return err_table_of(err, map->db, map->name);
}
