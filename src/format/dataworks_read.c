#include "format/dataworks_read.h"

#include "base/json_scan.h"
#include "base/json_writer.h"
#include "format/dataworks.h"

static bool has_text(struct slice object, struct slice name, struct slice text)
{
	return slice_equal(json_scan_find(object, name), text);
}

static bool is_of_table(const struct format_names *names, struct slice value)
{
	struct slice schema = json_scan_find(value, SLICE("schema"));
	struct slice source = json_scan_find(schema, SLICE("source"));
	return has_text(source, SLICE("dbName"), names->db) &&
	       has_text(source, SLICE("tableName"), names->table);
}

/* "copy 5 begins" */
static bool is_begin(struct slice payload)
{
	static const struct slice start = {"copy ", 5}, end = {" begins", 7};
	struct slice ddl = json_scan_find(payload, SLICE("ddl"));
	struct slice text = json_scan_text(json_scan_find(ddl, SLICE("text")));
	return text.len > start.len + end.len && memcmp(text.ptr, start.ptr, start.len) == 0 &&
	       memcmp(text.ptr + text.len - end.len, end.ptr, end.len) == 0;
}

enum seen_kind dataworks_see(const struct format_names *names, struct slice value)
{
	struct slice payload, op;
	if (value.ptr == NULL)
		return SEEN_GONE; /* a tombstone ends the key for every table */
	if (!is_of_table(names, value))
		return SEEN_OTHER;
	payload = json_scan_find(value, SLICE("payload"));
	op = json_scan_text(json_scan_find(payload, SLICE("op")));
	if (slice_equal(op, record_op_name(RECORD_INSERT)) ||
	    slice_equal(op, record_op_name(RECORD_UPDATE_AFTER)))
		return SEEN_ROW;
	if (slice_equal(op, record_op_name(RECORD_DELETE)) ||
	    slice_equal(op, record_op_name(RECORD_UPDATE_BEFOR)) ||
	    slice_equal(op, record_op_name(RECORD_UPDATE_BEFORE)))
		return SEEN_GONE;
	return slice_equal(op, SLICE("QUERY")) && is_begin(payload) ? SEEN_BEGIN : SEEN_OTHER;
}

/* ---- the key of a row ---- */

/* Append one part of a key. Return false if its value cannot be what made the key. */
static bool put_part(const struct format_key_rule *rule, unsigned i, struct slice columns,
		     struct buf *out)
{
	struct slice value = json_scan_find(columns, rule->names[i]);
	struct slice text = value.ptr ? json_scan_text(value) : (struct slice){NULL, 0};
	if (i > 0)
		buf_char(out, ',');
	if (value.ptr == NULL)
		return false;
	if (!rule->json && text.ptr)
		return json_scan_unescape(text, out);
	if (rule->json)
		buf_printf(out, "\"%.*s\":", SLICE_FMT(rule->names[i]));
	buf_put(out, value);
	return true;
}

bool dataworks_has_key(const struct format_key_rule *rule, struct slice value, struct slice key)
{
	struct slice payload = json_scan_find(value, SLICE("payload"));
	struct slice image = json_scan_find(payload, SLICE("after"));
	struct slice columns = json_scan_find(image, SLICE("dataColumn"));
	struct buf text;
	bool has = true;
	buf_init(&text);
	if (rule->json)
		buf_char(&text, '{');
	for (unsigned i = 0; has && i < rule->n; i++)
		has = put_part(rule, i, columns, &text);
	if (rule->json)
		buf_char(&text, '}');
	has = has && slice_equal(buf_slice(&text), key);
	buf_fini(&text);
	return has;
}

/* ---- the DELETE of a row ---- */

static bool is_listed(const struct format_delete *row, struct slice name)
{
	for (unsigned i = 0; i < row->ncolumns; i++)
		if (slice_equal(row->columns[i], name))
			return true;
	return false;
}

/* Return whether a list of JSON strings contains this one, whose text has no quotes here. */
static bool has_string(struct slice list, struct slice name)
{
	for (size_t i = 0; i < list.len; i++) {
		struct slice text = json_scan_text(
			slice_of(list.ptr + i, list.len - i)); /* if it begins here */
		if (text.ptr == NULL)
			continue;
		if (slice_equal(text, name))
			return true;
		i += text.len + 1;
	}
	return false;
}

static void put_before(const struct format_delete *row, struct slice schema, struct slice image,
		       struct buf *out)
{
	struct slice primary = json_scan_find(schema, SLICE("primaryKey"));
	struct slice members = json_scan_members(json_scan_find(image, SLICE("dataColumn")));
	struct slice name, value;
	bool first = true;
	buf_put(out, SLICE("{\"dataColumn\":{"));
	while (json_scan_next(&members, &name, &value)) {
		bool shown = is_listed(row, name) || has_string(primary, name);
		buf_put(out, first ? SLICE("\"") : SLICE(",\""));
		buf_put(out, name);
		buf_put(out, SLICE("\":"));
		buf_put(out, shown ? value : SLICE("null"));
		first = false;
	}
	buf_put(out, SLICE("}}"));
}

void dataworks_write_delete(const struct format_delete *row, struct buf *out)
{
	struct slice schema = json_scan_find(row->last, SLICE("schema"));
	struct slice payload = json_scan_find(row->last, SLICE("payload"));
	buf_put(out, SLICE("{\"schema\":"));
	buf_put(out, schema);
	buf_put(out, SLICE(",\"payload\":{\"before\":"));
	put_before(row, schema, json_scan_find(payload, SLICE("after")), out);
	buf_put(out, SLICE(",\"after\":null,\"sequenceId\":\"-1\",\"timestamp\":{\"eventTime\":-1,"
			   "\"systemTime\":"));
	json_i64(out, row->now_ms);
	buf_put(out, SLICE(",\"checkpointTime\":-1},\"op\":\""));
	buf_put(out, record_op_name(RECORD_DELETE));
	buf_put(out, SLICE("\",\"ddl\":null},\"version\":\"0.0.1\"}"));
}
