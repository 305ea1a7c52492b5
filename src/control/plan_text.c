/* plan_text: a planned table for people. */
#include "control/planned.h"

#include <stdio.h>

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

static void print_columns(const struct plan *plan)
{
	const struct mapping *mapping = &plan->mapping;
	for (unsigned i = 0; i < plan->table->ncolumns; i++) {
		const struct column *column = &plan->table->columns[i];
		const struct out_column *out = planned_column(mapping, i);
		const char *mask = planned_mask(mapping, i);
		printf("  column   %-24.*s %-24.*s ", SLICE_FMT(column->name),
		       SLICE_FMT(column->sql_type));
		if (out)
			printf("-> %.*s %s", SLICE_FMT(out->name),
			       planned_type(plan, (unsigned)(out - mapping->columns)));
		else
			printf("-> dropped");
		printf("%s%s\n", *mask ? ", " : "", mask);
	}
}

static void print_fields(const struct plan *plan)
{
	const struct mapping *mapping = &plan->mapping;
	for (unsigned i = 0; i < mapping->nfields; i++) {
		const struct out_field *field = &mapping->fields[i];
		printf("  field    %-24.*s %s", SLICE_FMT(field->name),
		       planned_is_untyped(field) ? "by the function's value"
						 : planned_type(plan, mapping->ncolumns + i));
		print_place(field->where);
	}
}

/* Print what becomes of updates, and of what the script treats in another way than by default. */
static void print_changes(const struct mapping *mapping)
{
	const enum dml_policy *dml = mapping->dml.of;
	if (dml[CHANGE_INSERT] == DML_IGNORE)
		printf("  insert   ignored\n");
	printf("  update   %s\n", dml[CHANGE_UPDATE] == DML_IGNORE ? "ignored"
				  : mapping->update == UPDATE_TWO  ? "two records"
								   : "one record");
	if (dml[CHANGE_DELETE] == DML_IGNORE)
		printf("  delete   ignored\n");
	else if (dml[CHANGE_DELETE] == DML_LOGICAL)
		printf("  delete   as an update that sets %.*s\n",
		       SLICE_FMT(mapping->fields[mapping->dml.flag].name));
	else if (mapping->tombstones)
		printf("  delete   with a tombstone\n");
}

static void print_headers(const struct plan *plan)
{
	const struct mapping *mapping = &plan->mapping;
	for (unsigned i = 0; i < mapping->nheaders; i++) {
		printf("  header   %.*s", SLICE_FMT(mapping->headers[i].name));
		print_place(mapping->headers[i].where);
	}
}

static void print_warnings(const struct planned *planned)
{
	struct buf text;
	for (unsigned i = 0; i < planned->plan->mapping.shown.nwarnings; i++)
		printf("  warning  %s\n", planned->plan->mapping.shown.warnings[i]);
	if (planned->collides.ptr == NULL)
		return;
	buf_init(&text);
	planned_put_collision(planned, &text);
	printf("  warning  %s\n", buf_cstr(&text));
	buf_fini(&text);
}

static void print_name(const struct planned *planned)
{
	struct buf size;
	buf_init(&size);
	table_estimate_put_size(planned->copied, &size);
	printf("%.*s (%s)\n", SLICE_FMT(planned->plan->table->full_name), buf_cstr(&size));
	buf_fini(&size);
}

static void print_copy(const struct planned *planned)
{
	struct buf cost;
	if (!planned->estimate->copies)
		return;
	if (planned->plan->mapping.shown.skips) {
		printf("  copy     none (full.skip)\n");
		return;
	}
	buf_init(&cost);
	table_estimate_put_cost(planned->copied, &cost);
	printf("  copy     %s\n", buf_cstr(&cost));
	if (planned->plan->mapping.shown.where)
		printf("  rows     where %s\n", planned->plan->mapping.shown.where);
	buf_fini(&cost);
	if (planned->copied->problem)
		printf("  warning  " ESTIMATE_PROBLEM "%s\n", planned->copied->problem);
}

/* Print the line to put into the script. */
static void print_added(const struct planned *planned)
{
	const struct table *table = planned->plan->table;
	const struct chosen_table chosen = {.db = table->db, .name = table->name};
	struct arena arena;
	if (!planned->by_command)
		return;
	arena_init(&arena, 0);
	printf("  added    by command; to keep that, write \"%.*s\" into source.tables\n",
	       SLICE_FMT(chosen_table_print(&chosen, &arena)));
	arena_fini(&arena);
}

void planned_print(const struct planned *planned)
{
	const struct plan *plan = planned->plan;
	print_name(planned);
	print_added(planned);
	print_copy(planned);
	print_topic(planned);
	print_key(plan);
	print_changes(&plan->mapping);
	print_functions("filter", &plan->mapping.shown.filter, plan->mapping.shown.filter != NULL);
	print_functions("on_row", plan->mapping.shown.on_row, plan->mapping.shown.non_row);
	print_functions("on_change", plan->mapping.shown.on_change, plan->mapping.shown.non_change);
	print_columns(plan);
	print_fields(plan);
	print_headers(plan);
	print_warnings(planned);
	printf("\n");
}

void planned_print_copy(const struct estimate *estimate)
{
	struct buf text;
	if (!estimate->copies)
		return;
	buf_init(&text);
	estimate_put(estimate, &text);
	printf("copy %s\n", buf_cstr(&text));
	buf_clear(&text);
	estimate_put_remedy(&text);
	if (estimate_is_late(estimate))
		printf("  warning  %s\n", buf_cstr(&text));
	buf_fini(&text);
}
