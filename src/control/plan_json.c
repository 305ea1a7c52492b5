/* plan_json: a planned table for programs. */
#include "base/json_writer.h"
#include "control/planned.h"

#include <inttypes.h>

/* Write ,"name":"text" or ,"name":null. */
static void json_member(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, ",\"%s\":", name);
	if (text && *text)
		json_string(out, slice_str(text));
	else
		buf_put(out, SLICE("null"));
}

static void json_list(struct buf *out, const char *name, const char *const *texts, unsigned n)
{
	buf_printf(out, ",\"%s\":[", name);
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			buf_char(out, ',');
		json_string(out, slice_str(texts[i]));
	}
	buf_char(out, ']');
}

static void json_name(struct buf *out, bool first, struct slice name)
{
	buf_put(out, first ? SLICE("{\"name\":") : SLICE(",{\"name\":"));
	json_string(out, name);
}

static void json_columns(struct buf *out, const struct plan *plan)
{
	const struct mapping *mapping = &plan->mapping;
	for (unsigned i = 0; i < mapping->ncolumns; i++) {
		const struct out_column *column = &mapping->columns[i];
		json_name(out, i == 0, column->name);
		json_member(out, "type", planned_type(plan, i));
		buf_put(out, SLICE(",\"source\":"));
		json_string(out, plan->table->columns[column->column].name);
		json_member(out, "mask", planned_mask(mapping, column->column));
		buf_put(out, SLICE(",\"function\":null}"));
	}
	for (unsigned i = 0; i < mapping->nfields; i++) {
		const struct out_field *field = &mapping->fields[i];
		json_name(out, mapping->ncolumns + i == 0, field->name);
		json_member(out, "type",
			    planned_is_untyped(field) ? NULL
						      : planned_type(plan, mapping->ncolumns + i));
		buf_put(out, SLICE(",\"source\":null,\"mask\":null"));
		json_member(out, "function", field->where);
		buf_char(out, '}');
	}
}

static void json_dml(struct buf *out, const struct mapping *mapping)
{
	static const char *const policies[] = {"normal", "ignore", "logical"};
	buf_printf(out, ",\"dml\":{\"insert\":\"%s\",\"update\":\"%s\",\"delete\":\"%s\"}",
		   policies[mapping->dml.of[CHANGE_INSERT]],
		   policies[mapping->dml.of[CHANGE_UPDATE]],
		   policies[mapping->dml.of[CHANGE_DELETE]]);
}

static void json_headers(struct buf *out, const struct mapping *mapping)
{
	buf_put(out, SLICE(",\"headers\":["));
	for (unsigned i = 0; i < mapping->nheaders; i++) {
		json_name(out, i == 0, mapping->headers[i].name);
		json_member(out, "function", mapping->headers[i].where);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void json_dropped(struct buf *out, const struct plan *plan)
{
	bool first = true;
	buf_put(out, SLICE("],\"dropped\":["));
	for (unsigned i = 0; i < plan->table->ncolumns; i++) {
		if (planned_column(&plan->mapping, i))
			continue;
		json_name(out, first, plan->table->columns[i].name);
		json_member(out, "mask", planned_mask(&plan->mapping, i));
		buf_char(out, '}');
		first = false;
	}
	buf_char(out, ']');
}

static void json_functions(struct buf *out, const struct mapping_shown *shown)
{
	json_member(out, "topic_function", shown->topic);
	json_member(out, "key_function", shown->key);
	json_member(out, "filter", shown->filter);
	json_list(out, "on_row", shown->on_row, shown->non_row);
	json_list(out, "on_change", shown->on_change, shown->non_change);
}

static void json_warnings(struct buf *out, const struct planned *planned)
{
	const struct mapping *mapping = &planned->plan->mapping;
	struct buf text;
	for (unsigned i = 0; i < mapping->shown.nwarnings; i++) {
		if (i > 0)
			buf_char(out, ',');
		json_string(out, slice_str(mapping->shown.warnings[i]));
	}
	if (planned->collides.ptr == NULL)
		return;
	if (mapping->shown.nwarnings > 0)
		buf_char(out, ',');
	buf_init(&text);
	planned_put_collision(planned, &text);
	json_string(out, buf_slice(&text));
	buf_fini(&text);
}

/* Write ,"copy":{...} of the table. */
static void json_copy(struct buf *out, const struct planned *planned)
{
	const struct table_estimate *copied = planned->copied;
	if (!planned->estimate->copies) {
		buf_put(out, SLICE(",\"copy\":null"));
		return;
	}
	buf_printf(out,
		   ",\"copy\":{\"seconds\":%.3f,\"topic_bytes\":%" PRIu64
		   ",\"sampled_rows\":%" PRIu64 ",\"exact\":%s",
		   copied->seconds, copied->topic_bytes, copied->sampled,
		   copied->exact ? "true" : "false");
	json_member(out, "problem", copied->problem);
	buf_char(out, '}');
}

/* Write ,"sync":{...}: what the copy of all tables takes. */
static void json_sync(struct buf *out, const struct planned *planned)
{
	const struct estimate *estimate = planned->estimate;
	buf_put(out, SLICE(",\"sync\":{\"name\":"));
	json_string(out, slice_str(planned->config->name));
	if (estimate->copies)
		buf_printf(out,
			   ",\"copy_seconds\":%.3f,\"lanes\":%u,\"topic_bytes\":%" PRIu64
			   ",\"tables_not_sampled\":%u",
			   estimate->seconds, estimate->lanes, estimate->topic_bytes,
			   estimate->unsampled);
	if (estimate->kept_s > 0)
		buf_printf(out, ",\"binlog_kept_seconds\":%" PRIu64 "}", estimate->kept_s);
	else
		buf_put(out, SLICE(",\"binlog_kept_seconds\":null}"));
}

void planned_put_json(const struct planned *planned, struct buf *out)
{
	const struct plan *plan = planned->plan;
	buf_put(out, SLICE("{\"table\":"));
	json_string(out, plan->table->full_name);
	buf_printf(out, ",\"by_command\":%s", planned->by_command ? "true" : "false");
	buf_printf(out, ",\"rows\":%" PRIu64 ",\"bytes\":%" PRIu64, planned->copied->rows,
		   planned->copied->bytes);
	json_copy(out, planned);
	json_sync(out, planned);
	buf_put(out, SLICE(",\"topic\":"));
	if (plan->mapping.topic_function)
		buf_put(out, SLICE("null"));
	else
		json_string(out, plan->mapping.topic);
	buf_printf(out, ",\"topic_exists\":%s,\"partitions\":%d,\"primaryKey\":",
		   planned->exists ? "true" : "false", planned->partitions);
	json_names(out, plan->mapping.primary, plan->mapping.nprimary);
	buf_printf(out, ",\"key_format\":\"%s\"", plan->mapping.key.json ? "json" : "text");
	buf_printf(out, ",\"update\":\"%s\",\"tombstones\":%s,\"columns\":[",
		   plan->mapping.update == UPDATE_TWO ? "two" : "one",
		   plan->mapping.tombstones ? "true" : "false");
	json_columns(out, plan);
	json_dropped(out, plan);
	json_functions(out, &plan->mapping.shown);
	json_headers(out, &plan->mapping);
	json_dml(out, &plan->mapping);
	buf_put(out, SLICE(",\"warnings\":["));
	json_warnings(out, planned);
	buf_put(out, SLICE("]}"));
}
