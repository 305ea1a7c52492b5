#include "format/debezium.h"

#include "base/num.h"
#include "format/debezium_schema.h"
#include "format/debezium_value.h"
#include "format/json.h"
#include "format/key.h"

#include <inttypes.h>

/* A column or field of the messages, or a part of the key. */
struct member {
	struct slice prefix; /* {"id": or ,"id": */
	struct debezium_type type;
};

/* A prepared table. */
struct debezium_table {
	const struct mapping *mapping;
	const struct table *table;
	unsigned nvalues;
	const struct member *values; /* columns, then fields */
	const struct member *key;    /* mapping.key.nparts */
	bool key_has_decimal;
	/* the parts of "source" that are the same for each row, before the values that follow them */
	struct slice source_ts_ms; /* ,"source":{"version":...,"ts_ms": */
	struct slice source_db;    /* ,"db":...,"ts_us": */
	struct slice source_table; /* ,"table":...,"server_id": */
};

/* ---- prepare --------------------------------------------------------------------------------- */

static struct slice member_prefix(struct slice name, bool first, struct arena *arena)
{
	struct buf text;
	struct slice copy;
	buf_init(&text);
	buf_char(&text, first ? '{' : ',');
	json_string(&text, name);
	buf_char(&text, ':');
	copy = arena_copy(arena, buf_slice(&text));
	buf_fini(&text);
	return copy;
}

static struct debezium_type column_type(const struct format_table *in, const struct out_column *out)
{
	const struct column *column = &in->table->columns[out->column];
	struct debezium_type type = debezium_column_type(column);
	if (out->transport != column_transport(column)) /* a mask gives another type */
		type.kind = out->transport == TRANSPORT_STRING ? DEBEZIUM_STRING : type.kind;
	return type;
}

static const struct member *make_values(const struct format_table *in, struct arena *arena)
{
	const struct mapping *mapping = in->mapping;
	unsigned n = mapping->ncolumns + mapping->nfields;
	struct member *values = ARENA_ARRAY(arena, n + 1, struct member);
	for (unsigned i = 0; i < mapping->ncolumns; i++)
		values[i] = (struct member){member_prefix(mapping->columns[i].name, i == 0, arena),
					    column_type(in, &mapping->columns[i])};
	for (unsigned i = 0; i < mapping->nfields; i++)
		values[mapping->ncolumns + i] = (struct member){
			member_prefix(mapping->fields[i].name, mapping->ncolumns + i == 0, arena),
			debezium_field_type(&mapping->fields[i], in->field_types[i])};
	return values;
}

static const struct member *make_key(const struct format_table *in, struct arena *arena)
{
	const struct mapping *mapping = in->mapping;
	struct member *key = ARENA_ARRAY(arena, mapping->key.nparts + 1, struct member);
	for (unsigned k = 0; k < mapping->key.nparts; k++) {
		const struct key_part *part = &mapping->key.parts[k];
		key[k].prefix = member_prefix(part->name, k == 0, arena);
		key[k].type = part->is_field
				      ? debezium_field_type(&mapping->fields[part->index],
							    in->field_types[part->index])
				      : debezium_column_type(&in->table->columns[part->index]);
	}
	return key;
}

static void put_source_head(struct buf *out, const struct format_sync *sync)
{
	buf_printf(out,
		   "\"source\":{\"version\":\"%s\",\"connector\":\"%s\",\"name\":", TIDEWAY_VERSION,
		   sync->mariadb ? "mariadb" : "mysql");
	json_string(out, sync->name);
	buf_put(out, SLICE(",\"ts_ms\":"));
}

static void put_source_db(struct buf *out, struct slice db)
{
	buf_put(out, SLICE(",\"db\":"));
	json_string(out, db);
	buf_put(out, SLICE(",\"sequence\":null,\"ts_us\":"));
}

static void put_source_table(struct buf *out, struct slice table)
{
	buf_put(out, SLICE(",\"table\":"));
	if (table.ptr)
		json_string(out, table);
	else
		buf_put(out, SLICE("null"));
	buf_put(out, SLICE(",\"server_id\":"));
}

static struct slice take(struct buf *text, struct arena *arena)
{
	struct slice copy = arena_copy(arena, buf_slice(text));
	buf_clear(text);
	return copy;
}

static void make_source(struct debezium_table *table, const struct format_table *in,
			struct arena *arena)
{
	struct buf text;
	buf_init(&text);
	buf_char(&text, ',');
	put_source_head(&text, in->sync);
	table->source_ts_ms = take(&text, arena);
	put_source_db(&text, in->table->db);
	table->source_db = take(&text, arena);
	put_source_table(&text, in->table->name);
	table->source_table = take(&text, arena);
	buf_fini(&text);
}

static const void *prepare(const struct format_table *in, struct arena *arena)
{
	struct debezium_table *table = ARENA_NEW(arena, struct debezium_table);
	table->mapping = in->mapping;
	table->table = in->table;
	table->nvalues = in->mapping->ncolumns + in->mapping->nfields;
	table->values = make_values(in, arena);
	table->key = make_key(in, arena);
	for (unsigned k = 0; k < in->mapping->key.nparts; k++)
		table->key_has_decimal |= table->key[k].type.kind == DEBEZIUM_DECIMAL;
	make_source(table, in, arena);
	return table;
}

static const char *type_name(const void *prepared, unsigned i)
{
	const struct debezium_table *table = prepared;
	return debezium_kind_name(table->values[i].type.kind);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void put_parts(const struct debezium_table *table, const struct value *parts,
		      struct buf *out)
{
	for (unsigned k = 0; k < table->mapping->key.nparts; k++) {
		buf_put(out, table->key[k].prefix);
		debezium_value(out, &table->key[k].type, &parts[k]);
	}
	buf_char(out, '}');
}

static bool put_key(const void *prepared, const struct format_key *in, struct buf *out)
{
	const struct debezium_table *table = prepared;
	switch (table->mapping->key.kind) {
	case KEY_REJECT:
	case KEY_EMPTY:
		return false;
	case KEY_TABLE:
		json_string(out, table->table->full_name);
		break;
	case KEY_ROW:
		buf_char(out, '"');
		key_put_row_hash(in, table->mapping->ncolumns, out);
		buf_char(out, '"');
		break;
	case KEY_FUNCTION:
		key_put_results(in, true, out);
		break;
	case KEY_PARTS:
		put_parts(table, in->parts, out);
		break;
	}
	return true;
}

/* Returns the key as Kafka Connect's SimpleHeaderConverter writes it: a DECIMAL is a number there. */
static struct slice header_key(const struct debezium_table *table, const struct format_image *image,
			       struct arena *arena)
{
	struct buf text;
	struct slice copy;
	if (!table->key_has_decimal || image->key_parts == NULL)
		return image->key;
	buf_init(&text);
	for (unsigned k = 0; k < table->mapping->key.nparts; k++) {
		buf_put(&text, table->key[k].prefix);
		if (image->key_parts[k].kind == VALUE_DECIMAL)
			json_value(&text, &image->key_parts[k]);
		else
			debezium_value(&text, &table->key[k].type, &image->key_parts[k]);
	}
	buf_char(&text, '}');
	copy = arena_copy(arena, buf_slice(&text));
	buf_fini(&text);
	return copy;
}

/* ---- changes --------------------------------------------------------------------------------- */

static void put_image(struct buf *out, const struct debezium_table *table,
		      const struct format_image *image)
{
	if (image == NULL) {
		buf_put(out, SLICE("null"));
		return;
	}
	if (table->nvalues == 0)
		buf_char(out, '{');
	for (unsigned i = 0; i < table->nvalues; i++) {
		buf_put(out, table->values[i].prefix);
		debezium_value(out, &table->values[i].type, &image->values[i]);
	}
	buf_char(out, '}');
}

/* "ts_ms":... in milliseconds, microseconds or nanoseconds. */
static void put_scaled(struct buf *out, int64_t ms, struct slice zeros)
{
	json_i64(out, ms);
	if (ms != 0)
		buf_put(out, zeros);
}

static void put_times(struct buf *out, int64_t ms)
{
	buf_put(out, SLICE(",\"ts_ms\":"));
	json_i64(out, ms);
	buf_put(out, SLICE(",\"ts_us\":"));
	put_scaled(out, ms, SLICE("000"));
	buf_put(out, SLICE(",\"ts_ns\":"));
	put_scaled(out, ms, SLICE("000000"));
}

/* Where a change or statement is in the binlog. */
struct place {
	uint32_t server_id;
	const struct gtid *gtid; /* NULL: none */
	const char *file;
	uint64_t offset;
	uint32_t row;
	uint32_t thread; /* 0: not known */
};

static void put_place(struct buf *out, const struct place *place)
{
	json_u64(out, place->server_id);
	buf_put(out, SLICE(",\"gtid\":"));
	if (place->gtid && place->gtid->flavour != GTID_NONE) {
		buf_char(out, '"');
		gtid_print(place->gtid, out);
		buf_char(out, '"');
	} else {
		buf_put(out, SLICE("null"));
	}
	buf_put(out, SLICE(",\"file\":"));
	json_string(out, slice_str(place->file));
	buf_put(out, SLICE(",\"pos\":"));
	json_u64(out, place->offset);
	buf_put(out, SLICE(",\"row\":"));
	json_u64(out, place->row);
	buf_put(out, SLICE(",\"thread\":"));
	if (place->thread)
		json_u64(out, place->thread);
	else
		buf_put(out, SLICE("null"));
	buf_put(out, SLICE(",\"query\":null}"));
}

/* Returns the place of a change. Copied rows have the place of their snapshot. */
static struct place place_of(const struct change *change)
{
	const struct position *snapshot = change->snapshot;
	if (change->op != CHANGE_READ)
		return (struct place){change->server_id, change->gtid, change->file,
				      change->pos,       change->row,  change->thread};
	return (struct place){.file = snapshot ? snapshot->file : "",
			      .offset = snapshot ? snapshot->offset : 0};
}

static void put_source(struct buf *out, const struct debezium_table *table,
		       const struct change *change)
{
	const struct place place = place_of(change);
	buf_put(out, table->source_ts_ms);
	json_i64(out, change->time_ms);
	buf_put(out, SLICE(",\"snapshot\":"));
	buf_put(out, change->op == CHANGE_READ ? SLICE("\"true\"") : SLICE("\"false\""));
	buf_put(out, table->source_db);
	put_scaled(out, change->time_ms, SLICE("000"));
	buf_put(out, SLICE(",\"ts_ns\":"));
	put_scaled(out, change->time_ms, SLICE("000000"));
	buf_put(out, table->source_table);
	put_place(out, &place);
}

static void put_record(const struct debezium_table *table, const struct format_change *change,
		       const char *op, const struct format_image *before,
		       const struct format_image *after, struct message_batch *batch)
{
	const struct format_image *route = after ? after : before;
	struct buf *value = message_batch_value(batch);
	buf_put(value, SLICE("{\"before\":"));
	put_image(value, table, before);
	buf_put(value, SLICE(",\"after\":"));
	put_image(value, table, after);
	put_source(value, table, change->change);
	buf_printf(value, ",\"transaction\":null,\"op\":\"%s\"", op);
	put_times(value, change->now_ms);
	buf_char(value, '}');
	format_add(change, route,
		   &(struct message){
			   .key = route->key, .value = buf_slice(value), .op = slice_str(op)},
		   batch);
}

/* Writes a deleted row, and the tombstone that lets compaction remove it unless the script has no tombstones. */
static void put_delete(const struct debezium_table *table, const struct format_change *change,
		       const struct format_image *before, struct message_batch *batch)
{
	put_record(table, change, "d", before, NULL, batch);
	if (table->mapping->tombstones)
		format_add(change, before, &(struct message){.key = before->key}, batch);
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

/* Writes an update that changes the key as a delete and a create. */
static void put_moved(const struct debezium_table *table, const struct format_change *change,
		      struct message_batch *batch)
{
	struct format_image before = *change->before, after = *change->after;
	struct slice old_key = header_key(table, &before, change->arena);
	struct slice new_key = header_key(table, &after, change->arena);
	format_put_header(&before, (struct header){SLICE("__debezium.newkey"), new_key},
			  change->arena);
	format_put_header(&after, (struct header){SLICE("__debezium.oldkey"), old_key},
			  change->arena);
	put_delete(table, change, &before, batch);
	put_record(table, change, "c", NULL, &after, batch);
}

static void put_change(const void *prepared, const struct format_change *change,
		       struct message_batch *batch)
{
	const struct debezium_table *table = prepared;
	switch (change->op) {
	case CHANGE_READ:
		put_record(table, change, "r", NULL, change->after, batch);
		break;
	case CHANGE_INSERT:
		put_record(table, change, "c", NULL, change->after, batch);
		break;
	case CHANGE_DELETE:
		put_delete(table, change, change->before, batch);
		break;
	case CHANGE_UPDATE:
		if (change->single || is_same_route(change->before, change->after))
			put_record(table, change, "u", change->before, change->after, batch);
		else
			put_moved(table, change, batch);
		break;
	}
}

static bool needs_before(const void *prepared, bool single)
{
	(void)prepared;
	(void)single;
	return true;
}

/* ---- statements ------------------------------------------------------------------------------ */

static struct slice ddl_op(const struct format_ddl *ddl)
{
	return slice_str(ddl_op_name(ddl->effect->op));
}

static bool put_ddl_key(const struct format_ddl *ddl, bool compacted, struct buf *out)
{
	(void)compacted;
	buf_put(out, SLICE("{\"databaseName\":"));
	json_string(out, ddl->effect->db);
	buf_char(out, '}');
	return true;
}

/* The name of the table after the statement. */
static struct slice table_name(const struct ddl_effect *effect)
{
	if (effect->table.len == 0)
		return (struct slice){NULL, 0};
	return effect->new_table.len > 0 ? effect->new_table : effect->table;
}

static void put_ddl_source(const struct format_ddl *ddl, struct buf *out)
{
	put_source_head(out, ddl->sync);
	json_i64(out, ddl->commit_ms);
	buf_put(out, SLICE(",\"snapshot\":\"false\""));
	put_source_db(out, ddl->effect->db);
	put_scaled(out, ddl->commit_ms, SLICE("000"));
	buf_put(out, SLICE(",\"ts_ns\":"));
	put_scaled(out, ddl->commit_ms, SLICE("000000"));
	put_source_table(out, table_name(ddl->effect));
	put_place(out, &(struct place){.server_id = ddl->server_id,
				       .gtid = ddl->gtid,
				       .file = ddl->file,
				       .offset = ddl->offset});
}

static void put_ddl(const struct format_ddl *ddl, struct buf *out)
{
	buf_char(out, '{');
	put_ddl_source(ddl, out);
	buf_put(out, SLICE(",\"ts_ms\":"));
	json_i64(out, ddl->now_ms);
	buf_put(out, SLICE(",\"databaseName\":"));
	json_string(out, ddl->effect->db);
	buf_put(out, SLICE(",\"schemaName\":null,\"ddl\":"));
	json_string(out, ddl->text);
	buf_put(out, SLICE(",\"tableChanges\":"));
	debezium_table_changes(out, ddl->effect);
	buf_char(out, '}');
}

/* ---- heartbeats ------------------------------------------------------------------------------ */

static bool put_heartbeat_key(const struct format_sync *sync, bool compacted, struct buf *out)
{
	(void)compacted;
	buf_put(out, SLICE("{\"serverName\":"));
	json_string(out, sync->name);
	buf_char(out, '}');
	return true;
}

static void put_heartbeat(int64_t event_ms, struct buf *out)
{
	buf_put(out, SLICE("{\"ts_ms\":"));
	json_i64(out, event_ms);
	buf_char(out, '}');
}

const struct format format_debezium = {
	.name = "debezium",
	.prepare = prepare,
	.type_name = type_name,
	.key = put_key,
	.needs_before = needs_before,
	.write = put_change,
	.ddl_to_sync_topic = true,
	.ddl_op = ddl_op,
	.ddl_key = put_ddl_key,
	.ddl = put_ddl,
	.heartbeat_op = {"heartbeat", 9},
	.heartbeat_key = put_heartbeat_key,
	.heartbeat = put_heartbeat,
};
