#include "engine/state/records.h"

#include "base/json_writer.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>

struct slice record_name(struct arena *arena, const char *kind, struct slice name)
{
	return arena_printf(arena, "%s/%.*s", kind, SLICE_FMT(name));
}

static void add(struct record_batch *records, struct buf *name, struct buf *json, bool present)
{
	record_batch_add(records, buf_slice(name),
			 present ? buf_slice(json) : (struct slice){NULL, 0});
	buf_fini(name);
	buf_fini(json);
}

void record_progress(struct record_batch *records, struct slice full_name,
		     const struct table_record *record)
{
	struct buf name, json;
	buf_init(&name);
	buf_init(&json);
	buf_printf(&name, "full/%.*s", SLICE_FMT(full_name));
	if (record->phase != TABLE_NEW)
		table_record_write(record, &json);
	add(records, &name, &json, record->phase != TABLE_NEW);
}

void record_copying(struct record_batch *records, const struct table_state *state)
{
	struct table_record record = state->record; /* borrows its positions and ranges */
	record.phase = TABLE_COPYING;
	record.read_at = state->reached;
	record_progress(records, state->name, &record);
}

void record_copied(struct record_batch *records, const struct table_state *state)
{
	struct table_record record = state->record; /* borrows its positions */
	record.phase = TABLE_COPIED;
	record_progress(records, state->name, &record);
}

void record_phase(struct record_batch *records, struct slice full_name, enum table_phase phase)
{
	const struct table_record record = {.phase = phase};
	record_progress(records, full_name, &record);
}

void record_table(struct record_batch *records, const struct table *table, bool present)
{
	struct buf name, json;
	buf_init(&name);
	buf_init(&json);
	buf_printf(&name, "catalog/%.*s/%" PRIu64, SLICE_FMT(table->full_name), table->version);
	if (present)
		catalog_table_to_json(table, &json);
	add(records, &name, &json, present);
}

void record_database(struct record_batch *records, const struct catalog *catalog, struct slice db)
{
	bool present = catalog_has_database(catalog, db);
	struct buf name, json;
	buf_init(&name);
	buf_init(&json);
	buf_printf(&name, "database/%.*s", SLICE_FMT(db));
	if (present)
		catalog_database_to_json(catalog, db, &json);
	add(records, &name, &json, present);
}

void record_doubt(struct record_batch *records, const struct doubt *doubt)
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
	add(records, &name, &json, true);
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

int record_print_position(struct checkpoint *checkpoint, struct buf *out, struct err *err)
{
	struct slice json = checkpoint_get(checkpoint, SLICE("position"));
	struct position position;
	int rc = 0;
	position_init(&position);
	if (json.ptr)
		rc = position_from_json(&position, json, err);
	if (json.ptr && rc == 0)
		position_print(&position, out);
	position_fini(&position);
	return rc;
}
