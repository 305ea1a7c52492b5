/* Calls of the script's functions outside of the lanes. */
#include "script_fixture.h"

#include "base/clock.h"
#include "model/alert.h"

static void load(struct fixture *f, const char *options)
{
	char text[2000];
	struct script_options script;
	snprintf(text, sizeof(text),
		 "local sync, source, kafka = require 'tideway.sync', require 'tideway.source', "
		 "require 'tideway.kafka'\n"
		 "calls = {}\n"
		 "sync.run { name = 's', source = source.mysql { user = 'u', tables = 'a.b' }, "
		 "sink = kafka.sink { brokers = 'k:9092' },\n"
		 "%s }\n",
		 options);
	fixture_init(f);
	script = fixture_options(f);
	fixture_load(f, text, &script);
	if (f->script == NULL)
		fail_msg("%s", f->err.text);
}

static int call(struct fixture *f, struct script_callback callback)
{
	f->err = (struct err)ERR_INIT;
	return script_call(f->script, 0, &callback, &f->err);
}

/* The configuration lists the functions to call. */
static void the_configuration_lists_them(void **state)
{
	const struct callbacks_config *callbacks;
	struct fixture f;
	(void)state;
	load(&f, "on_stop = function() end, "
		 "every = { { seconds = 2, function() end }, { seconds = 0.5, function() end } }");
	callbacks = &script_config(f.script, 0)->callbacks;
	assert_false(callbacks->on_start);
	assert_true(callbacks->on_stop);
	assert_int_equal(callbacks->ntimers, 2);
	assert_true(callbacks->timers[0] == 2 && callbacks->timers[1] == 0.5);
	fixture_fini(&f);
}

/* The functions share the state of the script, and receive the engine's arguments. */
static void they_are_called(void **state)
{
	struct fixture f;
	(void)state;
	load(&f, "on_start = function() calls[#calls + 1] = 'start' end,\n"
		 "every = { { seconds = 1, function() calls[#calls + 1] = 'first' end },\n"
		 "  { seconds = 1, function() calls[#calls + 1] = 'second' end } },\n"
		 "on_stop = function(reason, message)\n"
		 "  error(table.concat(calls, ' ') .. ', ' .. reason .. ', ' .. tostring(message)) "
		 "end");
	assert_int_equal(call(&f, (struct script_callback){.kind = CALLBACK_START}), 0);
	assert_int_equal(call(&f, (struct script_callback){.kind = CALLBACK_TIMER, .timer = 1}), 0);
	assert_int_equal(call(&f, (struct script_callback){.kind = CALLBACK_TIMER, .timer = 0}), 0);
	assert_int_equal(call(&f, (struct script_callback){.kind = CALLBACK_STOP,
							   .reason = "failed",
							   .message = "gone"}),
			 -1);
	assert_int_equal(f.err.code, ERR_SCRIPT);
	assert_string_equal(f.err.text, "sync.lua:8: start second first, failed, gone");
	assert_int_equal(
		call(&f, (struct script_callback){.kind = CALLBACK_STOP, .reason = "stopped"}), -1);
	assert_non_null(strstr(f.err.text, "first, stopped, nil"));
	fixture_fini(&f);
}

/* on_alert gets a table; what an alert does not have is nil. */
static void an_alert_is_a_table(void **state)
{
	struct alert alert = {.kind = ALERT_KAFKA_AWAY,
			      .sync = "s",
			      .time_ms = 1700000000123,
			      .since_ms = 1700000000000,
			      .text = "Kafka k:9092: no broker"};
	struct fixture f;
	(void)state;
	load(&f, "on_alert = function(a) error(('%s %s %s %s %s %s %s %d %d'):format(a.sync, "
		 "a.kind, a.severity, a.resolved, a.text, a.code, a.table, a.time, a.since)) end");
	assert_true(script_config(f.script, 0)->callbacks.on_alert);
	assert_int_equal(
		call(&f, (struct script_callback){.kind = CALLBACK_ALERT, .alert = &alert}), -1);
	assert_string_equal(f.err.text, "sync.lua:4: s kafka_away warning false Kafka k:9092: no "
					"broker nil nil 1700000000123 1700000000000");
	alert.kind = ALERT_FAILED;
	alert.is_resolved = true;
	alert.code = E_CONNECT;
	snprintf(alert.table, sizeof(alert.table), "a.b");
	assert_int_equal(
		call(&f, (struct script_callback){.kind = CALLBACK_ALERT, .alert = &alert}), -1);
	assert_non_null(
		strstr(f.err.text, "s failed critical true Kafka k:9092: no broker E-301 a.b "));
	fixture_fini(&f);
}

/* A call that does not end is stopped after five seconds, whatever pcall catches; the next one works. */
static void a_call_is_limited_in_time(void **state)
{
	int64_t begun_ms = clock_mono_ms(), took_ms;
	struct fixture f;
	(void)state;
	load(&f, "every = { { seconds = 1, function() while true do pcall(function()\n"
		 "  while true do end end) end end },\n"
		 "  { seconds = 1, function() calls = { 'fine' } end } }");
	assert_int_equal(call(&f, (struct script_callback){.kind = CALLBACK_TIMER}), -1);
	took_ms = clock_mono_ms() - begun_ms;
	assert_int_equal(f.err.id, E_CALLBACK_TIME);
	assert_true(took_ms >= 5000 && took_ms < 30000);
	assert_string_equal(f.err.text, "sync.lua:5: stopped after 5 s in one call: an endless "
					"loop, or work that takes too long");
	assert_int_equal(call(&f, (struct script_callback){.kind = CALLBACK_TIMER, .timer = 1}), 0);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_configuration_lists_them),
		cmocka_unit_test(they_are_called),
		cmocka_unit_test(an_alert_is_a_table),
		cmocka_unit_test(a_call_is_limited_in_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
