#include "control/planned.h"

const struct out_column *planned_column(const struct mapping *mapping, unsigned column)
{
	for (unsigned k = 0; k < mapping->ncolumns; k++)
		if (mapping->columns[k].column == column)
			return &mapping->columns[k];
	return NULL;
}

const char *planned_type(const struct plan *plan, unsigned i)
{
	return plan->format->type_name(plan->prepared, i);
}

const char *planned_mask(const struct mapping *mapping, unsigned column)
{
	return mapping->shown.masks ? mapping->shown.masks[column] : "";
}

bool planned_is_untyped(const struct out_field *field)
{
	return field->source == FIELD_FUNCTION && !field->typed;
}

void planned_put_collision(const struct planned *planned, struct buf *out)
{
	buf_printf(out,
		   "the topic \"%.*s\" collides with \"%.*s\", which exists: Kafka does not "
		   "distinguish \".\" and \"_\" in topic names. Give the topic another name with a "
		   "rule of topic",
		   SLICE_FMT(planned->plan->mapping.topic), SLICE_FMT(planned->collides));
}
