#include "engine/lane/fields.h"

#include "base/decimal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum {
	FRACTION_DIGITS = 60
}; /* of a number that is written without an exponent, before it is rounded */

static struct slice expand(struct slice template, const struct field_context *context,
			   struct arena *arena)
{
	struct buf out;
	struct slice text;
	buf_init(&out);
	while (template.len > 0) {
		static const struct slice EXECUTE = {"${EXECUTE_TIME}", 15},
					  UPDATE = {"${UPDATE_TIME}", 14},
					  TOPIC = {"${TABLE_NAME_DEST}", 18};
		size_t used = 1;
		if (slice_starts(template, EXECUTE)) {
			buf_printf(&out, "%" PRId64, context->execute_ms);
			used = EXECUTE.len;
		} else if (slice_starts(template, UPDATE)) {
			buf_printf(&out, "%" PRId64, context->update_ms);
			used = UPDATE.len;
		} else if (slice_starts(template, TOPIC)) {
			buf_put(&out, context->topic);
			used = TOPIC.len;
		} else {
			buf_char(&out, template.ptr[0]);
		}
		template = slice_of(template.ptr + used, template.len - used);
	}
	text = arena_copy(arena, buf_slice(&out));
	buf_fini(&out);
	return text;
}

/* Write a number of any kind as a decimal literal. */
static bool decimal_text(const struct value *value, struct arena *arena, struct slice *text)
{
	if (value->kind == VALUE_F32)
		return false; /* no function returns one */
	if (value->kind == VALUE_F64 && !isfinite(value->f))
		return false;
	if (!value_number_text(value, arena, text))
		return false;
	if (value->kind == VALUE_F64 && memchr(text->ptr, 'e', text->len))
		*text = arena_printf(arena, "%.*f", FRACTION_DIGITS, value->f);
	return true;
}

static bool round_text(struct slice text, unsigned scale, struct arena *arena, struct slice *out)
{
	char *at = arena_alloc(arena, decimal_round_size(text.len, scale));
	*out = slice_of(at, decimal_round(text, scale, at));
	return out->len > 0;
}

static enum transport value_transport(const struct value *value)
{
	switch (value->kind) {
	case VALUE_BOOL:
		return TRANSPORT_BOOLEAN;
	case VALUE_I64:
	case VALUE_U64:
		return TRANSPORT_LONG;
	case VALUE_F32:
	case VALUE_F64:
	case VALUE_DECIMAL:
		return TRANSPORT_DOUBLE;
	case VALUE_MS:
		return TRANSPORT_DATE;
	case VALUE_BYTES:
		return TRANSPORT_BYTES;
	default:
		return TRANSPORT_STRING;
	}
}

/* Convert the result of a function to the declared transport type. Return false if it does not
 * fit. */
static bool convert(struct value *value, enum transport transport, int scale, struct arena *arena)
{
	struct slice text;
	if (value->kind == VALUE_NULL)
		return true;
	switch (transport) {
	case TRANSPORT_DOUBLE:
		if (scale < 0)
			return value_transport(value) == TRANSPORT_DOUBLE ||
			       value_transport(value) == TRANSPORT_LONG;
		if (!decimal_text(value, arena, &text) ||
		    !round_text(text, (unsigned)scale, arena, &value->text))
			return false;
		value->kind = VALUE_DECIMAL;
		return true;
	case TRANSPORT_DATE:
		if (value->kind == VALUE_I64)
			value->kind = VALUE_MS;
		return value->kind == VALUE_MS;
	case TRANSPORT_BYTES:
		if (value->kind == VALUE_TEXT)
			value->kind = VALUE_BYTES;
		return value->kind == VALUE_BYTES;
	default:
		return value_transport(value) == transport;
	}
}

static const char *remedy_of(const struct out_field *field)
{
	if (!field->typed)
		return "Return one type, or declare it with field.long(...), field.string(...) and "
		       "the like";
	switch (field->transport) {
	case TRANSPORT_LONG:
	case TRANSPORT_DATE:
		return "Convert it, as with math.tointeger(value)";
	case TRANSPORT_DOUBLE:
		return "Convert it, as with tonumber(value)";
	case TRANSPORT_BOOLEAN:
		return "Return true or false";
	default:
		return "Convert it, as with tostring(value)";
	}
}

/* The place of a field in the script is that of its function. */
static int refuse_type(const struct out_field *field, const struct value *value,
		       enum transport expected, struct err *err)
{
	const char *is = value->kind == VALUE_NULL ? "nil" : transport_name(value_transport(value));
	return err_set(err, E_FIELD_RESULT,
		       "%s: field '%.*s': the function returned %s where %s is %s. %s",
		       field->where, SLICE_FMT(field->name), is, transport_name(expected),
		       field->typed ? "declared" : "expected", remedy_of(field));
}

static int refuse_nil(const struct out_field *field, struct err *err)
{
	return err_set(err, E_FIELD_RESULT,
		       "%s: field '%.*s': the function returned nil, and the field has no declared "
		       "type. Declare it, as with field.string(function(change) ... end)",
		       field->where, SLICE_FMT(field->name));
}

/* Check the result of a function without a declared type: all of its results have the same type, whichever comes first. */
static int undeclared_value(struct plan *plan, unsigned i, const struct value *value,
			    struct err *err)
{
	const struct out_field *field = &plan->mapping.fields[i];
	enum transport is = value_transport(value);
	if (value->kind == VALUE_NULL)
		return refuse_nil(field, err);
	if (!plan->typed[i])
		plan_set_field_type(plan, i, is);
	return is == plan->field_types[i] ? 0
					  : refuse_type(field, value, plan->field_types[i], err);
}

static int function_value(struct plan *plan, unsigned i, struct value *value, struct arena *arena,
			  struct err *err)
{
	const struct out_field *field = &plan->mapping.fields[i];
	if (!field->typed)
		return undeclared_value(plan, i, value, err);
	if (convert(value, field->transport, field->scale, arena))
		return 0;
	return refuse_type(field, value, field->transport, err);
}

struct value field_value(const struct out_field *field, const struct field_context *context,
			 struct arena *arena)
{
	switch (field->source) {
	case FIELD_CONSTANT:
		return field->value;
	case FIELD_EXECUTE_TIME:
		return (struct value){.kind = VALUE_I64, .i = context->execute_ms};
	case FIELD_UPDATE_TIME:
		return (struct value){.kind = VALUE_I64, .i = context->update_ms};
	case FIELD_TOPIC:
		return (struct value){.kind = VALUE_TEXT, .text = context->topic};
	case FIELD_TEMPLATE:
		return (struct value){.kind = VALUE_TEXT,
				      .text = expand(field->template, context, arena)};
	case FIELD_FUNCTION:
		break;
	}
	return context->slots[field->slot];
}

int fields_fill(struct plan *plan, struct image *image, const struct field_context *context,
		struct arena *arena, struct err *err)
{
	struct value *values = image->values + plan->mapping.ncolumns;
	for (unsigned i = 0; i < plan->mapping.nfields; i++) {
		const struct out_field *field = &plan->mapping.fields[i];
		values[i] = field_value(field, context, arena);
		if (field->source == FIELD_FUNCTION &&
		    function_value(plan, i, &values[i], arena, err) < 0)
			return -1;
	}
	return 0;
}
