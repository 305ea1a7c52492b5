/* cmd_plan: `tideway plan`: print how the script maps each table, before anything is sent. */
#include "base/buf.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "control/look.h"
#include "engine/lane/plan.h"
#include "sink/sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { BROKER_MS = 1000 }; /* how long to wait for a broker */

/* A table and what the broker reported about its topic. */
struct planned {
	const struct plan *plan;
	bool asked; /* the broker answered */
	bool exists;
	int partitions;
	struct slice collides; /* the existing topic that it collides with; ptr NULL: none */
	uint64_t rows;
};

/* Print where a function is defined, and end the line. */
static void print_place(const char *place)
{
	if (place)
		printf(" (%s)", place);
	printf("\n");
}

static void print_functions(const char *what, const char *const *places, unsigned n)
{
	if (n > 0)
		printf("  %-8s ", what);
	for (unsigned i = 0; i < n; i++)
		printf("%s%s", places[i], i + 1 < n ? ", " : "\n");
}

static void print_key(const struct plan *plan)
{
	const struct mapping *mapping = &plan->mapping;
	static const char *const KINDS[] = {
		[KEY_REJECT] = "none",         [KEY_EMPTY] = "empty",
		[KEY_ROW] = "hash of the row", [KEY_TABLE] = "the table's name",
		[KEY_FUNCTION] = "function",
	};
	if (mapping->key.kind != KEY_PARTS) {
		printf("  key      %s", KINDS[mapping->key.kind]);
		print_place(mapping->shown.key);
		return;
	}
	printf("  key      ");
	for (unsigned k = 0; k < mapping->key.nparts; k++) {
		const struct key_part *part = &mapping->key.parts[k];
		struct slice name = part->is_field ? mapping->fields[part->index].name
						   : plan->table->columns[part->index].name;
		printf("%s%.*s", k > 0 ? ", " : "", SLICE_FMT(name));
	}
	printf("%s\n", mapping->key.json ? " (json)" : "");
}

static void print_topic(const struct planned *planned)
{
	const struct mapping *mapping = &planned->plan->mapping;
	if (mapping->topic_function) {
		printf("  topic    by function, for each record");
		print_place(mapping->shown.topic);
		return;
	}
	printf("  topic    %.*s", SLICE_FMT(mapping->topic));
	if (!planned->asked)
		printf(" (the broker could not be asked)\n");
	else if (planned->exists)
		printf(" (exists, %d partitions)\n", planned->partitions);
	else
		printf(" (to be created, %d partitions)\n", planned->partitions);
}

/* Return the column as it is written; NULL if it is dropped. */
static const struct out_column *written(const struct mapping *mapping, unsigned column)
{
	for (unsigned k = 0; k < mapping->ncolumns; k++)
		if (mapping->columns[k].column == column)
			return &mapping->columns[k];
	return NULL;
}

/* Return the type of a column or field in the messages. */
static const char *type_name(const struct plan *plan, unsigned i)
{
	return plan->format->type_name(plan->prepared, i);
}

/* Return the mask of a column; "" if it has none. */
static const char *mask_of(const struct mapping *mapping, unsigned column)
{
	return mapping->shown.masks ? mapping->shown.masks[column] : "";
}

static void print_columns(const struct plan *plan)
{
	const struct mapping *mapping = &plan->mapping;
	for (unsigned i = 0; i < plan->table->ncolumns; i++) {
		const struct column *column = &plan->table->columns[i];
		const struct out_column *out = written(mapping, i);
		const char *mask = mask_of(mapping, i);
		printf("  column   %-24.*s %-24.*s ", SLICE_FMT(column->name),
		       SLICE_FMT(column->sql_type));
		if (out)
			printf("-> %.*s %s", SLICE_FMT(out->name),
			       type_name(plan, (unsigned)(out - mapping->columns)));
		else
			printf("-> dropped");
		printf("%s%s\n", *mask ? ", " : "", mask);
	}
}

/* Whether the type of a field is known only when its function returns a value. */
static bool untyped(const struct out_field *field)
{
	return field->source == FIELD_FUNCTION && !field->typed;
}

static void print_fields(const struct plan *plan)
{
	const struct mapping *mapping = &plan->mapping;
	for (unsigned i = 0; i < mapping->nfields; i++) {
		const struct out_field *field = &mapping->fields[i];
		printf("  field    %-24.*s %s", SLICE_FMT(field->name),
		       untyped(field) ? "by the function's value"
				      : type_name(plan, mapping->ncolumns + i));
		print_place(field->where);
	}
}

static void print_collision(const struct planned *planned, struct buf *out)
{
	buf_printf(out,
		   "the topic \"%.*s\" collides with \"%.*s\", which exists: Kafka does not "
		   "distinguish \".\" and \"_\" in topic names. Give the topic another name with a "
		   "rule of topic",
		   SLICE_FMT(planned->plan->mapping.topic), SLICE_FMT(planned->collides));
}

static void print_warnings(const struct planned *planned)
{
	struct buf text;
	for (unsigned i = 0; i < planned->plan->mapping.shown.nwarnings; i++)
		printf("  warning  %s\n", planned->plan->mapping.shown.warnings[i]);
	if (planned->collides.ptr == NULL)
		return;
	buf_init(&text);
	print_collision(planned, &text);
	printf("  warning  %s\n", buf_cstr(&text));
	buf_fini(&text);
}

static void print_table(const struct planned *planned)
{
	const struct plan *plan = planned->plan;
	printf("%.*s (about %" PRIu64 " rows)\n", SLICE_FMT(plan->table->full_name), planned->rows);
	print_topic(planned);
	print_key(plan);
	printf("  update   %s\n",
	       plan->mapping.update == UPDATE_TWO ? "two records" : "one record");
	print_functions("filter", &plan->mapping.shown.filter, plan->mapping.shown.filter != NULL);
	print_functions("on_row", plan->mapping.shown.on_row, plan->mapping.shown.non_row);
	print_functions("on_change", plan->mapping.shown.on_change, plan->mapping.shown.non_change);
	print_columns(plan);
	print_fields(plan);
	print_warnings(planned);
	printf("\n");
}

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
		json_member(out, "type", type_name(plan, i));
		buf_put(out, SLICE(",\"source\":"));
		json_string(out, plan->table->columns[column->column].name);
		json_member(out, "mask", mask_of(mapping, column->column));
		buf_put(out, SLICE(",\"function\":null}"));
	}
	for (unsigned i = 0; i < mapping->nfields; i++) {
		const struct out_field *field = &mapping->fields[i];
		json_name(out, mapping->ncolumns + i == 0, field->name);
		json_member(out, "type",
			    untyped(field) ? NULL : type_name(plan, mapping->ncolumns + i));
		buf_put(out, SLICE(",\"source\":null,\"mask\":null"));
		json_member(out, "function", field->where);
		buf_char(out, '}');
	}
}

static void json_dropped(struct buf *out, const struct plan *plan)
{
	bool first = true;
	buf_put(out, SLICE("],\"dropped\":["));
	for (unsigned i = 0; i < plan->table->ncolumns; i++) {
		if (written(&plan->mapping, i))
			continue;
		json_name(out, first, plan->table->columns[i].name);
		json_member(out, "mask", mask_of(&plan->mapping, i));
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
	print_collision(planned, &text);
	json_string(out, buf_slice(&text));
	buf_fini(&text);
}

static void json_table(struct buf *out, const struct planned *planned)
{
	const struct plan *plan = planned->plan;
	buf_put(out, SLICE("{\"table\":"));
	json_string(out, plan->table->full_name);
	buf_printf(out, ",\"rows\":%" PRIu64 ",\"topic\":", planned->rows);
	if (plan->mapping.topic_function)
		buf_put(out, SLICE("null"));
	else
		json_string(out, plan->mapping.topic);
	buf_printf(out, ",\"topic_exists\":%s,\"partitions\":%d,\"primaryKey\":",
		   planned->exists ? "true" : "false", planned->partitions);
	json_names(out, plan->mapping.primary, plan->mapping.nprimary);
	buf_printf(out, ",\"key_format\":\"%s\"", plan->mapping.key.json ? "json" : "text");
	buf_printf(out, ",\"update\":\"%s\",\"columns\":[",
		   plan->mapping.update == UPDATE_TWO ? "two" : "one");
	json_columns(out, plan);
	json_dropped(out, plan);
	json_functions(out, &plan->mapping.shown);
	buf_put(out, SLICE(",\"warnings\":["));
	json_warnings(out, planned);
	buf_put(out, SLICE("]}"));
}

static void close_sink(struct sink **sink)
{
	sink_free(*sink);
	*sink = NULL;
}

static void report_unasked(const struct err *err)
{
	if (err->retriable)
		log_warn("waited %d s for a broker; the plan does not show which topics exist: %s",
			 BROKER_MS / 1000, err->text);
	else
		log_warn("the plan does not show which topics exist: %s", err->text);
}

/* Return NULL if the sync has no brokers, or if they do not answer. */
static struct sink *open_sink(const struct sink_config *config)
{
	struct err err = ERR_INIT;
	struct sink *sink;
	if (config->kind != SINK_KAFKA)
		return NULL;
	sink = sink_new(config, "tideway-plan", 1 << 20, NULL, NULL, &err);
	if (sink)
		sink_wait_at_most(sink, BROKER_MS);
	else
		report_unasked(&err);
	return sink;
}

/* Find out whether the topic exists. A broker that does not answer is not asked again: set *sink to
 * NULL. */
static void ask_broker(struct sink **sink, struct planned *planned,
		       const struct topics_config *topics)
{
	const struct mapping *mapping = &planned->plan->mapping;
	struct err err = ERR_INIT;
	planned->partitions = mapping->key.kind == KEY_EMPTY ? topics->partitions_without_key
							     : topics->partitions;
	if (*sink == NULL || mapping->topic_function)
		return;
	int partitions = planned->partitions;
	planned->asked = sink_topics_exist(*sink, &mapping->topic, 1, &planned->exists, &partitions,
					   &err) == 0;
	if (planned->asked && planned->exists)
		planned->partitions = partitions;
	else if (planned->asked)
		planned->collides = sink_collides(*sink, mapping->topic);
	else {
		report_unasked(&err);
		close_sink(sink);
	}
}

static uint64_t estimate(struct look *look, const struct table *table)
{
	struct err ignored = ERR_INIT;
	struct result result;
	struct buf db, name;
	uint64_t rows = 0;
	buf_init(&db);
	buf_init(&name);
	conn_quote(look->bootstrap.conn, table->db, &db);
	conn_quote(look->bootstrap.conn, table->name, &name);
	if (conn_query(look->bootstrap.conn, &result, &ignored,
		       "SELECT TABLE_ROWS FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s "
		       "AND TABLE_NAME = %s",
		       buf_cstr(&db), buf_cstr(&name)) == 0) {
		if (result.nrows == 1 && result_cell(&result, 0, 0).ptr)
			rows = strtoull(result_cell(&result, 0, 0).ptr, NULL, 10);
		result_fini(&result);
	}
	buf_fini(&name);
	buf_fini(&db);
	return rows;
}

static int plan_tables(struct look *look, struct sink **sink, struct buf *json, struct err *err)
{
	for (unsigned i = 0; i < look->bootstrap.nselected; i++) {
		struct planned planned = {.plan = NULL};
		struct plan *plan = plan_new(&look->lane, look->bootstrap.selected[i], err);
		if (plan == NULL)
			return -1;
		planned.plan = plan;
		planned.rows = estimate(look, plan->table);
		ask_broker(sink, &planned, &look->sync.config->topics);
		if (json) {
			if (json->len > 0)
				buf_char(json, ',');
			json_table(json, &planned);
		} else {
			print_table(&planned);
		}
		plan_free(&look->lane, plan);
	}
	return 0;
}

static int plan_sync(struct look *look, unsigned index, struct buf *json, struct err *err)
{
	struct sink *sink;
	int rc;
	if (look_connect(look, index, err) < 0)
		return -1;
	if (json == NULL && look->sync.config->description)
		printf("sync '%s': %s\n", look->sync.config->name, look->sync.config->description);
	sink = open_sink(&look->sync.config->sink);
	rc = plan_tables(look, &sink, json, err);
	close_sink(&sink);
	look_leave(look);
	return rc;
}

int command_plan(const struct arguments *arguments, struct err *err)
{
	struct look look;
	struct buf json;
	int rc;
	look_init(&look);
	buf_init(&json);
	rc = look_load(&look, arguments, err);
	for (unsigned i = 0; rc == 0 && i < script_syncs(look.script); i++)
		rc = plan_sync(&look, i, arguments->json ? &json : NULL, err);
	if (rc == 0 && arguments->json)
		printf("[%s]\n", buf_cstr(&json));
	buf_fini(&json);
	look_fini(&look);
	return rc;
}
