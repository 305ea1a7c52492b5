/* headers: the headers of the messages of a row, as the script's option `headers` has them.
 * Thread: the lane. Owner: texts are in the lane's event arena, in the plan, or of the script. */
#ifndef TIDEWAY_HEADERS_H
#define TIDEWAY_HEADERS_H

#include "engine/lane/fields.h"

/* Set the headers of the messages of one image. A header whose value is NULL is left out. */
void headers_fill(const struct mapping *mapping, const struct field_context *context,
		  struct arena *arena, struct format_image *out);

#endif
