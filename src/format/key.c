#include "format/key.h"

#include "format/json.h"

#include <inttypes.h>

void key_put_results(const struct format_key *key, bool json, struct buf *out)
{
	bool array = json && key->is_list;
	for (unsigned k = 0; k < key->nresults; k++) {
		if (k > 0)
			buf_char(out, ',');
		else if (array)
			buf_char(out, '[');
		if (array)
			json_value(out, &key->results[k]);
		else
			json_bare(out, &key->results[k]);
	}
	if (array)
		buf_char(out, ']');
}

void key_put_row_hash(const struct format_key *key, unsigned n, struct buf *out)
{
	size_t begin = out->len;
	uint64_t hash;
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			buf_char(out, ',');
		json_value(out, &key->values[i]);
	}
	hash = slice_hash(slice_of(out->ptr + begin, out->len - begin));
	out->len = begin;
	buf_printf(out, "%016" PRIx64, hash);
}
