#include "engine/lane/plan.h"

#include "base/mem.h"
#include "script/script.h"
#include "sink/sink.h"

#include <limits.h>
#include <stdlib.h>

/* Prepare the table for the format, with the field types that are known now. */
static void prepare_format(struct plan *plan)
{
	const struct format_table in = {
		.sync = &plan->format_sync,
		.table = plan->table,
		.mapping = &plan->mapping,
		.field_types = plan->field_types,
	};
	plan->prepared = plan->format->prepare(&in, &plan->arena);
}

/* The type of a function's field is known if it is declared. */
static void init_field_types(struct plan *plan)
{
	const struct mapping *mapping = &plan->mapping;
	plan->typed = ARENA_ARRAY(&plan->arena, mapping->nfields + 1, bool);
	plan->field_types = ARENA_ARRAY(&plan->arena, mapping->nfields + 1, enum transport);
	for (unsigned i = 0; i < mapping->nfields; i++) {
		plan->typed[i] =
			mapping->fields[i].typed || mapping->fields[i].source != FIELD_FUNCTION;
		plan->field_types[i] = mapping->fields[i].transport;
	}
}

/* Find the value of each key part among the values to write. */
static void find_key_values(struct plan *plan)
{
	const struct mapping *mapping = &plan->mapping;
	unsigned *at = ARENA_ARRAY(&plan->arena, mapping->key.nparts + 1, unsigned);
	for (unsigned k = 0; k < mapping->key.nparts; k++) {
		const struct key_part *part = &mapping->key.parts[k];
		at[k] = part->is_field ? mapping->ncolumns + part->index : UINT_MAX;
		for (unsigned i = 0; !part->is_field && i < mapping->ncolumns; i++)
			if (mapping->columns[i].column == part->index)
				at[k] = i;
	}
	plan->key_values = at;
}

/* List the values that are converted before they are written. */
static void find_converted(struct plan *plan)
{
	const struct mapping *mapping = &plan->mapping;
	unsigned *at = ARENA_ARRAY(&plan->arena, mapping->ncolumns + 1, unsigned);
	for (unsigned i = 0; mapping->conversions && i < mapping->ncolumns; i++)
		if (mapping->conversions[mapping->columns[i].column])
			at[plan->nconverted++] = i;
	plan->converted = at;
	if (mapping->conversions)
		plan->converted_layout = converted_layout_new(plan->table->ncolumns, &plan->arena);
}

static void make_image(struct plan *plan, struct image *image)
{
	unsigned n = plan->mapping.ncolumns + plan->mapping.nfields;
	image->values = ARENA_ARRAY(&plan->arena, n + 1, struct value);
	image->out.values = image->values;
	image->key_parts = ARENA_ARRAY(&plan->arena, plan->mapping.key.nparts + 1, struct value);
	image->row.cells = ARENA_ARRAY(&plan->arena, plan->table->ncolumns + 1, struct cell);
	if (plan->mapping.functions.event != MAPPING_NO_FUNCTION)
		image->edits = ARENA_ARRAY(&plan->arena, plan->table->ncolumns + 1, struct value);
	image->row.edits = image->edits;
}

struct format_sync lane_format_sync(const struct lane *lane)
{
	return (struct format_sync){.name = slice_str(lane->config->name),
				    .mariadb = lane->sync->mariadb,
				    .op_names = lane->config->op_names};
}

static int prepare(struct lane *lane, struct plan *plan, struct err *err)
{
	struct mapping *mapping = &plan->mapping;
	if (script_prepare(lane->script, lane->sync->index, plan->table, &plan->arena, mapping,
			   err) < 0)
		return -1;
	if (!mapping->wanted)
		return 0;
	plan->format = lane->format;
	plan->format_sync = lane_format_sync(lane);
	init_field_types(plan);
	prepare_format(plan);
	find_key_values(plan);
	find_converted(plan);
	make_image(plan, &plan->before);
	make_image(plan, &plan->after);
	plan->state = table_states_find(&lane->sync->states, plan->table->full_name);
	if (mapping->topic_function)
		return 0;
	if (lane_destination(lane, mapping->topic, mapping->key.kind != KEY_EMPTY, NULL,
			     &plan->destination, err) < 0)
		return -1;
	return plan_check_topic(lane, plan, plan->destination, err);
}

int plan_check_topic(struct lane *lane, const struct plan *plan,
		     const struct destination *destination, struct err *err)
{
	const struct topic_info *info = sink_topic_info(destination->topic);
	if (!plan->mapping.key.not_compacted || !info->compacted)
		return 0;
	return script_compacted(lane->script, lane->sync->index, plan->table, info->name, err);
}

struct destination *plan_next_destination(const struct lane *lane, const struct plan *plan,
					  size_t *at)
{
	struct destination *destination;
	if (!plan->mapping.topic_function)
		return (*at)++ == 0 ? plan->destination : NULL;
	while ((destination = map_next(&lane->destinations.by_name, at)))
		if (map_get(&destination->tables, plan->table->full_name))
			return destination;
	return NULL;
}

struct plan *plan_new(struct lane *lane, const struct table *table, struct err *err)
{
	struct plan *plan = mem_array(1, sizeof(*plan));
	arena_init(&plan->arena, 0);
	plan->mapping.functions.event = MAPPING_NO_FUNCTION;
	plan->mapping.functions.image = MAPPING_NO_FUNCTION;
	plan->table = table_copy(&plan->arena, table);
	if (prepare(lane, plan, err) == 0)
		return plan;
	plan_free(lane, plan);
	return NULL;
}

void plan_free(struct lane *lane, struct plan *plan)
{
	if (plan == NULL)
		return;
	script_release(lane->script, &plan->mapping);
	arena_fini(&plan->arena);
	free(plan);
}

void plan_set_layout(struct plan *plan, const struct row_layout *layout)
{
	if (plan->converted_layout)
		layout = converted_layout_fill(plan->converted_layout, layout,
					       plan->mapping.conversions);
	plan->layout = layout;
	plan->before.row.layout = layout;
	plan->after.row.layout = layout;
}

void plan_set_field_type(struct plan *plan, unsigned field, enum transport transport)
{
	plan->field_types[field] = transport;
	plan->typed[field] = true;
	prepare_format(plan);
}
