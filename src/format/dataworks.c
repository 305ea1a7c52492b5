#include "format/dataworks.h"

#include "base/num.h"
#include "format/dataworks_read.h"
#include "format/json.h"
#include "format/key.h"

#include <inttypes.h>

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

/* ---- the table of functions ---- */

/* A prepared table. */
struct dataworks_table {
	const struct mapping *mapping;
	const struct table *table;
	enum record_op update_before; /* as op_names spells it */
	struct schema schema;
	struct envelope envelope;
};

static const struct schema_column *make_columns(const struct format_table *in, struct arena *arena)
{
	const struct mapping *mapping = in->mapping;
	struct schema_column *columns =
		ARENA_ARRAY(arena, mapping->ncolumns + mapping->nfields + 1, struct schema_column);
	for (unsigned i = 0; i < mapping->ncolumns; i++)
		columns[i] = (struct schema_column){mapping->columns[i].name,
						    mapping->columns[i].transport};
	for (unsigned i = 0; i < mapping->nfields; i++)
		columns[mapping->ncolumns + i] =
			(struct schema_column){mapping->fields[i].name, in->field_types[i]};
	return columns;
}

static const void *prepare(const struct format_table *in, struct arena *arena)
{
	struct dataworks_table *table = ARENA_NEW(arena, struct dataworks_table);
	table->mapping = in->mapping;
	table->table = in->table;
	table->update_before = in->sync->op_names == OP_NAMES_CANONICAL ? RECORD_UPDATE_BEFORE
									: RECORD_UPDATE_BEFOR;
	table->schema = (struct schema){
		.db = in->table->db,
		.table = in->table->name,
		.columns = make_columns(in, arena),
		.ncolumns = in->mapping->ncolumns + in->mapping->nfields,
		.primary = in->mapping->primary,
		.nprimary = in->mapping->nprimary,
	};
	envelope_init(&table->envelope, &table->schema, arena);
	return table;
}

static const char *type_name(const void *prepared, unsigned i)
{
	const struct dataworks_table *table = prepared;
	return transport_name(table->schema.columns[i].transport);
}

/* "7,a", or {"id":7,"code":"a"}. */
static void put_key_parts(const struct mapping *mapping, const struct value *parts, struct buf *out)
{
	for (unsigned k = 0; k < mapping->key.nparts; k++) {
		if (mapping->key.json) {
			buf_char(out, k > 0 ? ',' : '{');
			json_string(out, mapping->key.parts[k].name);
			buf_char(out, ':');
			json_value(out, &parts[k]);
		} else {
			if (k > 0)
				buf_char(out, ',');
			json_bare(out, &parts[k]);
		}
	}
	if (mapping->key.json)
		buf_char(out, '}');
}

static bool put_key(const void *prepared, const struct format_key *in, struct buf *out)
{
	const struct dataworks_table *table = prepared;
	switch (table->mapping->key.kind) {
	case KEY_REJECT:
	case KEY_EMPTY:
		break;
	case KEY_TABLE:
		buf_put(out, table->table->full_name);
		break;
	case KEY_ROW:
		key_put_row_hash(in, table->mapping->ncolumns, out);
		break;
	case KEY_FUNCTION:
		key_put_results(in, table->mapping->key.json, out);
		break;
	case KEY_PARTS:
		put_key_parts(table->mapping, in->parts, out);
		break;
	}
	return true;
}

static bool needs_before(const void *prepared, bool single)
{
	const struct dataworks_table *table = prepared;
	return !single || table->mapping->update == UPDATE_ONE;
}

static void put_record(const struct dataworks_table *table, const struct format_change *change,
		       enum record_op op, const struct format_image *before,
		       const struct format_image *after, struct message_batch *batch)
{
	const struct format_image *route = after ? after : before;
	bool full = change->change->op == CHANGE_READ;
	struct buf *value = message_batch_value(batch);
	const struct record record = {
		.before = before ? before->values : NULL,
		.after = after ? after->values : NULL,
		.op = op,
		.sequence = full ? -1 : (int64_t)change->change->sequence,
		.event_ms = full ? -1 : change->change->time_ms,
		.system_ms = change->now_ms,
	};
	envelope_write(value, &table->envelope, &record);
	format_add(change, route,
		   &(struct message){
			   .key = route->key, .value = buf_slice(value), .op = record_op_name(op)},
		   batch);
}

/* Lets compaction remove the row from its key. */
static void put_tombstone(const struct dataworks_table *table, const struct format_change *change,
			  const struct format_image *image, struct message_batch *batch)
{
	if (table->mapping->tombstones && image->key.ptr)
		format_add(change, image, &(struct message){.key = image->key}, batch);
}

static void put_delete(const struct dataworks_table *table, const struct format_change *change,
		       struct message_batch *batch)
{
	put_record(table, change, RECORD_DELETE, change->before, NULL, batch);
	put_tombstone(table, change, change->before, batch);
}

static bool is_same_route(const struct format_image *a, const struct format_image *b)
{
	if (!slice_equal(a->key, b->key) || a->ntopics != b->ntopics)
		return false;
	for (unsigned i = 0; i < a->ntopics; i++)
		if (!slice_equal(a->topics[i], b->topics[i]))
			return false;
	return true;
}

static void put_update(const struct dataworks_table *table, const struct format_change *change,
		       struct message_batch *batch)
{
	const struct format_image *before = change->before, *after = change->after;
	const struct mapping *mapping = table->mapping;
	if (change->single) {
		put_record(table, change, RECORD_UPDATE_AFTER, before, after, batch);
	} else if (mapping->update == UPDATE_TWO) {
		put_record(table, change, table->update_before, before, NULL, batch);
		if (mapping->tombstones && !is_same_route(before, after))
			put_tombstone(table, change, before, batch);
		put_record(table, change, RECORD_UPDATE_AFTER, NULL, after, batch);
	} else if (!mapping->key_change_split || is_same_route(before, after)) {
		put_record(table, change, RECORD_UPDATE_AFTER, before, after, batch);
	} else {
		put_delete(table, change, batch);
		put_record(table, change, RECORD_INSERT, NULL, after, batch);
	}
}

static void put_change(const void *prepared, const struct format_change *change,
		       struct message_batch *batch)
{
	switch (change->op) {
	case CHANGE_UPDATE:
		put_update(prepared, change, batch);
		break;
	case CHANGE_DELETE:
		put_delete(prepared, change, batch);
		break;
	case CHANGE_INSERT:
	case CHANGE_READ:
		put_record(prepared, change, RECORD_INSERT, NULL, change->after, batch);
		break;
	}
}

static struct slice ddl_op(const struct format_ddl *ddl)
{
	return slice_str(ddl_op_name(ddl->effect->op));
}

static bool put_ddl_key(const struct format_ddl *ddl, bool compacted, struct buf *out)
{
	if (compacted && ddl->marker)
		buf_printf(out, "__tideway.copy.%.*s.%.*s.%s", SLICE_FMT(ddl->effect->db),
			   SLICE_FMT(ddl->effect->table), ddl->marker);
	else if (compacted)
		buf_printf(out, "__tideway.ddl.%.*s.%.*s.%" PRIu64 "%s", SLICE_FMT(ddl->effect->db),
			   SLICE_FMT(ddl->effect->table), ddl->sequence,
			   ddl->effect->replaced ? ".ERASE" : "");
	return compacted;
}

static void put_ddl(const struct format_ddl *ddl, struct buf *out)
{
	const struct dataworks_table *table = ddl->prepared;
	struct schema unknown = {.db = ddl->effect->db};
	struct buf meta, gtid;
	if (ddl->effect->table.len > 0)
		unknown.table = ddl->effect->table;
	buf_init(&meta);
	buf_init(&gtid);
	gtid_print(ddl->gtid, &gtid);
	ddl_meta_write(&meta, ddl->effect, ddl->file, ddl->offset, buf_slice(&gtid));
	ddl_write(out, table ? &table->schema : &unknown,
		  &(struct ddl_record){.op = ddl_op_name(ddl->effect->op),
				       .text = ddl->text,
				       .meta = buf_slice(&meta),
				       .sequence = (int64_t)ddl->sequence,
				       .event_ms = ddl->commit_ms,
				       .system_ms = ddl->now_ms});
	buf_fini(&gtid);
	buf_fini(&meta);
}

static bool put_heartbeat_key(const struct format_sync *sync, bool compacted, struct buf *out)
{
	(void)sync;
	if (compacted)
		buf_put(out, SLICE("__tideway.heartbeat"));
	return compacted;
}

static void put_heartbeat(int64_t event_ms, struct buf *out)
{
	heartbeat_write(out, event_ms);
}

const struct format format_dataworks = {
	.name = "dataworks",
	.prepare = prepare,
	.type_name = type_name,
	.key = put_key,
	.needs_before = needs_before,
	.write = put_change,
	.ddl_op = ddl_op,
	.ddl_key = put_ddl_key,
	.ddl = put_ddl,
	.see = dataworks_see,
	.has_key = dataworks_has_key,
	.write_delete = dataworks_write_delete,
	.heartbeat_op = {"MHEARTBEAT", 10},
	.heartbeat_key = put_heartbeat_key,
	.heartbeat = put_heartbeat,
};
