/* Which entry of the list of errors a mistake in a script gets. */
#include "script_fixture.h"

struct mistake {
	const char *options; /* of sync.run, beside name, source and sink */
	enum err_id id;
};

static const struct mistake mistakes[] = {
	{"nmae = 'x'", E_OPTION_UNKNOWN},
	{"key_format = 7", E_OPTION_TYPE},
	{"mode = 'copy'", E_OPTION_VALUE},
	{"transactions = true", E_NOT_IN_VERSION},
	{"admin = { token = 'x' }", E_OPTION_VALUE},
	{"admin = { port = 1 }", E_OPTION_UNKNOWN},
	{"admin = true", E_OPTION_TYPE},
	{"every = { function() end }", E_OPTION_MISSING},
	{"filter = { ['a'] = function() end }", E_TABLE_PATTERN},
	{"filter = { ['a.{b'] = function() end }", E_TABLE_PATTERN},
	{"update = { ['a.b'] = 'one', ['`a`.b'] = 'two' }", E_TABLES_OVERLAP},
	{"topic = { { tables = 'a.*' } }", E_TOPIC_RULE},
	{"topic = { { prefix = 'a', regex = 'b', to = 'c' } }", E_TOPIC_RULE},
	{"topic = { { regex = '(', to = 'c' } }", E_REGEX},
	{"topic = { { prefix = 'a', to = 'c d' } }", E_TOPIC_NAME},
	{"topic = { template = '${database}' }", E_VARIABLE},
	{"columns = { ['a.b'] = { drop = 'x', keep = 'y' } }", E_COLUMNS},
	{"columns = { ['a.b'] = { dorp = 'x' } }", E_OPTION_UNKNOWN},
	{"columns = { ['a.b'] = { mask = { x = mask.const } } }", E_MASK},
	{"columns = { ['a.b'] = { mask = { x = mask.email() } } }", E_MASK},
	{"columns = { ['a.b'] = { mask = { x = mask.last(-1) } } }", E_MASK},
	{"fields = { x = {} }", E_FIELD},
	{"fields = { x = field.decimal(99, 1) }", E_FIELD},
	{"fields = { x = field.long(nil) }", E_FIELD},
	{"key = { ['a.b'] = { 'x', 'x' } }", E_KEY},
	{"on_change = nonsense", E_GLOBAL_UNDEFINED},
	{"on_change = error('oh')", E_SCRIPT},
};

static void load(struct fixture *f, const char *name, const char *options)
{
	char text[1000];
	struct script_options script;
	snprintf(text, sizeof(text),
		 "local sync, source, kafka, mask, field = require 'tideway.sync', require "
		 "'tideway.source', "
		 "require 'tideway.kafka', require 'tideway.mask', require 'tideway.field'\n"
		 "sync.run { name = '%s', source = source.mysql { user = 'u', tables = 'a.*' }, "
		 "sink = kafka.sink { brokers = 'k:9092' }, %s }\n",
		 name, options);
	fixture_init(f);
	script = fixture_options(f);
	fixture_load(f, text, &script);
}

static void each_mistake_has_its_code(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		const struct mistake *mistake = &mistakes[i];
		struct fixture f;
		load(&f, "s", mistake->options);
		if (f.script)
			fail_msg("%s: is accepted", mistake->options);
		if (f.err.id != mistake->id)
			fail_msg("%s: E-%d instead of E-%d: %s", mistake->options, (int)f.err.id,
				 (int)mistake->id, f.err.text);
		assert_int_equal(f.err.code, ERR_SCRIPT);
		assert_non_null(strstr(f.err.text, "sync.lua:"));
		fixture_fini(&f);
	}
}

static void a_name_has_a_code(void **state)
{
	struct fixture f;
	(void)state;
	load(&f, "a b", "");
	assert_int_equal(f.err.id, E_SYNC_NAME);
	fixture_fini(&f);
}

/* What a function outside the lanes raises is not an error of loading the script. */
static void callbacks_have_codes(void **state)
{
	const struct script_callback start = {.kind = CALLBACK_START};
	struct fixture f;
	(void)state;
	load(&f, "s", "on_start = function() error('oh') end");
	assert_non_null(f.script);
	assert_int_equal(script_call(f.script, 0, &start, &f.err), -1);
	assert_int_equal(f.err.id, E_CALLBACK);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mistake_has_its_code),
		cmocka_unit_test(a_name_has_a_code),
		cmocka_unit_test(callbacks_have_codes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
