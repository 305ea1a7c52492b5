#include "format/dataworks.h"

#include "base/num.h"
#include "format/json.h"

enum { SEQUENCE_DIGITS = 19 };

struct slice record_op_name(enum record_op op)
{
	static const struct slice NAMES[] = {
#define X(id, text) {text, sizeof(text) - 1},
		RECORD_OPS(X)
#undef X
	};
	return NAMES[op];
}

static void put_schema_columns(struct buf *out, const struct schema *schema)
{
	buf_put(out, SLICE("{\"schema\":{\"dataColumn\":"));
	if (schema->columns == NULL) {
		buf_put(out, SLICE("null"));
		return;
	}
	buf_char(out, '[');
	for (unsigned i = 0; i < schema->ncolumns; i++) {
		buf_put(out, i == 0 ? SLICE("{\"name\":") : SLICE(",{\"name\":"));
		json_string(out, schema->columns[i].name);
		buf_put(out, SLICE(",\"type\":\""));
		buf_put(out, slice_str(transport_name(schema->columns[i].transport)));
		buf_put(out, SLICE("\"}"));
	}
	buf_char(out, ']');
}

/* {"schema":{...},"payload":{"before": */
static void put_head(struct buf *out, const struct schema *schema)
{
	put_schema_columns(out, schema);
	buf_put(out, SLICE(",\"primaryKey\":"));
	json_names(out, schema->primary, schema->nprimary);
	buf_put(out, SLICE(",\"source\":{\"dbType\":\"MySQL\",\"dbName\":"));
	json_string(out, schema->db);
	buf_put(out, SLICE(",\"tableName\":"));
	if (schema->table.ptr)
		json_string(out, schema->table);
	else
		buf_put(out, SLICE("null"));
	buf_put(out, SLICE("}},\"payload\":{\"before\":"));
}

static struct slice value_prefix(struct slice name, bool first, struct arena *arena)
{
	struct buf text;
	struct slice copy;
	buf_init(&text);
	buf_put(&text, first ? SLICE("{\"dataColumn\":{") : SLICE(","));
	json_string(&text, name);
	buf_char(&text, ':');
	copy = arena_copy(arena, buf_slice(&text));
	buf_fini(&text);
	return copy;
}

void envelope_init(struct envelope *envelope, const struct schema *schema, struct arena *arena)
{
	struct slice *names = ARENA_ARRAY(arena, schema->ncolumns + 1, struct slice);
	struct buf head;
	for (unsigned i = 0; i < schema->ncolumns; i++)
		names[i] = value_prefix(schema->columns[i].name, i == 0, arena);
	buf_init(&head);
	put_head(&head, schema);
	envelope->head = arena_copy(arena, buf_slice(&head));
	envelope->names = names;
	envelope->nvalues = schema->ncolumns;
	buf_fini(&head);
}

static void put_image(struct buf *out, const struct envelope *envelope, const struct value *values)
{
	if (values == NULL) {
		buf_put(out, SLICE("null"));
		return;
	}
	if (envelope->nvalues == 0)
		buf_put(out, SLICE("{\"dataColumn\":{"));
	for (unsigned i = 0; i < envelope->nvalues; i++) {
		buf_put(out, envelope->names[i]);
		json_value(out, &values[i]);
	}
	buf_put(out, SLICE("}}"));
}

static void put_sequence(struct buf *out, int64_t sequence)
{
	buf_put(out, SLICE(",\"sequenceId\":\""));
	if (sequence < 0) {
		buf_put(out, SLICE("-1"));
	} else {
		num_pad(buf_reserve(out, SEQUENCE_DIGITS), (uint64_t)sequence, SEQUENCE_DIGITS);
		out->len += SEQUENCE_DIGITS;
	}
}

static void put_times(struct buf *out, int64_t event_ms, int64_t system_ms)
{
	buf_put(out, SLICE("\",\"timestamp\":{\"eventTime\":"));
	json_i64(out, event_ms);
	buf_put(out, SLICE(",\"systemTime\":"));
	json_i64(out, system_ms);
	buf_put(out, SLICE(",\"checkpointTime\":"));
	json_i64(out, event_ms);
	buf_put(out, SLICE("},\"op\":\""));
}

void envelope_write(struct buf *out, const struct envelope *envelope, const struct record *record)
{
	buf_put(out, envelope->head);
	put_image(out, envelope, record->before);
	buf_put(out, SLICE(",\"after\":"));
	put_image(out, envelope, record->after);
	put_sequence(out, record->sequence);
	put_times(out, record->event_ms, record->system_ms);
	buf_put(out, record_op_name(record->op));
	buf_put(out, SLICE("\",\"ddl\":null},\"version\":\"0.0.1\"}"));
}

void heartbeat_write(struct buf *out, int64_t event_ms)
{
	buf_put(out, SLICE("{\"schema\":{\"dataColumn\":null,\"primaryKey\":null,\"source\":null},"
			   "\"payload\":{\"before\":null,\"after\":null,\"sequenceId\":null,"
			   "\"timestamp\":{\"eventTime\":"));
	json_i64(out, event_ms);
	buf_put(out, SLICE(",\"checkpointTime\":"));
	json_i64(out, event_ms);
	buf_put(out, SLICE("},\"op\":\"MHEARTBEAT\",\"ddl\":null},\"version\":\"0.0.1\"}"));
}

void ddl_write(struct buf *out, const struct schema *schema, const struct ddl_record *record)
{
	put_head(out, schema);
	buf_put(out, SLICE("null,\"after\":null"));
	put_sequence(out, record->sequence);
	put_times(out, record->event_ms, record->system_ms);
	buf_put(out, slice_str(record->op));
	buf_put(out, SLICE("\",\"ddl\":{\"text\":"));
	json_string(out, record->text);
	buf_put(out, SLICE(",\"ddlMeta\":"));
	json_base64(out, record->meta);
	buf_put(out, SLICE("}},\"version\":\"0.0.1\"}"));
}

static void put_name_list(struct buf *out, struct slice key, const struct slice *names, unsigned n)
{
	buf_put(out, key);
	buf_char(out, '[');
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			buf_char(out, ',');
		json_string(out, names[i]);
	}
	buf_char(out, ']');
}

static void put_renames(struct buf *out, const struct ddl_effect *effect)
{
	buf_put(out, SLICE(",\"renamed\":["));
	for (unsigned i = 0; i < effect->nrenamed; i++) {
		buf_put(out, i > 0 ? SLICE(",{\"from\":") : SLICE("{\"from\":"));
		json_string(out, effect->renamed[i].from);
		buf_put(out, SLICE(",\"to\":"));
		json_string(out, effect->renamed[i].to);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void put_table(struct buf *out, const struct table *table)
{
	if (table == NULL) {
		buf_put(out, SLICE("null"));
		return;
	}
	buf_put(out, SLICE("{\"columns\":["));
	for (unsigned i = 0; i < table->ncolumns; i++) {
		buf_put(out, i > 0 ? SLICE(",{\"name\":") : SLICE("{\"name\":"));
		json_string(out, table->columns[i].name);
		buf_put(out, SLICE(",\"type\":"));
		json_string(out, table->columns[i].sql_type);
		buf_put(out, table->columns[i].nullable ? SLICE(",\"nullable\":true}")
							: SLICE(",\"nullable\":false}"));
	}
	buf_put(out, SLICE("],\"primaryKey\":["));
	for (unsigned i = 0; i < table->npk; i++) {
		if (i > 0)
			buf_char(out, ',');
		json_string(out, table->columns[table->pk[i]].name);
	}
	buf_put(out, SLICE("]}"));
}

static void put_optional_string(struct buf *out, struct slice key, struct slice text)
{
	buf_put(out, key);
	if (text.len == 0)
		buf_put(out, SLICE("null"));
	else
		json_string(out, text);
}

void ddl_meta_write(struct buf *out, const struct ddl_effect *effect, const char *file,
		    uint64_t offset, struct slice gtid)
{
	put_optional_string(out, SLICE("{\"type\":"), slice_str(ddl_op_name(effect->op)));
	put_optional_string(out, SLICE(",\"database\":"), effect->db);
	put_optional_string(out, SLICE(",\"table\":"), effect->table);
	put_optional_string(out, SLICE(",\"newDatabase\":"), effect->new_db);
	put_optional_string(out, SLICE(",\"newTable\":"), effect->new_table);
	put_name_list(out, SLICE(",\"added\":"), effect->added, effect->nadded);
	put_name_list(out, SLICE(",\"dropped\":"), effect->dropped, effect->ndropped);
	put_name_list(out, SLICE(",\"changed\":"), effect->changed, effect->nchanged);
	put_renames(out, effect);
	buf_put(out, SLICE(",\"before\":"));
	put_table(out, effect->before);
	buf_put(out, SLICE(",\"after\":"));
	put_table(out, effect->after);
	put_optional_string(out, SLICE(",\"position\":{\"file\":"), slice_str(file));
	buf_put(out, SLICE(",\"offset\":"));
	json_i64(out, (int64_t)offset);
	put_optional_string(out, SLICE(",\"gtid\":"), gtid);
	buf_put(out, SLICE("}}"));
}
