#include "format/json.h"

#include "base/num.h"

/* Everything whose JSON form has no quotes; false: text or bytes. */
static bool put_unquoted(struct buf *out, const struct value *value)
{
	switch (value->kind) {
	case VALUE_UNSET:
	case VALUE_NULL:
		buf_put(out, SLICE("null"));
		return true;
	case VALUE_BOOL:
		buf_put(out, value->i ? SLICE("true") : SLICE("false"));
		return true;
	case VALUE_I64:
	case VALUE_MS:
		json_i64(out, value->i);
		return true;
	case VALUE_U64:
		json_u64(out, value->u);
		return true;
	case VALUE_F32:
		out->len += num_f32(buf_reserve(out, NUM_FLOAT_MAX), (float)value->f);
		return true;
	case VALUE_F64:
		out->len += num_f64(buf_reserve(out, NUM_FLOAT_MAX), value->f);
		return true;
	case VALUE_DECIMAL:
		buf_put(out, value->text);
		return true;
	case VALUE_TEXT:
	case VALUE_BYTES:
		break;
	}
	return false;
}

void json_value(struct buf *out, const struct value *value)
{
	if (put_unquoted(out, value))
		return;
	if (value->kind == VALUE_TEXT)
		json_string(out, value->text);
	else
		json_base64(out, value->text);
}

void json_bare(struct buf *out, const struct value *value)
{
	if (put_unquoted(out, value))
		return;
	if (value->kind == VALUE_TEXT)
		buf_put(out, value->text);
	else
		json_base64_bare(out, value->text);
}
