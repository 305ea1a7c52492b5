/* The endpoints of a process, without HTTP. */
#include "script_fixture.h"

#include "base/log.h"
#include "control/admin_routes.h"

struct served {
	struct fixture f;
	struct script_options script;
	struct watched_sync sync;
	struct watched_process process;
	struct admin_reply reply;
};

static void begin(struct served *served)
{
	struct supervisor_options options = {.script = &served->script};
	memset(served, 0, sizeof(*served));
	fixture_init(&served->f);
	fixture_write(
		served->f.folder, "sync.lua",
		"local sync, source, kafka = require 'tideway.sync', require "
		"'tideway.source', require 'tideway.kafka'\n"
		"sync.run { name = 'shop', source = source.mysql { host = '127.0.0.1', port = 1, "
		"user = 'u', tables = 'a.b' }, sink = kafka.lines { file = 'out' } }\n");
	served->script = fixture_options(&served->f);
	served->sync.supervisor = supervisor_new(&options, &served->f.err);
	if (served->sync.supervisor == NULL)
		fail_msg("%s", served->f.err.text);
	served->sync.journal = sync_journal_new(supervisor_events(served->sync.supervisor));
	served->process = (struct watched_process){"/etc/sync.lua", 1000, &served->sync, 1};
	buf_init(&served->reply.body);
}

static void end(struct served *served)
{
	buf_fini(&served->reply.body);
	sync_journal_free(served->sync.journal);
	supervisor_free(served->sync.supervisor);
	fixture_fini(&served->f);
}

static const char *ask(struct served *served, const char *method, const char *path,
		       const char *body, unsigned status)
{
	admin_answer(&served->process, &(struct admin_request){method, path, slice_str(body)},
		     &served->reply);
	if (served->reply.status != status)
		fail_msg("%s %s: %u %s", method, path, served->reply.status,
			 buf_cstr(&served->reply.body));
	return buf_cstr(&served->reply.body);
}

static void assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("no %s in %s", part, text);
}

/* A sync that has not started yet can be asked, too. */
static void it_reports(void **state)
{
	struct served served;
	const char *text;
	(void)state;
	begin(&served);
	text = ask(&served, "GET", "/status", "", 200);
	assert_has(text, "\"script\":\"/etc/sync.lua\",\"started_ms\":1000,");
	assert_has(text, "\"syncs\":[{\"name\":\"shop\",\"state\":\"starting\","
			 "\"paused_since_ms\":null,\"pending\":null,\"state_since_ms\":null,");
	assert_has(text, "\"position\":null,\"jump\":null,\"saved_ms\":null,\"acknowledged_ms\":"
			 "null,\"lag_s\":null,");
	text = ask(&served, "GET", "/syncs/shop", "{}", 200);
	assert_has(text, "{\"name\":\"shop\",");
	text = ask(&served, "GET", "/syncs/shop/tables", "", 200);
	assert_string_equal(
		text, "{\"sync\":\"shop\",\"tables\":[],\"quarantined\":[],\"paused_tables\":[]}");
	text = ask(&served, "GET", "/", "", 200);
	assert_has(text, "{\"method\":\"GET\",\"path\":\"/syncs/NAME\",");
	end(&served);
}

/* What cannot be answered is refused with a code, a text and a remedy. */
static void it_refuses(void **state)
{
	static const struct {
		const char *method, *path, *body;
		unsigned status;
		const char *code, *text;
	} cases[] = {
		{"GET", "/nothing", "", 404, "E-212", "there is no endpoint /nothing"},
		{"GET", "/syncs/", "", 404, "E-212", "/syncs/"},
		{"GET", "/syncs/shop/nothing", "", 404, "E-212", "/syncs/shop/nothing"},
		{"GET", "/syncs/other", "", 404, "E-211",
		 "no sync 'other' in this process. It runs 'shop'"},
		{"DELETE", "/status", "", 405, "E-213", "/status takes GET, not DELETE"},
		{"POST", "/log-level", "{\"level\":\"info\"", 400, "E-214", "not a JSON object"},
		{"POST", "/log-level", "[]", 400, "E-214", "not a JSON object"},
		{"POST", "/log-level", "{\"level\":\"info\"} x", 400, "E-214", "not a JSON object"},
		{"POST", "/log-level", "", 400, "E-214", "'level' is missing"},
		{"POST", "/log-level", "{\"level\":1}", 400, "E-214",
		 "'level' is missing, or not a string"},
		{"POST", "/log-level", "{\"level\":\"inf\"}", 400, "E-214",
		 "'inf' is not a value of level"},
		{"POST", "/log-level", "{\"level\":\"info\",\"a\":1}", 400, "E-214",
		 "no argument 'a'"},
	};
	struct served served;
	(void)state;
	begin(&served);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *text = ask(&served, cases[i].method, cases[i].path, cases[i].body,
				       cases[i].status);
		assert_has(text, cases[i].code);
		assert_has(text, cases[i].text);
		assert_has(text, "\"remedy\":\"");
	}
	end(&served);
}

/* A command is a wish: the answer shows it as pending. It is refused when the sync has ended. */
static void it_takes_commands(void **state)
{
	struct served served;
	struct err err = ERR_INIT;
	(void)state;
	begin(&served);
	assert_has(ask(&served, "POST", "/syncs/shop/pause", "", 200), "\"pending\":\"pause\"");
	assert_has(ask(&served, "POST", "/syncs/shop/resume", "{}", 200), "\"pending\":\"resume\"");
	supervisor_stop(served.sync.supervisor);
	assert_int_equal(supervisor_run(served.sync.supervisor, &err), 0);
	assert_has(ask(&served, "POST", "/syncs/shop/pause", "", 409), "E-218");
	end(&served);
}

static void a_body_has_a_limit(void **state)
{
	static char large[ADMIN_BODY_MAX + 2];
	struct served served;
	(void)state;
	begin(&served);
	memset(large, ' ', ADMIN_BODY_MAX + 1);
	assert_has(ask(&served, "POST", "/log-level", large, 413), "E-215");
	memcpy(large, "{\"level\":\"warn\"}", strlen("{\"level\":\"warn\"}"));
	large[ADMIN_BODY_MAX] = '\0';
	assert_string_equal(ask(&served, "POST", "/log-level", large, 200),
			    "{\"log_level\":\"warn\",\"before\":\"info\"}");
	assert_int_equal(log_get_level(), LOG_WARN);
	log_set_level(LOG_INFO);
	end(&served);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reports),
		cmocka_unit_test(it_refuses),
		cmocka_unit_test(it_takes_commands),
		cmocka_unit_test(a_body_has_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
