#include "engine/lane/headers.h"

#include "base/num.h"

#include <assert.h>

/* Return the value as the text of a header. It is a text or a number. */
static struct slice header_text(const struct value *value, struct arena *arena)
{
	char digits[NUM_FLOAT_MAX];
	size_t n = 0;
	switch (value->kind) {
	case VALUE_TEXT:
	case VALUE_DECIMAL:
		return value->text;
	case VALUE_I64:
		n = num_i64(digits, value->i);
		break;
	case VALUE_U64:
		n = num_u64(digits, value->u);
		break;
	case VALUE_F64:
		n = num_f64(digits, value->f);
		break;
	default:
		assert(false); /* the script refuses it */
	}
	return arena_copy(arena, slice_of(digits, n));
}

void headers_fill(const struct mapping *mapping, const struct field_context *context,
		  struct arena *arena, struct format_image *out)
{
	struct header *headers = ARENA_ARRAY(arena, mapping->nheaders, struct header);
	unsigned n = 0;
	for (unsigned i = 0; i < mapping->nheaders; i++) {
		const struct out_field *header = &mapping->headers[i];
		struct value value = field_value(header, context, arena);
		if (value.kind != VALUE_NULL)
			headers[n++] = (struct header){header->name, header_text(&value, arena)};
	}
	out->headers = headers;
	out->nheaders = n;
}
