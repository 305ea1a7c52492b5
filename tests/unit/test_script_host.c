/* Calls of a script to its host and their results: loop, records, exec primitives, the C part of tideway.test. */
#include "unit/script_fixture.h"

static struct fixture f;
static struct buf trace; /* the calls of the host, one line each */
static struct table *orders;
static struct row_layout *layout;
static struct value values[2];
static struct change change;
static int polls;
static bool fail_next; /* the host fails once */

static int setup(void **state)
{
	static const struct column_spec specs[] = {{"id", COLUMN_INT, 0, 0, false},
						   {"name", COLUMN_VARCHAR, 9, 0, false}};
	(void)state;
	fixture_init(&f);
	buf_init(&trace);
	orders = fixture_table(&f.arena, "shop", "orders", specs, 2);
	layout = fixture_layout(&f.arena, orders);
	values[0] = V_INT(7);
	values[1] = V_TEXT("a");
	change = (struct change){.op = CHANGE_INSERT,
				 .table = orders,
				 .after = fixture_row(&f.arena, layout, values)};
	polls = 0;
	fail_next = false;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_fini(&f);
	buf_fini(&trace);
	return 0;
}

#define assert_trace(expected)                                                                     \
	do {                                                                                       \
		assert_string_equal(buf_cstr(&trace), (expected));                                 \
		buf_clear(&trace);                                                                 \
	} while (0)

/* ---- a host that notes its calls ---- */

static int failing(struct err *err)
{
	fail_next = false;
	return err_set(err, E_TOPIC_REQUEST, "the broker said no");
}

static void note_record(const char *what, const struct message *r)
{
	buf_printf(&trace, "%s %.*s", what, SLICE_FMT(r->topic));
	buf_printf(&trace, r->key.ptr ? " key=%.*s" : " null key", SLICE_FMT(r->key));
	buf_printf(&trace, r->value.ptr ? " value=%.*s" : " tombstone", SLICE_FMT(r->value));
	for (unsigned i = 0; i < r->nheaders; i++)
		buf_printf(&trace, " %.*s:%.*s", SLICE_FMT(r->headers[i].name),
			   SLICE_FMT(r->headers[i].value));
	if (r->partition >= 0)
		buf_printf(&trace, " p%d", r->partition);
	buf_char(&trace, '\n');
}

static int host_records(void *arg, struct change *c, const struct message **records, unsigned *n,
			struct err *err)
{
	static const struct header headers[] = {{{"h", 1}, {"v", 1}}};
	static struct message out[2];
	(void)arg;
	if (fail_next)
		return failing(err);
	if (c == NULL) {
		out[0] = (struct message){
			.topic = SLICE("t"), .value = SLICE("{\"op\":\"item\"}"), .partition = -1};
		*n = 1;
	} else {
		out[0] = (struct message){.topic = SLICE("t"),
					  .key = SLICE("7"),
					  .value = SLICE("{\"a\":1}"),
					  .op = SLICE("INSERT"),
					  .partition = -1,
					  .headers = headers,
					  .nheaders = 1};
		out[1] = (struct message){.topic = SLICE("t2"), .key = SLICE("7"), .partition = 2};
		*n = 2;
	}
	*records = out;
	return 0;
}

static int host_send(void *arg, const struct message *record, struct err *err)
{
	(void)arg;
	if (fail_next)
		return failing(err);
	note_record("send", record);
	return 0;
}

static void host_heartbeat(void *arg, int64_t ms, struct buf *out)
{
	(void)arg;
	buf_printf(out, "{\"beat\":%lld}", (long long)ms);
}

static void *host_open(void *arg, const struct sink_config *config, struct err *err)
{
	(void)arg;
	if (fail_next)
		return failing(err), NULL;
	buf_printf(&trace, "open %s", config->brokers);
	for (unsigned i = 0; i < config->nproperties; i++)
		buf_printf(&trace, " %s=%s", config->properties[i].name,
			   config->properties[i].value);
	buf_char(&trace, '\n');
	return &trace;
}

static int host_producer_send(void *handle, const struct message *record, struct err *err)
{
	assert_ptr_equal(handle, &trace);
	if (fail_next)
		return failing(err);
	note_record("produce", record);
	return 0;
}

static int host_flush(void *handle, double seconds, struct err *err)
{
	(void)handle, (void)err;
	buf_printf(&trace, "flush %g\n", seconds);
	return 0;
}

static void host_close(void *handle)
{
	(void)handle;
	buf_printf(&trace, "close\n");
}

static void *host_consumer_open(void *arg, const struct sink_config *config,
				const struct slice *topics, unsigned ntopics, const char *group,
				bool from_beginning, struct err *err)
{
	(void)arg, (void)err;
	buf_printf(&trace, "consume %s %u %.*s %s %d\n", config->brokers, ntopics,
		   SLICE_FMT(topics[0]), group ? group : "-", from_beginning);
	return &trace;
}

static int host_poll(void *handle, double seconds, struct message *record, struct err *err)
{
	(void)handle, (void)seconds;
	if (fail_next)
		return failing(err);
	if (polls++ > 0)
		return 0;
	*record = (struct message){.topic = SLICE("t"),
				   .key = SLICE("k"),
				   .value = SLICE("v"),
				   .partition = 1,
				   .offset = 42,
				   .time_ms = 5};
	return 1;
}

static int host_create(void *arg, const struct sink_config *config, struct slice name,
		       int partitions, int replication, const struct property *properties,
		       unsigned n, struct err *err)
{
	(void)arg, (void)config;
	if (fail_next)
		return failing(err);
	buf_printf(&trace, "create %.*s %d %d", SLICE_FMT(name), partitions, replication);
	for (unsigned i = 0; i < n; i++)
		buf_printf(&trace, " %s=%s", properties[i].name, properties[i].value);
	buf_char(&trace, '\n');
	return 0;
}

static int host_delete(void *arg, const struct sink_config *config, struct slice name,
		       struct err *err)
{
	(void)arg, (void)config, (void)err;
	buf_printf(&trace, "delete %.*s\n", SLICE_FMT(name));
	return 0;
}

static int host_list(void *arg, const struct sink_config *config,
		     void (*each)(void *context, struct slice name, int partitions), void *context,
		     struct err *err)
{
	(void)arg, (void)config, (void)err;
	each(context, SLICE("one"), 1);
	each(context, SLICE("two"), 6);
	return 0;
}

static int host_query(void *arg, const struct source_config *config, struct slice sql,
		      void (*each)(void *context, const struct slice *names,
				   const struct slice *cells, unsigned n),
		      void *context, struct err *err)
{
	static const struct slice names[] = {{"a", 1}, {"b", 1}}, cells[] = {{"1", 1}, {NULL, 0}};
	(void)arg;
	if (fail_next)
		return failing(err);
	buf_printf(&trace, "query %s %.*s\n", config->user, SLICE_FMT(sql));
	each(context, names, cells, 2);
	each(context, names, cells, 2);
	return 0;
}

static void *host_changes_open(void *arg, const struct source_config *config, const char *start,
			       struct err *err)
{
	(void)arg, (void)config, (void)err;
	buf_printf(&trace, "changes %s\n", start);
	return &trace;
}

static int host_changes_next(void *handle, double seconds, struct change **next, struct err *err)
{
	(void)handle, (void)seconds, (void)err;
	*next = &change;
	return polls++ < 3;
}

static void *host_test_load(void *arg, const char *path, const struct property *env, unsigned n,
			    struct err *err)
{
	(void)arg;
	if (fail_next)
		return failing(err), NULL;
	buf_printf(&trace, "load %s %u %s=%s\n", strrchr(path, '/') + 1, n, env[0].name,
		   env[0].value);
	return &trace;
}

static int host_statement(void *handle, struct slice sql, const struct message **records,
			  unsigned *n, struct err *err)
{
	(void)handle;
	buf_printf(&trace, "statement %.*s\n", SLICE_FMT(sql));
	return host_records(NULL, NULL, records, n, err);
}

static const struct table *host_table(void *handle, struct slice name)
{
	(void)handle;
	return slice_equal(name, SLICE("shop.orders")) ? orders : NULL;
}

static void note_values(const char *what, const struct value *row)
{
	if (row == NULL)
		return;
	buf_printf(&trace, " %s %d:%lld %d:%.*s", what, (int)row[0].kind, (long long)row[0].i,
		   (int)row[1].kind, row[1].kind == VALUE_TEXT ? (int)row[1].text.len : 0,
		   row[1].kind == VALUE_TEXT ? row[1].text.ptr : "");
}

static int host_test_change(void *handle, enum change_op op, const struct table *table,
			    const struct value *before, const struct value *after,
			    const struct message **records, unsigned *n, struct err *err)
{
	(void)handle;
	assert_ptr_equal(table, orders);
	buf_printf(&trace, "%s", change_op_name(op));
	note_values("before", before);
	note_values("after", after);
	buf_char(&trace, '\n');
	return host_records(NULL, &change, records, n, err);
}

static const struct script_host host = {
	.lane.records = host_records,
	.lane.send = host_send,
	.heartbeat = host_heartbeat,
	.exec.producer_open = host_open,
	.exec.producer_send = host_producer_send,
	.exec.producer_flush = host_flush,
	.exec.producer_close = host_close,
	.exec.consumer_open = host_consumer_open,
	.exec.consumer_poll = host_poll,
	.exec.consumer_close = host_close,
	.exec.topic_create = host_create,
	.exec.topic_delete = host_delete,
	.exec.topic_list = host_list,
	.exec.query = host_query,
	.exec.changes_open = host_changes_open,
	.exec.changes_next = host_changes_next,
	.exec.changes_close = host_close,
	.test.load = host_test_load,
	.test.statement = host_statement,
	.test.table = host_table,
	.test.change = host_test_change,
	.test.free = host_close,
};

/* ---- loop ---- */

#define HEAD                                                                                       \
	"local sync = require 'tideway.sync' local source = require 'tideway.source'\n"            \
	"local kafka = require 'tideway.kafka'\n"                                                  \
	"sync.run { name = 'shop', source = source.mysql { user = 'u', tables = 'shop.*' },\n"     \
	"sink = kafka.sink { brokers = 'b:1' },\n"

static struct mapping mapping;

static void load(const char *rest)
{
	char text[4000];
	struct script_options options = fixture_options(&f);
	options.host = &host;
	snprintf(text, sizeof(text), "%s%s }\n", HEAD, rest);
	fixture_load(&f, text, &options);
	if (f.script == NULL)
		fail_msg("%s", f.err.text);
	if (script_prepare(f.script, 0, orders, &f.arena, &mapping, &f.err) < 0)
		fail_msg("%s", f.err.text);
}

static int step(int kind)
{
	struct loop_item item = {.kind = kind, .time_ms = 123};
	if (kind == LOOP_CHANGE) {
		item.change = &change;
		item.mapping = &mapping;
	} else if (kind == LOOP_DDL) {
		item.db = SLICE("shop");
		item.table = SLICE("orders");
		item.text = SLICE("ALTER TABLE orders ADD x INT");
	}
	f.err = (struct err)ERR_INIT;
	return script_loop(f.script, 0, &item, &f.err);
}

static void loop_steps(void **state)
{
	(void)state;
	load("loop = function(changes, out)\n"
	     "for c in changes do\n"
	     "  if c.op == 'ddl' then out:send { topic = 'ddl', key = c.db .. '.' .. c.table, "
	     "value = { text = c.text, at = c.time } }\n"
	     "  elseif c.op == 'heartbeat' then for r in c:records() do out:send(r) end\n"
	     "  else assert(c.row.id == 7 and c.row.name == 'a') for r in c:records() do "
	     "out:send(r) end\n"
	     "    local json = c:json() out:send { topic = 'own', key = require "
	     "'tideway.json'.null, value = json, headers = { n = 5 "
	     "}, partition = 4 }\n"
	     "    assert(c.row.id == 7 and c.image == 'after') last = c end\n"
	     "  if c.op == 'heartbeat' then local ok, m = pcall(function() return last.op end) "
	     "assert(not ok) end\n"
	     "end end");
	assert_true(script_config(f.script, 0)->has_loop);
	assert_non_null(mapping.functions.hooks);
	assert_int_equal(step(LOOP_CHANGE), 0);
	assert_trace("send t key=7 value={\"a\":1} h:v\nsend t2 key=7 tombstone p2\nsend own null "
		     "key value={\"a\":1} n:5 p4\n");
	assert_int_equal(step(LOOP_DDL), 0);
	assert_trace("send ddl key=shop.orders value={\"at\":123,\"text\":\"ALTER TABLE orders ADD "
		     "x INT\"}\n");
	assert_int_equal(step(LOOP_HEARTBEAT), 0);
	assert_trace("send t null key value={\"op\":\"item\"}\n");
	for (int i = 0; i < 500; i++)
		assert_int_equal(step(LOOP_CHANGE), 0);
	assert_int_equal(lua_gettop(f.script->main), 0);
	script_release(f.script, &mapping);
}

/* Functions of sync.try yield, as the loop does when it asks for the next change. */
static void loop_tries(void **state)
{
	(void)state;
	load("loop = require('tideway.sync').try(function(changes, out)\n"
	     "for c in changes do\n"
	     "  if c.op == 'heartbeat' then error 'beat' end\n"
	     "  out:send { topic = 'a', key = 'k', value = c.op }\n"
	     "end end, function(message, changes, out)\n"
	     "  for c in changes do out:send { topic = 'b', key = 'k', value = message } end\n"
	     "end)");
	assert_int_equal(step(LOOP_DDL), 0);
	assert_trace("send a key=k value=ddl\n");
	assert_int_equal(step(LOOP_HEARTBEAT), 0);
	assert_int_equal(step(LOOP_DDL), 0);
	assert_trace("send b key=k value=sync.lua:7: beat\n");
	assert_int_equal(step(LOOP_DDL), 0);
	assert_trace("send b key=k value=sync.lua:7: beat\n");
	script_release(f.script, &mapping);
}

static void loop_ends(void **state)
{
	(void)state;
	load("loop = function(changes, out) changes() changes() end");
	assert_int_equal(step(LOOP_CHANGE), 0);
	assert_int_equal(step(LOOP_CHANGE), 1);
	assert_int_equal(step(LOOP_CHANGE), -1);
	script_release(f.script, &mapping);
	load("loop = function(changes, out) end");
	assert_int_equal(step(LOOP_CHANGE), 1);
	script_release(f.script, &mapping);
}

static void assert_loop_fails(const char *loop, const char *message)
{
	load(loop);
	assert_int_equal(step(LOOP_CHANGE), -1);
	if (strstr(f.err.text, message) == NULL)
		fail_msg("%s", f.err.text);
	script_release(f.script, &mapping);
}

static void loop_errors(void **state)
{
	(void)state;
	assert_loop_fails("loop = function(changes, out)\n changes()\n error 'mine' end",
			  "sync.lua:7: mine");
	assert_loop_fails("loop = function(changes, out)\n coroutine.yield(1) end",
			  "outside of a coroutine of its own");
	assert_loop_fails("loop = function(changes, out)\n coroutine.wrap(changes)() end",
			  "not from another coroutine");
	assert_loop_fails("loop = function(changes, out)\n while true do end end",
			  "sync.lua:6: stopped after 10000000");
	assert_loop_fails("loop = function(changes, out)\n for c in changes do while true do "
			  "pcall(function() while true do end end) end end end",
			  "sync.lua:6: stopped after 10000000");
	assert_loop_fails("loop = function(changes, out)\n changes() out:send { topic = 'a b', "
			  "key = 1, value = 1 } end",
			  "sync.lua:6: topic 'a b'");
	assert_loop_fails("loop = function(changes, out)\n out:send { key = 1, value = 1 } end",
			  "sync.lua:6: send: topic is missing (nil): give it the name of a topic");
	assert_loop_fails("loop = function(changes, out)\n out:send { topic = 'a', value = 1 } end",
			  "sync.lua:6: send: key is missing (nil): give it a key, or json.null");
	assert_loop_fails(
		"loop = function(changes, out)\n out:send { topic = 'a', key = 1 } end",
		"sync.lua:6: send: value is missing (nil): give it a value, or json.null");
	assert_loop_fails("loop = function(changes, out)\n out.send { } end",
			  "call it with a colon");
	fail_next = true;
	assert_loop_fails(
		"loop = function(changes, out)\n out:send { topic = 'a', key = 1, value = "
		"1 } end",
		"sync.lua:6: the broker said no");
	fail_next = true;
	assert_loop_fails("loop = function(changes, out)\n for c in changes do for r in "
			  "c:records() do end end end",
			  "sync.lua:6: the broker said no");
}

static void records_inside_of_on_change(void **state)
{
	(void)state;
	struct event_result event;
	load("on_change = function(c) local n = 0 for r in c:records() do n = n + 1 "
	     "assert(r.topic) end assert(n == 2)\n"
	     "c:emit { topic = 'copy', key = c, value = c:json() } end");
	if (script_event(f.script, &mapping, &change, &event, &f.err) < 0)
		fail_msg("%s", f.err.text);
	assert_int_equal(event.nemits, 1);
	assert_slice(event.emits[0].message.value, "{\"a\":1}");
	script_done(f.script);
	script_release(f.script, &mapping);
	/* from a coroutine, with failures that the script catches */
	load("on_change = function(c)\n"
	     "for i = 1, 5 do c:emit { topic = 'a' .. i, key = c, value = c } end\n"
	     "local ok, m = pcall(c.records, c) assert(not ok and m:find 'the broker said no')\n"
	     "coroutine.wrap(function() for r in c:records() do c:emit { topic = r.topic, "
	     "key = r.key, value = c } end end)()\n"
	     "for r in c:records() do c:emit { topic = 'b', key = c, value = c } end "
	     "assert(c.row.id == 7) end");
	fail_next = true;
	if (script_event(f.script, &mapping, &change, &event, &f.err) < 0)
		fail_msg("%s", f.err.text);
	assert_int_equal(event.nemits, 9);
	assert_slice(event.emits[4].message.topic, "a5");
	assert_slice(event.emits[5].message.topic, "t");
	assert_slice(event.emits[8].message.topic, "b");
	script_done(f.script);
	assert_int_equal(lua_gettop(f.script->main), 0);
	assert_int_equal(f.script->call.depth, 0);
	script_release(f.script, &mapping);
}

/* ---- exec ---- */

static bool exec(const char *text)
{
	struct script_options options = fixture_options(&f);
	options.host = &host;
	options.exec = true;
	fixture_load(&f, text, &options);
	if (f.script == NULL)
		return false;
	script_free(f.script);
	f.script = NULL;
	return true;
}

#define assert_exec(lua)                                                                           \
	do {                                                                                       \
		if (!exec(lua))                                                                    \
			fail_msg("%s", f.err.text);                                                \
	} while (0)

static void exec_kafka(void **state)
{
	(void)state;
	assert_exec("local kafka, json = require 'tideway.kafka', require 'tideway.json'\n"
		    "local p = kafka.producer { brokers = { 'a:1', 'b:2' }, properties = { acks = "
		    "'all', ['linger.ms'] = 5 } }\n"
		    "assert(p:send { topic = 't', key = 'k', value = { a = 1 } }) assert(p:send { "
		    "topic = 't', key = json.null, value = json.null })\n"
		    "assert(p:flush()) p:close() assert(p:flush())\n");
	assert_trace("open a:1,b:2 acks=all linger.ms=5\nproduce t key=k value={\"a\":1}\nproduce "
		     "t null key tombstone\nflush 30\nclose\n");
	assert_exec("local c = require 'tideway.kafka'.consumer { brokers = 'a:1', topics = { 'x', "
		    "'y' }, group = 'g' }\n"
		    "local r = c:poll(1) assert(r.topic == 't' and r.key == 'k' and r.value == 'v' "
		    "and r.partition == 1 and r.offset == 42 and r.time == 5)\n"
		    "assert(c:poll(0) == nil)\n");
	assert_trace("consume a:1 2 x g 1\nclose\n");
	assert_exec("local t = require 'tideway.kafka'.topics { brokers = 'a:1' }\n"
		    "assert(t:create { name = 'n', partitions = 3, config = { ['cleanup.policy'] = "
		    "'compact' } }) assert(t:delete 'n')\n"
		    "local all = t:list() assert(all.one == 1 and all.two == 6)\n");
	assert_trace("create n 3 -1 cleanup.policy=compact\ndelete n\n");
	fail_next = true;
	assert_exec("local p = require 'tideway.kafka'.producer { brokers = 'a:1' }\n"
		    "local ok, m = p:send { topic = 't', key = 1, value = 1 } assert(ok == nil and "
		    "m == "
		    "'the broker said no')\n");
	assert_exec("local b = require 'tideway.heartbeat'.new {} assert(b:message(5) == "
		    "'{\"beat\":5}' and b.interval == 5)\n");
	assert_false(exec("require('tideway.kafka').topics { brokers = 'a' }:create { }"));
	assert_non_null(
		strstr(f.err.text, "sync.lua:1: kafka.topics{...}:create: name is missing"));
}

static void exec_source(void **state)
{
	(void)state;
	assert_exec("local s = require 'tideway.source'.mysql { user = 'u' }\n"
		    "local rows = s:query 'SELECT 1' assert(#rows == 2 and rows[2].a == '1' and "
		    "rows[1].b == nil)\n");
	assert_trace("query u SELECT 1\n");
	fail_next = true;
	assert_exec("local s = require 'tideway.source'.mysql { user = 'u' }\n"
		    "local rows, m = s:query 'SELECT 1' assert(rows == nil and m == 'the broker "
		    "said no')\n");
	assert_exec("local s, n, last = require 'tideway.source'.mysql { user = 'u' }, 0\n"
		    "for c in s:changes { from = 'earliest' } do n = n + 1 assert(c.row.id == 7 "
		    "and c.db == 'shop') last = c end\n"
		    "assert(n == 3 and not pcall(function() return last.op end))\n");
	assert_trace("changes earliest\nclose\n");
	polls = 0;
	assert_exec("local s = require 'tideway.source'.mysql { user = 'u' }\n"
		    "for c in s:changes() do local copy = c:copy() assert(copy.after.name == 'a') "
		    "break end\n");
	assert_trace("changes now\nclose\n");
}

static void not_outside_of_exec(void **state)
{
	(void)state;
	struct script_options options = fixture_options(&f);
	fixture_load(&f, "require('tideway.source').mysql { user = 'u' }:query 'x'", &options);
	assert_non_null(
		strstr(f.err.text,
		       "sync.lua:1: source:query connects at once: it works in tideway exec only"));
	fixture_load(&f,
		     "require('tideway.kafka').producer { brokers = 'u' }:send { topic = 'a', "
		     "key = 1, value = 1 }",
		     &options);
	assert_non_null(strstr(
		f.err.text,
		"sync.lua:1: kafka.producer connects at once: it works in tideway exec only"));
}

/* ---- tests of mappings ---- */

static void test_files(void **state)
{
	(void)state;
	unsigned passed = 0, failed = 0;
	fixture_write(f.folder, "t.lua",
		      "local test = require 'tideway.test'\n"
		      "local shop = test.load('sync.lua', { env = { PW = 'x' } })\n"
		      "shop:table [[CREATE TABLE shop.orders (id INT)]]\n"
		      "test.case('passes', function()\n"
		      "  local r = shop:insert('shop.orders', { id = 5, name = 'n' }) "
		      "test.equal(#r, 2) test.equal(r[1].key, '7')\n"
		      "  test.equal(r[2].value, nil)\n"
		      "  shop:update('shop.orders', { id = 5, name = 'n' }, { name = 'm' }) "
		      "shop:delete('shop.orders', { id = 5 })\n"
		      "end)\n"
		      "test.case('fails', function() test.equal(1, 2) end)\n"
		      "test.case('no such column', function() shop:insert('shop.orders', { nope = "
		      "1 }) end)\n"
		      "test.case('no such table', function() shop:insert('shop.nope', { nope = 1 "
		      "}) end)\n"
		      "test.case('does not fit', function() shop:insert('shop.orders', { id = 'x' "
		      "}) end)\n");
	assert_int_equal(script_test("/nowhere/t.lua", &host, &passed, &failed, &f.err), 0);
	assert_int_equal(failed, 1);
	char path[128];
	snprintf(path, sizeof(path), "%s/t.lua", f.folder);
	assert_int_equal(script_test(path, &host, &passed, &failed, &f.err), 0);
	assert_int_equal(passed, 1);
	assert_int_equal(failed, 5);
	assert_trace("load sync.lua 1 PW=x\nstatement CREATE TABLE shop.orders (id INT)\ninsert "
		     "after 3:5 9:n\n"
		     "update before 3:5 9:n after 3:5 9:m\ndelete before 3:5 1:\nclose\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(loop_steps),
		TEST(loop_tries),
		TEST(loop_ends),
		TEST(loop_errors),
		TEST(records_inside_of_on_change),
		TEST(exec_kafka),
		TEST(exec_source),
		TEST(not_outside_of_exec),
		TEST(test_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
