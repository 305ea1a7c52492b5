#include "unit.h"

#include "engine/lane/fields.h"

static struct err err;

/* Fills the only field of a plan without columns. */
static int fill(const struct out_field *field, enum transport transport,
		const struct field_context *context, struct arena *arena, struct value *value)
{
	bool typed = true;
	struct plan plan = {.mapping = {.nfields = 1, .fields = field},
			    .field_types = &transport,
			    .typed = &typed};
	struct image image = {.values = value};
	err = (struct err)ERR_INIT;
	return fields_fill(&plan, &image, context, arena, &err);
}

/* Returns whether a function's result can be written as the declared type. Converts the value to it. */
static bool convert(struct value *value, enum transport transport, int scale, struct arena *arena)
{
	const struct out_field field = {.name = SLICE("f"),
					.source = FIELD_FUNCTION,
					.typed = true,
					.transport = transport,
					.scale = scale,
					.where = "f.lua:1"};
	const struct value result = *value;
	const struct field_context context = {.slots = &result};
	if (fill(&field, transport, &context, arena, value) == 0)
		return true;
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.text, "field 'f'"));
	return false;
}

static struct slice expand(struct slice template, const struct field_context *context,
			   struct arena *arena)
{
	const struct out_field field = {.source = FIELD_TEMPLATE, .template = template};
	struct value value;
	assert_int_equal(fill(&field, TRANSPORT_STRING, context, arena, &value), 0);
	assert_int_equal(value.kind, VALUE_TEXT);
	return value.text;
}

static void declared_types_are_kept(void **state)
{
	(void)state;
	struct arena arena;
	struct value value = {.kind = VALUE_F64, .f = 2.675};
	arena_init(&arena, 0);
	assert_true(convert(&value, TRANSPORT_DOUBLE, 2, &arena));
	assert_int_equal(value.kind, VALUE_DECIMAL);
	assert_slice(value.text, "2.68");
	value = (struct value){.kind = VALUE_I64, .i = 5};
	assert_true(convert(&value, TRANSPORT_DATE, -1, &arena));
	assert_int_equal(value.kind, VALUE_MS);
	value = (struct value){.kind = VALUE_TEXT, .text = SLICE("x")};
	assert_false(convert(&value, TRANSPORT_LONG, -1, &arena));
	assert_false(convert(&value, TRANSPORT_DOUBLE, 2, &arena));
	assert_true(convert(&value, TRANSPORT_BYTES, -1, &arena));
	assert_int_equal(value.kind, VALUE_BYTES);
	value = (struct value){.kind = VALUE_NULL};
	assert_true(convert(&value, TRANSPORT_LONG, -1, &arena));
	arena_fini(&arena);
}

/* All results of a function without a declared type have one type, and none is nil. */
static void undeclared_types_are_kept(void **state)
{
	(void)state;
	const struct out_field field = {
		.name = SLICE("f"), .source = FIELD_FUNCTION, .scale = -1, .where = "f.lua:1"};
	const struct value number = {.kind = VALUE_F64, .f = 1}, integer = {.kind = VALUE_I64},
			   null = {.kind = VALUE_NULL};
	struct field_context context = {.slots = &number};
	struct value value;
	struct arena arena;
	arena_init(&arena, 0);
	assert_int_equal(fill(&field, TRANSPORT_DOUBLE, &context, &arena, &value), 0);
	assert_int_equal(fill(&field, TRANSPORT_LONG, &context, &arena, &value), -1);
	assert_non_null(
		strstr(err.text,
		       "f.lua:1: field 'f': the function returned DOUBLE where LONG is expected"));
	context.slots = &integer;
	assert_int_equal(fill(&field, TRANSPORT_DOUBLE, &context, &arena, &value), -1);
	context.slots = &null;
	assert_int_equal(fill(&field, TRANSPORT_DOUBLE, &context, &arena, &value), -1);
	assert_non_null(strstr(err.text, "the function returned nil"));
	arena_fini(&arena);
}

static void templates_are_expanded(void **state)
{
	(void)state;
	struct arena arena;
	const struct field_context context = {
		.execute_ms = 1, .update_ms = 22, .topic = SLICE("orders")};
	arena_init(&arena, 0);
	assert_slice(expand(SLICE("a-${EXECUTE_TIME}-${UPDATE_TIME}.${TABLE_NAME_DEST}$"), &context,
			    &arena),
		     "a-1-22.orders$");
	assert_slice(expand(SLICE(""), &context, &arena), "");
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(declared_types_are_kept),
		cmocka_unit_test(undeclared_types_are_kept),
		cmocka_unit_test(templates_are_expanded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
