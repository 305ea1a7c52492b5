/* cmd_plan: `tideway plan`: what the script makes of each table, before anything is sent. */
#include "base/buf.h"
#include "control/look.h"
#include "encode/json.h"
#include "engine/plan.h"
#include "sink/sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A table and its topic, as far as the broker can be asked. */
struct planned {
	const struct plan *plan;
	bool asked; /* the broker answered */
	bool exists;
	int partitions;
	uint64_t rows;
};

static void print_key(const struct plan *plan)
{
	const struct mapping *mapping = &plan->mapping;
	static const char *const KINDS[] = {
		[KEY_REJECT] = "none",         [KEY_EMPTY] = "empty",
		[KEY_ROW] = "hash of the row", [KEY_TABLE] = "the table's name",
		[KEY_FUNCTION] = "function",
	};
	if (mapping->key_kind != KEY_PARTS) {
		printf("  key      %s\n", KINDS[mapping->key_kind]);
		return;
	}
	printf("  key      ");
	for (unsigned k = 0; k < mapping->nkey; k++) {
		const struct key_part *part = &mapping->key[k];
		struct slice name = part->is_field ? mapping->fields[part->index].name
						   : plan->table->columns[part->index].name;
		printf("%s%.*s", k > 0 ? ", " : "", SLICE_FMT(name));
	}
	printf("%s\n", mapping->key_json ? " (json)" : "");
}

static void print_topic(const struct planned *planned)
{
	const struct mapping *mapping = &planned->plan->mapping;
	if (mapping->topic_function) {
		printf("  topic    by function, for each record\n");
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

static void print_columns(const struct plan *plan)
{
	const struct mapping *mapping = &plan->mapping;
	for (unsigned i = 0; i < plan->table->ncolumns; i++) {
		const struct column *column = &plan->table->columns[i];
		const struct out_column *out = NULL;
		for (unsigned k = 0; k < mapping->ncolumns; k++)
			if (mapping->columns[k].column == i)
				out = &mapping->columns[k];
		printf("  column   %-24.*s %-24.*s ", SLICE_FMT(column->name),
		       SLICE_FMT(column->sql_type));
		if (out)
			printf("-> %.*s %s\n", SLICE_FMT(out->name),
			       transport_name(out->transport));
		else
			printf("-> dropped\n");
	}
	for (unsigned i = 0; i < mapping->nfields; i++) {
		const struct out_field *field = &mapping->fields[i];
		printf("  field    %-24.*s %s\n", SLICE_FMT(field->name),
		       field->source == FIELD_FUNCTION && !field->typed
			       ? "by the function's value"
			       : transport_name(field->transport));
	}
}

static void print_table(const struct planned *planned)
{
	const struct plan *plan = planned->plan;
	printf("%.*s (about %" PRIu64 " rows)\n", SLICE_FMT(plan->table->full_name), planned->rows);
	print_topic(planned);
	print_key(plan);
	printf("  update   %s\n",
	       plan->mapping.update == UPDATE_TWO ? "two records" : "one record");
	print_columns(plan);
	for (unsigned i = 0; i < plan->mapping.nwarnings; i++)
		printf("  warning  %s\n", plan->mapping.warnings[i]);
	printf("\n");
}

static void json_columns(struct buf *out, const struct plan *plan)
{
	for (unsigned i = 0; i < plan->schema.ncolumns; i++) {
		bool field = i >= plan->mapping.ncolumns;
		buf_put(out, i > 0 ? SLICE(",{\"name\":") : SLICE("{\"name\":"));
		json_string(out, plan->schema.columns[i].name);
		buf_printf(out, ",\"type\":\"%s\",\"source\":",
			   transport_name(plan->schema.columns[i].transport));
		if (field)
			buf_put(out, SLICE("null"));
		else
			json_string(out,
				    plan->table->columns[plan->mapping.columns[i].column].name);
		buf_char(out, '}');
	}
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
	buf_printf(out, ",\"keyFormat\":\"%s\"", plan->mapping.key_json ? "json" : "text");
	buf_printf(out, ",\"update\":\"%s\",\"columns\":[",
		   plan->mapping.update == UPDATE_TWO ? "two" : "one");
	json_columns(out, plan);
	buf_put(out, SLICE("],\"warnings\":["));
	for (unsigned i = 0; i < plan->mapping.nwarnings; i++) {
		if (i > 0)
			buf_char(out, ',');
		json_string(out, slice_str(plan->mapping.warnings[i]));
	}
	buf_put(out, SLICE("]}"));
}

/* Whether the topic is there; silence when the broker cannot be asked. */
static void ask_broker(struct sink *sink, struct planned *planned,
		       const struct topics_config *topics)
{
	const struct mapping *mapping = &planned->plan->mapping;
	struct err ignored = ERR_INIT;
	planned->partitions = mapping->key_kind == KEY_EMPTY ? topics->partitions_without_key
							     : topics->partitions;
	if (sink == NULL || mapping->topic_function)
		return;
	int partitions = planned->partitions;
	planned->asked = sink_topics_exist(sink, &mapping->topic, 1, &planned->exists, &partitions,
					   &ignored) == 0;
	if (planned->asked && planned->exists)
		planned->partitions = partitions;
}

static uint64_t estimate(struct look *look, const struct table *table)
{
	struct err ignored = ERR_INIT;
	struct result result;
	struct buf db, name;
	uint64_t rows = 0;
	buf_init(&db);
	buf_init(&name);
	conn_quote(look->start.conn, table->db, &db);
	conn_quote(look->start.conn, table->name, &name);
	if (conn_query(look->start.conn, &result, &ignored,
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

static int plan_tables(struct look *look, struct sink *sink, struct buf *json, struct err *err)
{
	for (unsigned i = 0; i < look->start.nselected; i++) {
		struct planned planned = {.plan = NULL};
		struct plan *plan = plan_new(&look->lane, look->start.selected[i], err);
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
	struct err ignored = ERR_INIT;
	struct sink *sink = NULL;
	int rc;
	if (look_connect(look, index, err) < 0)
		return -1;
	if (look->sync.config->sink.kind == SINK_KAFKA)
		sink = sink_new(&look->sync.config->sink, "tideway-plan", 1 << 20, NULL, NULL,
				&ignored);
	rc = plan_tables(look, sink, json, err);
	sink_free(sink);
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
