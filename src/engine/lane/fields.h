/* fields: additional fields of a record: constants, variables, templates, results of functions.
 * Thread: the lane. Owner: texts are in the lane's event arena. */
#ifndef TIDEWAY_FIELDS_H
#define TIDEWAY_FIELDS_H

#include "engine/lane/plan.h"

/* The values of variables. */
struct field_context {
	int64_t execute_ms;        /* commit time; full sync: its start */
	int64_t update_ms;         /* time of processing */
	struct slice topic;        /* of this record */
	const struct value *slots; /* results of the functions; NULL when the mapping has none */
};

/* Return the value of one field, before it is converted to a declared type. */
struct value field_value(const struct out_field *field, const struct field_context *context,
			 struct arena *arena);
/* Fill values[mapping.ncolumns ...] of an image. Fail with ERR_DATA and the field's name if the
 * value of a function does not fit the declared type, or has another type than the values before
 * it. */
int fields_fill(struct plan *plan, struct image *image, const struct field_context *context,
		struct arena *arena, struct err *err) MUST_CHECK;

#endif
