#include "engine/lane/headers.h"

#include <assert.h>

/* Return the value as the text of a header. It is a text or a number. */
static struct slice header_text(const struct value *value, struct arena *arena)
{
	struct slice text = value->text;
	bool is_text = value->kind == VALUE_TEXT || value_number_text(value, arena, &text);
	assert(is_text); /* the script refuses another kind */
	(void)is_text;
	return text;
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
