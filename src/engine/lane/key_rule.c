#include "engine/lane/key_rule.h"

#include "format/json.h"
#include "script/script.h"
#include "sink/sink.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

/* Return whether the key contains the column. */
static bool has_column(const struct mapping_key *key, unsigned column)
{
	for (unsigned k = 0; k < key->nparts; k++)
		if (!key->parts[k].is_field && key->parts[k].index == column)
			return true;
	return false;
}

static bool has_primary_key(const struct plan *plan)
{
	for (unsigned i = 0; i < plan->table->npk; i++)
		if (!has_column(&plan->mapping.key, plan->table->pk[i]))
			return false;
	return true;
}

static bool has_unwritten_part(const struct plan *plan)
{
	for (unsigned k = 0; k < plan->mapping.key.nparts; k++)
		if (plan->key_values[k] == UINT_MAX)
			return true;
	return false;
}

/* Return whether a part of the key is made by a function, or contains a time. */
static bool has_varying_part(const struct mapping *mapping)
{
	for (unsigned k = 0; k < mapping->key.nparts; k++) {
		const struct key_part *part = &mapping->key.parts[k];
		const char *const *masks = mapping->shown.masks;
		if (part->is_field && mapping->fields[part->index].source != FIELD_CONSTANT)
			return true;
		if (!part->is_field && masks && strstr(masks[part->index], "function "))
			return true;
	}
	return false;
}

static const char *script_obstacle(const struct lane *lane, const struct mapping *mapping)
{
	if (lane->config->has_loop)
		return "the script's loop sends its messages";
	if (mapping->shown.non_change > 0 || mapping->shown.non_row > 0 || mapping->shown.filter)
		return "on_row, on_change or filter may leave out rows of a copy, or give them "
		       "other keys";
	if (mapping->dml.of[CHANGE_DELETE] != DML_NORMAL)
		return "dml does not write deletes as deletes";
	if (mapping->nheaders > 0)
		return "its messages have headers, which only a row gives them";
	if (mapping->topic_function || mapping->key.kind == KEY_FUNCTION)
		return "a function chooses the topic or the key of its messages";
	return NULL;
}

const char *key_rule_obstacle(const struct lane *lane, const struct plan *plan)
{
	const struct mapping *mapping = &plan->mapping;
	const char *obstacle = script_obstacle(lane, mapping);
	if (lane->config->sink.kind != SINK_KAFKA)
		return "its messages do not go to Kafka";
	if (lane->format->see == NULL)
		return "the topics of this format have no markers of copies";
	if (mapping->shown.where)
		return "full.where leaves rows out of its copies";
	if (obstacle)
		return obstacle;
	if (mapping->key.kind != KEY_PARTS || !has_primary_key(plan))
		return "the key of its messages does not contain the primary key";
	if (has_unwritten_part(plan))
		return "a column of the key is not written";
	if (has_varying_part(mapping))
		return "its key contains a time, the topic, or what a function returns";
	return NULL;
}

/* Return whether something of the script beside the name of the column decides how its value is written. */
static bool is_changed(const struct mapping *mapping, unsigned column)
{
	return (mapping->shown.masks && mapping->shown.masks[column][0]) ||
	       (mapping->conversions && mapping->conversions[column]);
}

/* Append what a part of the key depends on. A mask may have a secret that its text does not show: then any change of the script
 * counts. */
static void put_part(const struct lane *lane, const struct plan *plan, const struct key_part *part,
		     struct buf *out)
{
	const struct column *column = &plan->table->columns[part->index];
	if (part->is_field) {
		buf_put(out, SLICE("\nfield "));
		json_bare(out, &plan->mapping.fields[part->index].value);
		return;
	}
	buf_printf(out, "\n%.*s %.*s %.*s %d", SLICE_FMT(part->name), SLICE_FMT(column->name),
		   SLICE_FMT(column->sql_type), (int)column->charset);
	if (is_changed(&plan->mapping, part->index))
		buf_printf(out, " %016" PRIx64, script_hash(lane->script));
}

uint64_t key_rule_hash(const struct lane *lane, const struct plan *plan)
{
	const struct mapping *mapping = &plan->mapping;
	const char *obstacle = key_rule_obstacle(lane, plan);
	struct buf text;
	uint64_t hash;
	buf_init(&text);
	buf_printf(&text, TIDEWAY_VERSION "\n%s\n%.*s", obstacle ? obstacle : "",
		   SLICE_FMT(mapping->topic));
	if (plan->destination)
		buf_printf(&text, " %d", sink_topic_info(plan->destination->topic)->partitions);
	buf_put(&text, mapping->key.json ? SLICE("\njson") : SLICE("\ntext"));
	for (unsigned k = 0; k < mapping->key.nparts; k++)
		put_part(lane, plan, &mapping->key.parts[k], &text);
	hash = slice_hash(buf_slice(&text));
	buf_fini(&text);
	return hash;
}
