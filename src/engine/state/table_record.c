#include "engine/state/table_record.h"

#include "base/json_writer.h"
#include "engine/state/checkpoint.h"
#include "schema/catalog.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const STATES[] = {[TABLE_COPYING] = "reading", [TABLE_COPIED] = "done"};
static const char *const READ_AT_KEYS[] = {[TABLE_COPYING] = "reading", [TABLE_COPIED] = "read"};

enum { NSTATES = sizeof(STATES) / sizeof(STATES[0]) };

/* JSON has numbers of 53 bits. */
#define ID_MAX 9007199254740991.0

void table_record_init(struct table_record *record, enum table_phase phase)
{
	*record = (struct table_record){.phase = phase};
	position_init(&record->start);
	position_init(&record->read_at);
}

void table_record_fini(struct table_record *record)
{
	position_fini(&record->start);
	position_fini(&record->read_at);
	key_ranges_fini(&record->ranges);
	copy_again_fini(&record->again);
	record->definition = NULL;
}

/* Return whether the record has this position, and the stream may still reach it. */
static bool is_ahead(const struct position *position, const struct position *begin)
{
	return position_is_set(position) && !position_passed(begin, position);
}

bool table_record_is_passed(const struct table_record *record, const struct position *begin)
{
	return record->phase == TABLE_COPIED && record->again.id == 0 &&
	       !is_ahead(&record->start, begin) && !is_ahead(&record->read_at, begin);
}

bool table_record_is_plain(const struct table_record *record, const struct position *begin)
{
	return record->definition == NULL && table_record_is_passed(record, begin);
}

void copy_again_fini(struct copy_again *again)
{
	free(again->where);
	*again = (struct copy_again){.id = 0};
}

void copy_again_set(struct copy_again *again, int64_t id, struct slice where, bool deletes)
{
	copy_again_fini(again);
	again->id = id;
	again->deletes = deletes;
	if (where.ptr)
		again->where = slice_copy(where);
}

bool table_record_is_copied(const struct table_record *record)
{
	struct key_range missing;
	size_t at = 0;
	return key_ranges_any(&record->ranges) &&
	       !key_ranges_next_missing(&record->ranges, &at, &missing);
}

/* Return whether rows of the table are copied, for the first time or again. */
static bool is_copied_now(const struct table_record *record)
{
	return record->phase == TABLE_COPYING || record->again.id > 0;
}

/* ---- writing ---- */

static void write_position(const char *key, const struct position *position, struct buf *out)
{
	if (!position_is_set(position))
		return;
	buf_printf(out, ",\"%s\":", key);
	position_to_json(position, out);
}

static void write_again(const struct copy_again *again, struct buf *out)
{
	if (again->id == 0)
		return;
	buf_printf(out, ",\"again\":{\"id\":%" PRId64, again->id);
	if (again->where) {
		buf_put(out, SLICE(",\"where\":"));
		json_string(out, slice_str(again->where));
	}
	buf_put(out, again->begun ? SLICE(",\"begun\":true") : SLICE(",\"begun\":false"));
	if (again->deletes)
		buf_printf(out, ",\"deletes\":true,\"rule\":\"%016" PRIx64 "\"", again->rule);
	buf_char(out, '}');
}

void table_record_write(const struct table_record *record, struct buf *out)
{
	assert(record->phase != TABLE_NEW);
	buf_printf(out, "{\"state\":\"%s\"", STATES[record->phase]);
	write_position("position", &record->start, out);
	write_position(READ_AT_KEYS[record->phase], &record->read_at, out);
	if (record->definition) {
		buf_put(out, SLICE(",\"table\":"));
		catalog_table_to_json(record->definition, out);
	}
	write_again(&record->again, out);
	if (is_copied_now(record) && key_ranges_any(&record->ranges)) {
		buf_put(out, SLICE(",\"copied\":"));
		key_ranges_write(&record->ranges, out);
	}
	buf_char(out, '}');
}

void database_record_write(const struct position *start, struct buf *out)
{
	buf_put(out, SLICE("{\"position\":"));
	position_to_json(start, out);
	buf_char(out, '}');
}

/* ---- reading ---- */

static int parse_record(struct slice name, struct slice json, cJSON **root, struct err *err)
{
	*root = cJSON_ParseWithLength(json.ptr, json.len);
	if (cJSON_IsObject(*root))
		return 0;
	cJSON_Delete(*root);
	return err_set(err, E_CHECKPOINT_RECORD,
		       "checkpoint record %.*s cannot be read: it is not a JSON object",
		       SLICE_FMT(name));
}

static int read_state(struct table_record *record, const cJSON *root, struct err *err)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "state"));
	if (text == NULL)
		return err_set(err, E_CHECKPOINT_RECORD, "it has no \"state\"");
	for (unsigned i = TABLE_COPYING; i < NSTATES; i++) {
		if (strcmp(text, STATES[i]) != 0)
			continue;
		record->phase = (enum table_phase)i;
		return 0;
	}
	return err_set(err, E_CHECKPOINT_VERSION,
		       "its state \"%.40s\" is unknown: another version of tideway wrote it. Use "
		       "that version",
		       text);
}

/* Read a position. It stays unset if the record has none under this key. */
static int read_position(struct position *position, const cJSON *root, const char *key,
			 struct err *err)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, key);
	return cJSON_IsObject(item) ? position_from_item(position, item, err) : 0;
}

static int read_definition(struct table_record *record, const cJSON *root, struct arena *arena,
			   struct err *err)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, "table");
	struct catalog *catalog;
	const struct table *table;
	size_t at = 0;
	char *text;
	int rc;
	if (!cJSON_IsObject(item))
		return 0;
	catalog = catalog_new(0);
	text = cJSON_PrintUnformatted(item);
	rc = catalog_table_from_json(catalog, slice_str(text), err);
	free(text);
	table = catalog_next(catalog, &at);
	if (rc == 0 && table)
		record->definition = table_copy(arena, table);
	catalog_free(catalog);
	return rc;
}

/* Read another copy of the table. */
static int read_again(struct table_record *record, const cJSON *root, struct err *err)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, "again");
	const cJSON *where = cJSON_GetObjectItemCaseSensitive(item, "where");
	const char *rule = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "rule"));
	double id = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(item, "id"));
	if (item == NULL)
		return 0;
	if (!(id >= 1 && id <= ID_MAX) || (where && !cJSON_IsString(where)))
		return err_set(err, E_CHECKPOINT_RECORD, "\"again\" is not valid");
	copy_again_set(&record->again, (int64_t)id, slice_str(cJSON_GetStringValue(where)),
		       cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "deletes")));
	record->again.rule = rule ? strtoull(rule, NULL, 16) : 0;
	record->again.begun = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "begun"));
	return 0;
}

/* Read the finished ranges. A table that is not copied now has none. */
static int read_copied(struct table_record *record, const cJSON *root, struct err *err)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, "copied");
	if (item == NULL || !is_copied_now(record))
		return 0;
	return key_ranges_read(&record->ranges, item, err);
}

static int read_members(struct table_record *record, const cJSON *root, struct arena *arena,
			struct err *err)
{
	if (read_state(record, root, err) < 0 ||
	    read_position(&record->start, root, "position", err) < 0 ||
	    read_position(&record->read_at, root, READ_AT_KEYS[record->phase], err) < 0 ||
	    read_again(record, root, err) < 0 || read_copied(record, root, err) < 0)
		return -1;
	return read_definition(record, root, arena, err);
}

int table_record_read(struct table_record *record, struct slice name, struct slice json,
		      struct arena *arena, struct err *err)
{
	cJSON *root;
	int rc;
	if (parse_record(name, json, &root, err) < 0)
		return -1;
	rc = read_members(record, root, arena, err);
	cJSON_Delete(root);
	return rc < 0 ? err_wrap(err, "checkpoint record %.*s cannot be read", SLICE_FMT(name)) : 0;
}

int database_record_read(struct position *start, struct slice name, struct slice json,
			 struct err *err)
{
	cJSON *root;
	int rc;
	if (parse_record(name, json, &root, err) < 0)
		return -1;
	rc = read_position(start, root, "position", err);
	cJSON_Delete(root);
	if (rc == 0 && !position_is_set(start))
		rc = err_set(err, E_CHECKPOINT_RECORD, "it has no \"position\"");
	return rc < 0 ? err_wrap(err, "checkpoint record %.*s cannot be read", SLICE_FMT(name)) : 0;
}
