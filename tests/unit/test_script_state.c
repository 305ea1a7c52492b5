/* The sandbox: available and missing functions, budgets, errors with file and line, modules. */
#include "unit/script_fixture.h"

static struct fixture f;

static int setup(void **state)
{
	(void)state;
	fixture_init(&f);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_fini(&f);
	return 0;
}

static void libraries(void **state)
{
	(void)state;
	assert_runs(&f, "assert(string.format('%d', 3) == '3' and table.concat{1,2} == '12' and "
			"math.type(1) and utf8.char(65))\n"
			"assert(coroutine.wrap(function() return 5 end)() == 5)\n"
			"assert(os.time() > 0 and os.clock() and os.date('%Y'))\n"
			"assert(os.execute == nil and os.exit == nil and os.getenv == nil and "
			"os.remove == nil)\n"
			"assert(string.dump == nil and rawget(_G, 'load') == nil and rawget(_G, "
			"'debug') == nil)\n"
			"assert(require 'string' == string and require('os').execute == nil)\n");
	assert_fails(&f, "io.open('/etc/passwd')", "sync.lua:1: global 'io' is not defined");
	assert_fails(&f, "\nos.execute('true')",
		     "sync.lua:2: attempt to call a nil value (field 'execute')");
	assert_fails(&f, "load('return 1')", "sync.lua:1: global 'load' is not defined");
	assert_fails(&f, "loadfile('x')", "sync.lua:1: global 'loadfile' is not defined");
	assert_fails(&f, "dofile('x')", "sync.lua:1: global 'dofile' is not defined");
	assert_fails(&f, "collectgarbage('stop')",
		     "sync.lua:1: global 'collectgarbage' is not defined");
	assert_fails(&f, "print(debug)", "sync.lua:1: global 'debug' is not defined");
	assert_fails(&f, "print(package)", "sync.lua:1: global 'package' is not defined");
}

static void globals_are_strict(void **state)
{
	(void)state;
	assert_fails(&f, "local x = strin.format('a')",
		     "sync.lua:1: global 'strin' is not defined; did you mean 'string'?");
	assert_fails(&f, "counter = 1\nfor i = 1, 2 do counter = conter + 1 end",
		     "sync.lua:2: global 'conter' is not defined; did you mean 'counter'?");
	assert_runs(&f, "x = 1 x = x + 1 assert(x == 2) y = nil");
	assert_fails_with(&f, "setmetatable(_G, nil)", "protected metatable");
	assert_fails_with(&f, "getmetatable('').__index = nil", "attempt to index a boolean");
	assert_fails(&f, "setmetatable({}, { __gc = function() end })",
		     "sync.lua:1: setmetatable: __gc is not available in a script");
}

static void binary_chunks_are_refused(void **state)
{
	(void)state;
	struct script_options options = fixture_options(&f);
	options.exec = true;
	fixture_load(&f, "\x1bLua rest", &options);
	assert_null(f.script);
	assert_string_equal(f.err.text, "attempt to load a binary chunk (mode is 't')");
}

static void first_line_may_be_a_shebang(void **state)
{
	(void)state;
	assert_fails(&f, "#!/usr/bin/env tideway\nerror('here')", "sync.lua:2: here");
}

static void syntax_errors(void **state)
{
	(void)state;
	assert_fails(&f, "\nlocal x = = 1", "sync.lua:2: unexpected symbol near '='");
	assert_int_equal(f.err.code, ERR_SCRIPT);
}

static void memory_is_capped(void **state)
{
	(void)state;
	assert_fails(&f, "local s = string.rep('x', 1 << 30)",
		     "sync.lua: not enough memory: the Lua heap is limited to 67108864 bytes "
		     "(limits.memory)");
	assert_fails_with(&f, "local t = {} for i = 1, 1e9 do t[i] = {} end", "not enough memory");
	assert_runs(&f, "local ok = pcall(string.rep, 'x', 1 << 30) assert(not ok)\nlocal t = "
			"string.rep('x', 1000)");
	assert_true(script_memory(f.script) > 10000);
	assert_true(script_memory(f.script) < 4 << 20);
}

static void recursion_is_an_error(void **state)
{
	(void)state;
	assert_fails_with(&f, "local function r(n) return 1 + r(n + 1) end r(1)", "stack overflow");
	assert_fails_with(&f,
			  "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) "
			  "return t[k] end\n"
			  "local x = t.a",
			  "overflow");
	assert_fails_with(&f,
			  "local s = string.rep('(', 300) .. 'a' .. string.rep(')', 300)\n"
			  "string.find('a', s)",
			  "too many captures");
}

static bool with_budget(const char *text)
{
	struct script_options options = fixture_options(&f);
	options.instruction_limit = 100000;
	fixture_load(&f, text, &options);
	return f.script != NULL;
}

static void assert_exhausted(const char *text)
{
	assert_false(with_budget(text));
	if (strstr(f.err.text, "stopped after 1000000 instructions") == NULL)
		fail_msg("%s", f.err.text);
	assert_memory_equal(f.err.text, "sync.lua:", 9);
}

static void endless_loops_are_stopped(void **state)
{
	(void)state;
	assert_exhausted("while true do end");
	assert_exhausted("pcall(function() while true do end end)");
	assert_exhausted("while true do pcall(function() while true do end end) end");
	assert_exhausted("local function f() while true do end end while true do pcall(pcall, "
			 "pcall, f) end");
	assert_exhausted("while true do xpcall(function() while true do end end, function(m) "
			 "return m end) end");
	assert_exhausted("coroutine.wrap(function() while true do pcall(function() while true do "
			 "end end) end end)()");
	assert_exhausted("local co = coroutine.create(function() while true do end end) while true "
			 "do coroutine.resume(co) end");
	assert_exhausted("setmetatable({}, {__index = function() while true do end end}).x()");
	assert_exhausted(
		"local t <close> = setmetatable({}, {__close = function() while true do end end})");
	assert_exhausted("return pcall(function() while true do end end)");
}

static void modules(void **state)
{
	(void)state;
	char sub[96];
	fixture_write(f.folder, "rules.lua",
		      "local m = {}\nfunction m.two() return 2 end\nreturn m\n");
	fixture_write(f.folder, "broken.lua", "local m = {}\n\nerror('no')\n");
	fixture_write(f.folder, "round.lua", "require 'square'\n");
	fixture_write(f.folder, "square.lua", "require 'round'\n");
	snprintf(sub, sizeof(sub), "%s/lib", f.folder);
	assert_int_equal(mkdir(sub, 0700), 0);
	fixture_write(sub, "a.lua", "return { name = ... }\n");
	fixture_write(sub, "init.lua", "return 'the folder'\n");
	assert_runs(&f,
		    "assert(require('rules').two() == 2 and require 'rules' == require 'rules')\n"
		    "assert(require('lib.a').name == 'lib.a' and require 'lib' == 'the folder')\n");
	assert_fails(&f, "require 'broken'", "broken.lua:3: no");
	assert_fails_with(&f, "require 'round'",
			  "modules require each other in a circle: 'round' is still being loaded");
	assert_fails_with(&f, "require 'ruels'", "sync.lua:1: module 'ruels' not found: no ");
	assert_fails(
		&f, "require 'tideway.kafak'",
		"sync.lua:1: there is no module 'tideway.kafak'; did you mean 'tideway.kafka'?");
	assert_fails_with(&f, "require '../secret'", "is not a module name");
	assert_fails_with(&f, "require '..secret'", "is not a module name");
	assert_fails_with(&f, "require '/etc/passwd'", "is not a module name");
	assert_fails(
		&f, "require 'tideway.metrcs'",
		"sync.lua:1: there is no module 'tideway.metrcs'; did you mean 'tideway.metrics'?");
	assert_fails(&f, "require 'tideway.cbase'",
		     "sync.lua:1: module 'tideway.cbase' is internal to the standard library");
}

static void errors_have_a_place(void **state)
{
	(void)state;
	assert_fails(&f, "\nerror('plain')", "sync.lua:2: plain");
	assert_fails(&f, "\nerror('bare', 0)", "sync.lua:2: bare");
	assert_fails(&f, "error({})", "sync.lua:1: error(table)");
	assert_fails(&f, "error(setmetatable({}, {__tostring = function() return 'mine' end}))",
		     "sync.lua:1: mine");
	assert_fails(&f, "error()", "sync.lua:1: error(nil)");
	assert_fails(&f, "local t\nt.x = 1",
		     "sync.lua:2: attempt to index a nil value (local 't')");
}

static void no_sync(void **state)
{
	(void)state;
	struct script_options options = fixture_options(&f);
	fixture_load(&f, "local x = 1", &options);
	assert_null(f.script);
	assert_memory_equal(f.err.text, "sync.lua: no sync.run call", 26);
	options.path = "/nowhere/sync.lua";
	f.script = script_new(&options, &f.err);
	assert_null(f.script);
	assert_int_equal(f.err.code, ERR_SCRIPT);
	assert_non_null(strstr(f.err.text, "/nowhere/sync.lua"));
}

static void options_for_the_docs(void **state)
{
	(void)state;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	assert_int_equal(script_reference_print(out, &f.err), 0);
	fclose(out);
	assert_non_null(strstr(text, "## source.mysql\n"));
	assert_non_null(strstr(text, "| `port` | integer | `3306` | 1 to 65535 | TCP port. |\n"));
	free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(libraries),
		TEST(globals_are_strict),
		TEST(binary_chunks_are_refused),
		TEST(first_line_may_be_a_shebang),
		TEST(syntax_errors),
		TEST(memory_is_capped),
		TEST(recursion_is_an_error),
		TEST(endless_loops_are_stopped),
		TEST(modules),
		TEST(errors_have_a_place),
		TEST(no_sync),
		TEST(options_for_the_docs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
