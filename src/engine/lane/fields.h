/* fields: additional fields of a record: constants, variables, templates, results of functions.
 * Thread: the lane. Owner: texts live in the lane's event arena. */
#ifndef TIDEWAY_FIELDS_H
#define TIDEWAY_FIELDS_H

#include "engine/lane/plan.h"

/* What variables need. */
struct field_context {
	int64_t execute_ms;        /* commit time; full sync: its start */
	int64_t update_ms;         /* time of processing */
	struct slice topic;        /* of this record */
	const struct value *slots; /* results of the functions; NULL when the mapping has none */
};

/* Fills values[mapping.ncolumns ...] of an image. A function's value that does not fit its declared type, or is
 * of another type than before, is ERR_DATA with the field's name. */
int fields_fill(struct plan *plan, struct image *image, const struct field_context *context,
		struct arena *arena, struct err *err) MUST_CHECK;

#endif
