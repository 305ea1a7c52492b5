#include "engine/records.h"

#include "base/json_writer.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>

struct slice record_name(struct arena *arena, const char *kind, struct slice name)
{
	return arena_printf(arena, "%s/%.*s", kind, SLICE_FMT(name));
}

static void add(struct saves *saves, struct buf *name, struct buf *json, bool present)
{
	saves_add(saves, buf_slice(name), present ? buf_slice(json) : (struct slice){NULL, 0});
	buf_fini(name);
	buf_fini(json);
}

void record_progress(struct saves *saves, struct slice full_name, const struct table_record *record)
{
	struct buf name, json;
	buf_init(&name);
	buf_init(&json);
	buf_printf(&name, "full/%.*s", SLICE_FMT(full_name));
	if (record->phase != TABLE_NEW)
		table_record_write(record, &json);
	add(saves, &name, &json, record->phase != TABLE_NEW);
}

void record_copied(struct saves *saves, const struct table_state *state)
{
	struct table_record record = state->record; /* borrows its positions */
	record.phase = TABLE_COPIED;
	record_progress(saves, state->name, &record);
}

void record_phase(struct saves *saves, struct slice full_name, enum table_phase phase)
{
	const struct table_record record = {.phase = phase};
	record_progress(saves, full_name, &record);
}

void record_table(struct saves *saves, const struct table *table, bool present)
{
	struct buf name, json;
	buf_init(&name);
	buf_init(&json);
	buf_printf(&name, "catalog/%.*s/%" PRIu64, SLICE_FMT(table->full_name), table->version);
	if (present)
		catalog_table_to_json(table, &json);
	add(saves, &name, &json, present);
}

void record_database(struct saves *saves, const struct catalog *catalog, struct slice db)
{
	bool present = catalog_has_database(catalog, db);
	struct buf name, json;
	buf_init(&name);
	buf_init(&json);
	buf_printf(&name, "database/%.*s", SLICE_FMT(db));
	if (present)
		catalog_database_to_json(catalog, db, &json);
	add(saves, &name, &json, present);
}

void record_doubt(struct saves *saves, const struct doubt *doubt)
{
	struct buf name, json;
	buf_init(&name);
	buf_init(&json);
	buf_printf(&name, "doubt/%s", doubt->at);
	buf_put(&json, SLICE("{\"db\":"));
	json_string(&json, doubt->db);
	buf_put(&json, SLICE(",\"table\":"));
	json_string(&json, doubt->table);
	buf_char(&json, '}');
	add(saves, &name, &json, true);
}

static struct slice text_of(const cJSON *root, const char *key, struct arena *arena)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, key));
	return arena_copy(arena, slice_str(text ? text : ""));
}

struct doubt *record_read_doubt(struct slice at, struct slice json, struct arena *arena)
{
	cJSON *root = cJSON_ParseWithLength(json.ptr, json.len);
	struct doubt *doubt = ARENA_NEW(arena, struct doubt);
	doubt->at = arena_cstr(arena, at);
	doubt->db = text_of(root, "db", arena);
	doubt->table = text_of(root, "table", arena);
	cJSON_Delete(root);
	return doubt;
}
