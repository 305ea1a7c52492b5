/* A sync with the real standard library: configuration, tables, verdicts and results of functions. */
#include "unit/script_fixture.h"

static struct fixture f;
static struct table *orders;
static struct row_layout *layout;
static struct mapping mapping;
static struct value old_values[13], new_values[13];
static struct change change;
static struct event_result event;
static struct image_result image;

static const struct column_spec ORDERS[] = {
	{"id", COLUMN_BIGINT, 0, 0, true},       {"name", COLUMN_VARCHAR, 90, 0, false},
	{"price", COLUMN_DECIMAL, 10, 2, false}, {"big", COLUMN_DECIMAL, 30, 4, false},
	{"qty", COLUMN_INT, 0, 0, false},        {"ratio", COLUMN_DOUBLE, 0, 0, false},
	{"at", COLUMN_DATETIME, 0, 0, false},    {"day", COLUMN_DATE, 0, 0, false},
	{"raw", COLUMN_BLOB, 0, 0, false},       {"flag", COLUMN_BIT, 1, 0, false},
	{"bits", COLUMN_BIT, 12, 0, false},      {"small", COLUMN_FLOAT, 0, 0, false},
	{"count", COLUMN_DECIMAL, 9, 0, false},
};

enum { NCOLUMNS = 13 };

static int setup(void **state)
{
	(void)state;
	fixture_init(&f);
	orders = fixture_table(&f.arena, "shop", "orders", ORDERS, NCOLUMNS);
	layout = fixture_layout(&f.arena, orders);
	const struct value values[NCOLUMNS] = {
		V_U64(UINT64_MAX),
		V_TEXT("Zo\xc3\xab"),
		V_DEC("12.30"),
		V_DEC("12345678901234567890.1234"),
		V_INT(-3),
		V_F64(0.5),
		V_MS(1700000000123),
		V_MS(86400000),
		V_BYTES("\xff\x00z"),
		V_BOOL(1),
		V_BYTES("\x0a\xbc"),
		V_F32(1.5),
		V_DEC("42"),
	};
	memcpy(old_values, values, sizeof(values));
	memcpy(new_values, values, sizeof(values));
	new_values[0] = V_U64(7);
	new_values[1] = V_TEXT("new");
	mapping = (struct mapping){
		.functions = {.event = MAPPING_NO_FUNCTION, .image = MAPPING_NO_FUNCTION}};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (f.script)
		script_release(f.script, &mapping);
	fixture_fini(&f);
	return 0;
}

#define HEAD                                                                                       \
	"local sync = require 'tideway.sync' local source = require 'tideway.source'\n"            \
	"local kafka = require 'tideway.kafka'\n"                                                  \
	"sync.run { name = 'shop', source = source.mysql { user = 'u', tables = 'shop.*' },\n"     \
	"sink = kafka.sink { brokers = 'b:1' },\n"

static void load(const char *text)
{
	struct script_options options = fixture_options(&f);
	fixture_load(&f, text, &options);
	if (f.script == NULL)
		fail_msg("%s", f.err.text);
}

static void prepare(const char *rest)
{
	char text[8000];
	snprintf(text, sizeof(text), "%s%s }\n", HEAD, rest);
	if (f.script)
		script_release(f.script, &mapping);
	load(text);
	if (script_prepare(f.script, 0, orders, &f.arena, &mapping, &f.err) < 0)
		fail_msg("%s", f.err.text);
	assert_true(mapping.wanted);
}

static struct row *row_of(const struct value *values)
{
	return fixture_row(&f.arena, layout, values);
}

static void make(enum change_op op)
{
	change = (struct change){
		.op = op,
		.table = orders,
		.before = op == CHANGE_UPDATE || op == CHANGE_DELETE ? row_of(old_values) : NULL,
		.after = op != CHANGE_DELETE ? row_of(new_values) : NULL,
		.time_ms = 1700000000000,
		.file = op == CHANGE_READ ? NULL : "bin.000001",
		.pos = 400,
	};
}

static int run_event(enum change_op op)
{
	int rc;
	make(op);
	f.err = (struct err)ERR_INIT;
	rc = script_event(f.script, &mapping, &change, &event, &f.err);
	return rc;
}

static int run_image(enum change_op op)
{
	make(op);
	f.err = (struct err)ERR_INIT;
	return script_image(f.script, &mapping, &change, change.after ? IMAGE_AFTER : IMAGE_BEFORE,
			    &image, &f.err);
}

#define assert_ok(rc)                                                                              \
	do {                                                                                       \
		if ((rc) < 0)                                                                      \
			fail_msg("%s", f.err.text);                                                \
	} while (0)

#define assert_error(rc, part)                                                                     \
	do {                                                                                       \
		assert_int_equal((rc), -1);                                                        \
		if (strstr(f.err.text, (part)) == NULL)                                            \
			fail_msg("'%s' is not in: %s", (part), f.err.text);                        \
		script_done(f.script);                                                             \
	} while (0)

/* ---- loading ---- */

static void configuration(void **state)
{
	(void)state;
	struct property args[] = {{"PW", "s3cret"}};
	struct script_options options = fixture_options(&f);
	options.args = args;
	options.nargs = 1;
	fixture_load(&f,
		     "local sync, source, kafka = require 'tideway.sync', require "
		     "'tideway.source', require 'tideway.kafka'\n"
		     "local env = require 'tideway.env'\n"
		     "sync.run { name = 'shop', description = 'orders', source = source.mysql { "
		     "host = 'h', port = 3307, user = 'u',\n"
		     "  password = env.need 'PW', tls = { ca = 'ca.pem', verify = false }, tables "
		     "= { 'shop.*', '!shop.tmp_*' } },\n"
		     "  sink = kafka.sink { brokers = { 'a:1', 'b:2' }, properties = { "
		     "['linger.ms'] = 5, acks = 'all' } },\n"
		     "  checkpoint = { file = 'here.json' }, heartbeat = { seconds = 2.5, topic = "
		     "'beats' },\n"
		     "  topics = { partitions = 3, config = { ['cleanup.policy'] = 'delete' } },\n"
		     "  full = { parallel = 2, rows_per_second = 100 }, limits = { row_max = "
		     "'1MiB' } }\n",
		     &options);
	if (f.script == NULL)
		fail_msg("%s", f.err.text);
	assert_int_equal(script_syncs(f.script), 1);
	const struct sync_config *c = script_config(f.script, 0);
	assert_string_equal(c->name, "shop");
	assert_string_equal(c->description, "orders");
	assert_int_equal(c->mode, MODE_FULL_THEN_STREAM);
	assert_string_equal(c->source.host, "h");
	assert_int_equal(c->source.port, 3307);
	assert_string_equal(c->source.password, "s3cret");
	assert_true(c->source.tls);
	assert_false(c->source.tls_verify);
	char path[128];
	snprintf(path, sizeof(path), "%s/ca.pem", f.folder);
	assert_string_equal(c->source.tls_ca, path);
	assert_int_equal(c->source.ntables, 2);
	assert_string_equal(c->source.tables[1], "!shop.tmp_*");
	assert_string_equal(c->source.name, "mysql");
	assert_string_equal(c->sink.brokers, "a:1,b:2");
	assert_int_equal(c->sink.nproperties, 2);
	assert_string_equal(c->sink.properties[0].name, "acks");
	assert_string_equal(c->sink.properties[1].value, "5");
	snprintf(path, sizeof(path), "%s/here.json", f.folder);
	assert_string_equal(c->checkpoint_file, path);
	assert_true(c->heartbeat_s == 2.5);
	assert_string_equal(c->heartbeat_topic, "beats");
	assert_int_equal(c->topics.partitions, 3);
	assert_true(c->topics.create);
	assert_int_equal(c->topics.replication, -1);
	assert_int_equal(c->topics.nconfig, 1);
	assert_int_equal(c->full_parallel, 2);
	assert_true(c->full_rows_per_second == 100);
	assert_int_equal(c->row_max, 1 << 20);
	assert_int_equal(c->line, 3);
	assert_string_equal(c->script, f.path);
	assert_true(script_wants(f.script, 0, SLICE("shop"), SLICE("orders")));
	assert_false(script_wants(f.script, 0, SLICE("shop"), SLICE("tmp_1")));
	assert_false(script_wants(f.script, 0, SLICE("other"), SLICE("orders")));
	const char *const *databases = script_databases(f.script, 0);
	assert_string_equal(databases[0], "shop");
	assert_null(databases[1]);
}

static void several_hosts(void **state)
{
	(void)state;
	struct script_options options = fixture_options(&f);
	fixture_load(&f,
		     "local sync, source, kafka = require 'tideway.sync', require "
		     "'tideway.source', require 'tideway.kafka'\n"
		     "sync.run { name = 'shop', source = source.mysql { hosts = { 'db1', "
		     "'db2:3307', '[::1]:3308', '[fe80::1]' },\n"
		     "  port = 3310, user = 'u', tables = 'shop.*' }, sink = kafka.sink { brokers "
		     "= 'b:1' } }\n",
		     &options);
	if (f.script == NULL)
		fail_msg("%s", f.err.text);
	const struct source_config *source = &script_config(f.script, 0)->source;
	assert_int_equal(source->nhosts, 4);
	assert_string_equal(source->hosts[0].name, "db1");
	assert_int_equal(source->hosts[0].port, 3310);
	assert_string_equal(source->hosts[1].name, "db2");
	assert_int_equal(source->hosts[1].port, 3307);
	assert_string_equal(source->hosts[2].name, "::1");
	assert_int_equal(source->hosts[2].port, 3308);
	assert_string_equal(source->hosts[3].name, "fe80::1");
	assert_int_equal(source->hosts[3].port, 3310);
}

static void wrong_hosts(void **state)
{
	(void)state;
	struct script_options options = fixture_options(&f);
#define WRONG(lua, message)                                                                        \
	fixture_load(&f, "\nrequire('tideway.source').mysql { user = 'u', " lua " }", &options);   \
	assert_null(f.script);                                                                     \
	assert_int_equal(f.err.code, ERR_SCRIPT);                                                  \
	if (strstr(f.err.text, "sync.lua:2: source.mysql: hosts: " message) == NULL)               \
	fail_msg("%s", f.err.text)
	WRONG("hosts = 'a'", "expected list of host or host:port, got string");
	WRONG("hosts = {}", "expected a list of \"host\" or \"host:port\", got an empty one");
	WRONG("hosts = { a = 'b' }",
	      "expected a list of \"host\" or \"host:port\", got a table with names");
	WRONG("hosts = { 'a', 5 }", "host 2: expected a string, got number");
	WRONG("hosts = { 'a', { 'b' } }", "host 2: expected a string, got table");
	WRONG("hosts = { 'a:0' }", "\"a:0\": the port after ':' must be a number from 1");
	WRONG("hosts = { 'a:65536' }", "\"a:65536\": the port after ':' must be");
	WRONG("hosts = { 'a:x' }", "\"a:x\": the port after ':' must be");
	WRONG("hosts = { 'a:' }", "\"a:\": the port after ':' must be");
	WRONG("hosts = { '' }", "\"\": the host's name is missing");
	WRONG("hosts = { ':3306' }", "\":3306\": the host's name is missing");
	WRONG("hosts = { '::1' }", "\"::1\": an IPv6 address is written in brackets");
	WRONG("hosts = { '[::1' }", "\"[::1\": the ']' is missing");
	WRONG("hosts = { '[]' }", "\"[]\": the host's name is missing");
	WRONG("hosts = { '[::1]x' }", "\"[::1]x\": after ']' only a port may follow");
	WRONG("hosts = { 'a b' }", "\"a b\": a host's name has no spaces");
	WRONG("hosts = { 'mysql://a' }", "\"mysql://a\": the port after ':' must be");
	WRONG("hosts = { 'a', 'b', 'A' }", "\"a\" is listed twice");
	WRONG("hosts = { 'a', 'b:1', 'a:3306' }", "\"a\" is listed twice");
	WRONG("hosts = { '[::1]:3306', '[::1]' }", "\"[::1]:3306\" is listed twice");
	WRONG("hosts = { 'a' }, host = '127.0.0.1'", "it replaces host: give one");
	WRONG("hosts = { 'a' }, socket = '/s'", "it replaces socket: give one");
#undef WRONG
}

static void wrong_options(void **state)
{
	(void)state;
	struct script_options options = fixture_options(&f);
#define WRONG(lua, message)                                                                        \
	fixture_load(&f, lua, &options);                                                           \
	assert_null(f.script);                                                                     \
	assert_int_equal(f.err.code, ERR_SCRIPT);                                                  \
	if (strstr(f.err.text, message) == NULL)                                                   \
	fail_msg("%s", f.err.text)
	WRONG("local source = require 'tideway.source'\n\nsource.mysql { hosst = 'a' }",
	      "sync.lua:3: source.mysql: unknown option 'hosst'; did you mean 'host'? (options: "
	      "host, hosts, port,");
	WRONG("require('tideway.source').mysql { user = 'u', port = 'x' }",
	      "sync.lua:1: source.mysql: port: expected integer, got string");
	WRONG("require('tideway.source').mysql { user = 'u', port = 70000 }",
	      "sync.lua:1: source.mysql: port: expected 1 to 65535, got 70000");
	WRONG("require('tideway.source').mysql { host = 'x' }",
	      "sync.lua:1: source.mysql: user is missing");
	WRONG("require('tideway.source').binlog { }",
	      "sync.lua:1: source.binlog is not in this version yet");
	WRONG("require('tideway.source').mysql { user = 'u', tls = { cert_file = 'a' } }",
	      "sync.lua:1: source.mysql tls: unknown option 'cert_file'");
	WRONG("require('tideway.kafka').sink { }", "sync.lua:1: kafka.sink: brokers is missing");
	WRONG("require('tideway.kafka').sink { brokers = 'a', properties = { ['a'] = {} } }",
	      "sync.lua:1: kafka.sink: properties: expected table of name = string, number or "
	      "boolean, got table");
	WRONG("require('tideway.kafka').sink 'x'",
	      "sync.lua:1: kafka.sink: expected a table of options, got string");
	WRONG("local env = require 'tideway.env'\nlocal x = env.NOT_SET_AT_ALL\nenv.need "
	      "'NOT_SET_AT_ALL'",
	      "sync.lua:3: env.need: NOT_SET_AT_ALL is not set");
	WRONG("require('tideway.heartbeat').new { interval = 0 }",
	      "sync.lua:1: heartbeat.new: interval: expected 0.1 to 86400, got 0");
	WRONG(HEAD "topc = 'x' }", "sync.lua:");
	WRONG(HEAD "topc = 'x' }", "did you mean");
#undef WRONG
}

static void secrets(void **state)
{
	(void)state;
	fixture_write(f.folder, "pw.txt", "hidden\n");
	load("local sync, source, kafka = require 'tideway.sync', require 'tideway.source', "
	     "require 'tideway.kafka'\n"
	     "local secret = require 'tideway.secret'\n"
	     "local s = secret 'pw.txt' assert(tostring(s) == '***' and not pcall(function() "
	     "return s .. '' end))\n"
	     "sync.run { name = 'shop', source = source.mysql { user = 'u', password = s, tables = "
	     "'a.*' },\n"
	     "  sink = kafka.sink { brokers = 'b:1', properties = { ['sasl.password'] = s } } }\n");
	assert_string_equal(script_config(f.script, 0)->source.password, "hidden");
	assert_string_equal(script_config(f.script, 0)->sink.properties[0].value, "hidden");
	assert_fails_with(&f, "require('tideway.secret')('nowhere.txt')", "sync.lua:1: secret: ");
}

/* ---- prepare ---- */

static void plain_table(void **state)
{
	(void)state;
	prepare("");
	assert_slice(mapping.topic, "orders");
	assert_false(mapping.topic_function);
	assert_int_equal(mapping.key.kind, KEY_PARTS);
	assert_int_equal(mapping.key.nparts, 1);
	assert_false(mapping.key.parts[0].is_field);
	assert_int_equal(mapping.key.parts[0].index, 0);
	assert_int_equal(mapping.nprimary, 1);
	assert_slice(mapping.primary[0], "id");
	assert_int_equal(mapping.ncolumns, NCOLUMNS);
	assert_int_equal(mapping.columns[2].transport, TRANSPORT_DOUBLE);
	assert_int_equal(mapping.columns[9].transport, TRANSPORT_BOOLEAN);
	assert_int_equal(mapping.nfields, 0);
	assert_int_equal(mapping.update, UPDATE_TWO);
	assert_true(mapping.key_change_split);
	assert_int_equal(mapping.functions.event, MAPPING_NO_FUNCTION);
	assert_int_equal(mapping.functions.image, MAPPING_NO_FUNCTION);
	assert_null(mapping.functions.hooks);
}

static void unwanted_table(void **state)
{
	(void)state;
	load(HEAD " }");
	struct table *other = fixture_table(&f.arena, "web", "pages", ORDERS, 3);
	assert_int_equal(script_prepare(f.script, 0, other, &f.arena, &mapping, &f.err), 0);
	assert_false(mapping.wanted);
}

static void everything(void **state)
{
	(void)state;
	prepare("topic = { template = '${db_name_src}_${table_name_src}_cdc' }, update = 'one', "
		"key_change = 'after',\n"
		"fields = { site = 'eu', rank = 5, total = require('tideway.field').decimal(2, "
		"function(c) return 1 end),\n"
		"  twice = function(c) return c.row.qty * 2 end, seen = '${EXECUTE_TIME}', mixed = "
		"'at ${EXECUTE_TIME}' },\n"
		"key = { ['shop.orders'] = { 'site', 'id' } },\n"
		"columns = { ['shop.orders'] = { rename = { name = 'title' }, drop = { 'raw' } } "
		"}");
	assert_slice(mapping.topic, "shop_orders_cdc");
	assert_int_equal(mapping.update, UPDATE_ONE);
	assert_false(mapping.key_change_split);
	assert_int_equal(mapping.ncolumns, NCOLUMNS - 1);
	assert_slice(mapping.columns[1].name, "title");
	assert_int_equal(mapping.nfields, 6);
	assert_int_equal(mapping.functions.nslots, 2);
	assert_int_equal(mapping.key.nparts, 2);
	assert_true(mapping.key.parts[0].is_field);
	assert_slice(mapping.fields[mapping.key.parts[0].index].name, "site");
	for (unsigned i = 0; i < mapping.nfields; i++) {
		const struct out_field *field = &mapping.fields[i];
		if (slice_equal(field->name, SLICE("site"))) {
			assert_int_equal(field->source, FIELD_CONSTANT);
			assert_int_equal(field->transport, TRANSPORT_STRING);
			assert_slice(field->value.text, "eu");
		} else if (slice_equal(field->name, SLICE("rank"))) {
			assert_int_equal(field->transport, TRANSPORT_LONG);
			assert_int_equal(field->value.i, 5);
		} else if (slice_equal(field->name, SLICE("total"))) {
			assert_int_equal(field->source, FIELD_FUNCTION);
			assert_true(field->typed);
			assert_int_equal(field->scale, 2);
		} else if (slice_equal(field->name, SLICE("twice"))) {
			assert_false(field->typed);
		} else if (slice_equal(field->name, SLICE("mixed"))) {
			assert_int_equal(field->source, FIELD_TEMPLATE);
			assert_slice(field->template, "at ${EXECUTE_TIME}");
		} else {
			assert_int_equal(field->source, FIELD_EXECUTE_TIME);
		}
	}
}

static void refused_tables(void **state)
{
	(void)state;
	const struct table *tables[] = {orders};
	load(HEAD "columns = { ['shop.orders'] = { drop = { 'nope' } } } }");
	assert_int_equal(script_prepare(f.script, 0, orders, &f.arena, &mapping, &f.err), -1);
	assert_int_equal(f.err.code, ERR_SCRIPT);
	assert_memory_equal(f.err.text, "sync.lua:", 9);
	assert_int_equal(script_check(f.script, 0, tables, 1, false, &f.err), -1);
	load(HEAD "}");
	orders->npk = 0;
	f.err = (struct err)ERR_INIT;
	assert_int_equal(script_check(f.script, 0, tables, 1, false, &f.err), -1);
	assert_non_null(strstr(f.err.text, "shop.orders"));
	orders->npk = 1;
	assert_int_equal(script_check(f.script, 0, tables, 1, false, &f.err), 0);
}

/* Two tables that meet in one topic without a rule for it are refused, unless the first was forgotten. */
static void forgotten_tables(void **state)
{
	(void)state;
	struct table *other = fixture_table(&f.arena, "web", "orders", ORDERS, 3);
	load("local sync, source = require 'tideway.sync', require 'tideway.source'\n"
	     "sync.run { name = 'a', source = source.mysql { user = 'u', tables = '*.orders' },\n"
	     "sink = require 'tideway.kafka'.sink { brokers = 'b:1' } }");
	struct mapping second;
	assert_ok(script_prepare(f.script, 0, orders, &f.arena, &mapping, &f.err));
	assert_int_equal(script_prepare(f.script, 0, other, &f.arena, &second, &f.err), -1);
	script_forget(f.script, 0, SLICE("shop.orders"));
	f.err = (struct err)ERR_INIT;
	assert_ok(script_prepare(f.script, 0, other, &f.arena, &second, &f.err));
	assert_slice(second.topic, "orders");
}

/* A check of thousands of tables keeps the columns of one at a time in memory. */
static void many_tables(void **state)
{
	(void)state;
	enum { N = 3000 };
	static const struct table *tables[N];
	char name[32];
	for (unsigned i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "t%u", i);
		tables[i] = fixture_table(&f.arena, "shop", name, ORDERS, NCOLUMNS);
		((struct table *)(uintptr_t)tables[i])->name =
			arena_copy(&f.arena, slice_str(name));
	}
	struct script_options options = fixture_options(&f);
	fixture_load(&f, HEAD "topics = { max = 5000 }, limits = { memory = '16MiB' } }", &options);
	assert_non_null(f.script);
	f.err = (struct err)ERR_INIT;
	assert_ok(script_check(f.script, 0, tables, N, false, &f.err));
	((struct table *)(uintptr_t)tables[2999])->npk = 0;
	assert_int_equal(script_check(f.script, 0, tables, N, false, &f.err), -1);
	assert_non_null(strstr(f.err.text, "shop.t2999"));
}

/* ---- values ---- */

static void reading(void **state)
{
	(void)state;
	prepare("on_change = function(c)\n"
		"local r, d = c.before, require 'tideway.decimal'\n"
		"assert(tostring(r.id) == '18446744073709551615' and r.id:eq(d "
		"'18446744073709551615'))\n"
		"assert(c.after.id == 7 and math.type(c.after.id) == 'integer')\n"
		"assert(r.name == 'Zo\\xc3\\xab') assert(r.price == 12.3 and math.type(r.price) == "
		"'float')\n"
		"assert(tostring(r.big) == '12345678901234567890.1234') assert(r.qty == -3) "
		"assert(r.ratio == 0.5)\n"
		"assert(r.at == 1700000000123) assert(r.day == 86400000) assert(r.raw == "
		"'\\xff\\0z')\n"
		"assert(r.flag == true) assert(r.bits == '\\x0a\\xbc') assert(r.small == 1.5)\n"
		"assert(r.count == 42 and math.type(r.count) == 'integer')\n"
		"local n, last = 0 for k, v in pairs(r) do n = n + 1 last = k end assert(n == 13 "
		"and last == 'count')\n"
		"local sync = require 'tideway.sync'\n"
		"assert(sync.has(r, 'qty') and not sync.has(r, 'nope') and sync.get(r, 'nope', 5) "
		"== 5)\n"
		"local copy = sync.copy(r) assert(copy.qty == -3 and getmetatable(copy) == nil)\n"
		"assert(c:changed('id') and c:changed 'name' and not c:changed 'qty')\n"
		"assert(c.op == 'update' and not c.is_new and c.db == 'shop' and c.table == "
		"'orders' and c.source == 'mysql')\n"
		"assert(c.time == 1700000000000 and c.file == 'bin.000001' and c.pos == 400 and "
		"c.gtid == nil and c.full == false)\n"
		"assert(c.image == 'after' and c.row == c.after and c.topic == nil)\n"
		"local all = c:copy() assert(all.before.qty == -3 and all.after.id == 7 and all.op "
		"== 'update' and all.row.id == 7)\n"
		"assert(tostring(c) == 'update of shop.orders' and tostring(r) == 'row of "
		"shop.orders')\n"
		"end");
	assert_ok(run_event(CHANGE_UPDATE));
	assert_int_equal(event.verdict, VERDICT_KEEP);
	new_values[1] = V_NULL;
	prepare("on_change = function(c) assert(c.row.name == nil and c.before == nil and c.is_new "
		"and c:changed 'qty') end");
	assert_ok(run_event(CHANGE_INSERT));
	prepare("on_change = function(c) assert(c.after == nil and c.image == 'before' and "
		"c.row.qty == -3) end");
	assert_ok(run_event(CHANGE_DELETE));
	prepare("on_change = function(c) assert(c.op == 'read' and c.full and c.is_new and c.file "
		"== nil and c.pos == nil) end");
	assert_ok(run_event(CHANGE_READ));
}

/* A row and its copy as JSON: unsigned numbers, floats, bits, bytes; a virtual column that the image omits is NULL, any
 * other column that it omits is absent. */
static void rows_as_json(void **state)
{
	static const char expected[] =
		"{\"id\":18446744073709551615,\"name\":\"Zo\xc3\xab\",\"price\":12.30,\"big\":"
		"12345678901234567890.1234,\"qty\":null,\"at\":1700000000123,\"day\":86400000,"
		"\"raw\":\"/wB6\",\"flag\":true,\"bits\":\"Crw=\",\"small\":0.1,\"count\":42}";
	(void)state;
	((struct column *)(uintptr_t)orders->columns)[4].is_virtual = true;
	old_values[4] = old_values[5] = (struct value){.kind = VALUE_UNSET};
	old_values[11] = V_F32((double)0.1f);
	prepare("on_change = function(c)\n"
		"local sync, json = require 'tideway.sync', require 'tideway.json'\n"
		"local copy, r = sync.copy(c.before), c.before\n"
		"assert(rawequal(copy.qty, json.null) and copy.ratio == nil)\n"
		"assert(sync.has(r, 'qty') and r.qty == nil and not sync.has(r, 'ratio'))\n"
		"local n = 0 for k in pairs(r) do n = n + 1 end assert(n == 12)\n"
		"c:emit { topic = c, key = c, value = r } c:emit { topic = c, key = c, value = "
		"copy }\n"
		"c:emit { topic = c, key = c, value = c:copy().before }\n"
		"copy.small, copy.price = 0.1, 12.345 c:emit { topic = c, key = c, value = copy } "
		"end");
	assert_ok(run_event(CHANGE_UPDATE));
	for (unsigned i = 0; i < 3; i++)
		assert_slice(event.emits[i].message.value, expected);
	assert_non_null(strstr(event.emits[3].message.value.ptr, "\"price\":12.345,"));
	assert_non_null(strstr(event.emits[3].message.value.ptr, "\"small\":0.1,"));
}

static void wrong_names(void **state)
{
	(void)state;
	prepare("columns = { ['shop.orders'] = { rename = { name = 'title' } } },\n on_change = "
		"function(c)\n"
		"return c.row[c.op == 'read' and 'title' or c.op == 'insert' and 'prise' or c.op "
		"== 'delete' and 5 or 'zzzzzzzz']\n end");
	assert_error(run_event(CHANGE_INSERT),
		     "sync.lua:7: table shop.orders has no column 'prise'; did you mean 'price'? "
		     "(columns: id, name, price,");
	assert_error(run_event(CHANGE_READ),
		     "sync.lua:7: table shop.orders has no column 'title': that is the "
		     "destination's name of column 'name'");
	assert_error(run_event(CHANGE_DELETE),
		     "sync.lua:7: table shop.orders: a column is named by a string");
	assert_error(run_event(CHANGE_UPDATE),
		     "sync.lua:7: table shop.orders has no column 'zzzzzzzz' (columns:");
	assert_int_equal(f.err.code, ERR_DATA);
	prepare("on_change = function(c)\n return c.qty end");
	assert_error(run_event(CHANGE_INSERT),
		     "sync.lua:6: a change has no field 'qty'; did you mean change.row.qty?");
	prepare("on_change = function(c)\n return c.befor end");
	assert_error(run_event(CHANGE_INSERT),
		     "sync.lua:6: a change has no field 'befor'; did you mean 'before'?");
	prepare("on_change = function(c)\n c.op = 'x' end");
	assert_error(run_event(CHANGE_INSERT), "sync.lua:6: change.op cannot be set");
	prepare("on_change = function(c)\n c.row.qty = 1 end");
	assert_error(run_event(CHANGE_INSERT),
		     "sync.lua:6: a row is read-only here: only on_row may change it");
	prepare("on_change = function(c)\n return c.row.name end");
	new_values[1].kind = VALUE_UNSET;
	assert_error(run_event(CHANGE_INSERT),
		     "sync.lua:6: column 'name' of table shop.orders is not in this row image");
}

#define LONG_NAME "a_name_of_the_64_characters_that_a_column_may_have_at_most______"

/* Lua does not intern names of more than 40 bytes; what is not a string is not a name. */
static void long_names(void **state)
{
	(void)state;
	static const struct column_spec specs[] = {{"id", COLUMN_INT, 0, 0, false},
						   {LONG_NAME, COLUMN_INT, 0, 0, false}};
	const struct value values[] = {V_INT(1), V_INT(2)};
	orders = fixture_table(&f.arena, "shop", "orders", specs, 2);
	layout = fixture_layout(&f.arena, orders);
	memcpy(new_values, values, sizeof(values));
	prepare("on_row = function(row) row." LONG_NAME " = row['" LONG_NAME "'] + 1 end,\n"
		"on_change = function(c) assert(c.row." LONG_NAME " == 3)\n"
		"assert(c:changed('" LONG_NAME "')) end");
	assert_ok(run_event(CHANGE_INSERT));
	assert_int_equal(change.after->edits[1].i, 3);
	script_done(f.script);
	static const char *const keys[] = {"1", "true", "print", "c", "c.row", "{}", "1.5"};
	for (unsigned i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		char text[200];
		snprintf(text, sizeof(text), "on_change = function(c) return c.row[%s] end",
			 keys[i]);
		prepare(text);
		assert_error(run_event(CHANGE_INSERT), "a column is named by a string");
		snprintf(text, sizeof(text), "on_change = function(c) return c[%s] end", keys[i]);
		prepare(text);
		assert_error(run_event(CHANGE_INSERT), "a change has no field");
	}
}

static void rows_expire(void **state)
{
	(void)state;
	char text[1000];
	snprintf(text, sizeof(text), "kept = false\n%s%s", HEAD,
		 "on_row = function(row, c)\n if c.op == 'delete' then kept = { row, c } end end,\n"
		 "topic = { { tables = '*.*', to = function(c) return 't' end } },\n"
		 "filter = function(row)\n return true end,\n"
		 "on_change = function(c)\n if c.op == 'insert' then return kept[1].qty == 1 end\n"
		 "if c.op == 'read' then return kept[2].op == 'x' end end }");
	load(text);
	assert_int_equal(script_prepare(f.script, 0, orders, &f.arena, &mapping, &f.err), 0);
	assert_ok(run_event(CHANGE_DELETE));
	script_done(f.script);
	/* between two changes the old one is no longer available */
	lua_State *L = f.script->main;
	lua_getglobal(L, "kept");
	lua_rawgeti(L, -1, 1);
	lua_pushstring(L, "qty");
	assert_int_equal(luaL_callmeta(L, -2, "__tostring"), 1);
	assert_string_equal(lua_tostring(L, -1), "row (expired)");
	lua_settop(L, 0);
	/* an insert has no old image */
	assert_error(run_event(CHANGE_INSERT), "sync.lua:12: row expired");
	/* another table's change */
	struct mapping other_mapping, first = mapping;
	struct table *other = fixture_table(&f.arena, "shop", "other", ORDERS, NCOLUMNS);
	assert_int_equal(script_prepare(f.script, 0, other, &f.arena, &other_mapping, &f.err), 0);
	mapping = other_mapping;
	assert_error(run_event(CHANGE_READ), "sync.lua:13: row expired");
	/* a released table */
	script_release(f.script, &first);
	assert_error(run_event(CHANGE_READ), "sync.lua:13: row expired");
}

/* A row that a function keeps must not show the next change of the same table. */
static void kept_rows_expire(void **state)
{
	(void)state;
	static const char *const uses[] = {
		"return kept.row.qty == 1",
		"return kept.change.op == 'x'",
		"return kept.change.row == nil",
		"return kept.change.after == nil",
		"return kept.of_closure() == 1",
		"return kept.of_change() == 1",
		"local ok, why = kept.resume() if not ok then error(why, 0) end return true",
		"for name in kept.iterator, kept.row do return name == 'x' end",
		"for name in pairs(kept.row) do return name == 'x' end",
		"return sync.has(kept.row, 'qty')",
		"return sync.get(kept.row, 'qty') == 1",
		"return sync.copy(kept.row).qty == 1",
		"return require('tideway.json').encode(kept.row) == ''",
		"return kept.change:changed('qty')",
		"return kept.change:copy().op == 'x'",
		"kept.change:emit { topic = 't', key = 1, value = 1 }",
		"kept.change.topic = 't'",
	};
	for (unsigned i = 0; i < sizeof(uses) / sizeof(*uses); i++) {
		char text[3000];
		script_release(f.script, &mapping);
		snprintf(text, sizeof(text),
			 "kept = false\n%son_change = function(change)\n"
			 "if not kept then\nlocal row = change.row\n"
			 "kept = { row = row, change = change, iterator = pairs(row),\n"
			 "of_closure = function() return row.qty end,\n"
			 "of_change = function() return change.row.qty end,\n"
			 "resume = coroutine.wrap(function() coroutine.yield()\n"
			 "  return pcall(function() return row.qty end) end) }\n"
			 "kept.resume() return\nend\n%s end }",
			 HEAD, uses[i]);
		load(text);
		assert_int_equal(script_prepare(f.script, 0, orders, &f.arena, &mapping, &f.err),
				 0);
		assert_ok(run_event(CHANGE_UPDATE));
		script_done(f.script);
		assert_error(run_event(CHANGE_UPDATE), ": row expired");
	}
}

/* Each function gets rows of its own: rows kept from the other image or from an earlier function expire. */
static void kept_rows_expire_within_a_change(void **state)
{
	(void)state;
	prepare("topic = { { tables = '*.*', to = (function()\nlocal kept\n"
		"return function(change)\nlocal row = kept or change.row\nkept = row\n"
		"return row.name end end)() } }");
	new_values[1] = old_values[1] = V_TEXT("topic");
	make(CHANGE_UPDATE);
	assert_ok(script_image(f.script, &mapping, &change, IMAGE_BEFORE, &image, &f.err));
	assert_error(script_image(f.script, &mapping, &change, IMAGE_AFTER, &image, &f.err),
		     "sync.lua:10: row expired");
	prepare("topic = { { tables = '*.*', to = function(change) kept = change.row return 't' "
		"end } },\nfields = { x = function() return kept.qty end }");
	assert_error(run_image(CHANGE_INSERT), "row expired");
}

static int records_of_images(void *arg, struct change *c, const struct message **records,
			     unsigned *n, struct err *err)
{
	(void)arg;
	*records = NULL;
	*n = 0;
	return script_image(f.script, &mapping, c, IMAGE_BEFORE, &image, err);
}

/* A function that asks for the records of its change still has its rows. */
static void rows_outlive_records(void **state)
{
	(void)state;
	struct script_host host = {.lane.records = records_of_images};
	struct script_options options = fixture_options(&f);
	options.host = &host;
	fixture_load(&f,
		     HEAD
		     "topic = { { tables = '*.*', to = function(c) return c.row.name end } },\n"
		     "on_change = function(change)\nlocal row = change.row\n"
		     "change:records()\n"
		     "assert(row == change.row and row == change.after)\n"
		     "assert(row.name == 'new' and change.before.name == 'old')\nend }",
		     &options);
	if (f.script == NULL)
		fail_msg("%s", f.err.text);
	assert_int_equal(script_prepare(f.script, 0, orders, &f.arena, &mapping, &f.err), 0);
	old_values[1] = V_TEXT("old");
	assert_ok(run_event(CHANGE_UPDATE));
	script_done(f.script);
}

static void writing(void **state)
{
	(void)state;
	prepare("on_row = function(row, c) if c.op ~= 'insert' then return end\n"
		"local d = require 'tideway.decimal'\n"
		"row.id = d '18446744073709551615' row.name = 'changed' row.price = 1.005 row.big "
		"= d '-5' row.qty = -2147483648\n"
		"row.ratio = 3 row.at = 0 row.day = nil row.raw = '\\xff' row.flag = false "
		"row.bits = 'ab' row.small = 0.1\n"
		"row.count = d '7.5'\n"
		"assert(row.name == 'changed' and row.price == 1.01 and row.day == nil and "
		"row.ratio == 3.0)\nend");
	assert_ok(run_event(CHANGE_INSERT));
	const struct value *e = change.after->edits;
	assert_int_equal(e[0].kind, VALUE_U64);
	assert_true(e[0].u == UINT64_MAX);
	assert_slice(e[1].text, "changed");
	assert_int_equal(e[2].kind, VALUE_DECIMAL);
	assert_slice(e[2].text, "1.01");
	assert_slice(e[3].text, "-5.0000");
	assert_int_equal(e[4].i, INT32_MIN);
	assert_int_equal(e[5].kind, VALUE_F64);
	assert_true(e[5].f == 3);
	assert_int_equal(e[6].kind, VALUE_MS);
	assert_int_equal(e[7].kind, VALUE_NULL);
	assert_int_equal(e[8].kind, VALUE_BYTES);
	assert_int_equal(e[9].kind, VALUE_BOOL);
	assert_int_equal(e[9].i, 0);
	assert_int_equal(e[10].text.len, 2);
	assert_int_equal(e[11].kind, VALUE_F32);
	assert_true(e[11].f == (double)0.1f);
	assert_slice(e[12].text, "8");
	script_done(f.script);
	assert_ok(run_event(CHANGE_READ));
	for (unsigned i = 0; i < NCOLUMNS; i++)
		assert_int_equal(change.after->edits[i].kind, VALUE_UNSET);
}

static void writing_what_does_not_fit(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"row.qty = 2147483648", "column 'qty' int of table shop.orders does not take "
					 "2147483648: the number is out of the column's range"},
		{"row.qty = 1.0", "does not take 1.0: expected an integer"},
		{"row.qty = '1'", "does not take a string: expected an integer"},
		{"row.id = -1", "out of the column's range"},
		{"row.name = 5", "does not take 5: expected a string"},
		{"row.name = '\\xff'", "the string is not valid UTF-8"},
		{"row.price = 123456789", "the number has more digits than the column"},
		{"row.price = 1/0", "the number is not finite"},
		{"row.price = '1'", "expected a number or a decimal"},
		{"row.ratio = 0/0", "out of the column's range"},
		{"row.small = 1e39", "out of the column's range"},
		{"row.at = 1.5", "expected an integer, the milliseconds since 1970"},
		{"row.at = math.maxinteger", "outside of the years 0 to 9999"},
		{"row.day = 1", "a DATE is the milliseconds of a midnight"},
		{"row.flag = 1", "expected a boolean"},
		{"row.bits = 'abc'", "as many bytes as the column"},
		{"row.raw = {}", "does not take a table: expected a string"},
		{"row.nope = 1", "has no column 'nope'"},
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[300];
		snprintf(text, sizeof(text), "on_row = function(row)\n %s end", cases[i][0]);
		prepare(text);
		assert_error(run_event(CHANGE_INSERT), cases[i][1]);
		assert_memory_equal(f.err.text, "sync.lua:6: ", 12);
	}
}

/* ---- verdicts ---- */

static void verdicts(void **state)
{
	(void)state;
	prepare("on_change = function(c) if c.op == 'insert' then return false elseif c.op == "
		"'read' then return true end end");
	assert_ok(run_event(CHANGE_INSERT));
	assert_int_equal(event.verdict, VERDICT_DROP);
	assert_ok(run_event(CHANGE_READ));
	assert_int_equal(event.verdict, VERDICT_KEEP);
	prepare("filter = { ['shop.orders'] = function(row) return row.name == 'new' end }");
	assert_ok(run_event(CHANGE_UPDATE));
	assert_int_equal(event.verdict, VERDICT_INSERT);
	assert_ok(run_event(CHANGE_DELETE));
	assert_int_equal(event.verdict, VERDICT_DROP);
	assert_ok(run_event(CHANGE_INSERT));
	assert_int_equal(event.verdict, VERDICT_KEEP);
	prepare("filter = { ['shop.orders'] = function(row) return row.name ~= 'new' end }");
	assert_ok(run_event(CHANGE_UPDATE));
	assert_int_equal(event.verdict, VERDICT_DELETE);
	prepare("on_change = function(c)\n return 5 end");
	assert_error(run_event(CHANGE_INSERT), "sync.lua:");
	prepare("on_change = function(c)\n error 'mine' end");
	assert_error(run_event(CHANGE_INSERT), "sync.lua:6: mine");
	prepare("on_change = function(c)\n while true do end end");
	assert_error(run_event(CHANGE_INSERT), "sync.lua:6: stopped after 10000000 instructions");
	assert_error(run_event(CHANGE_INSERT), "sync.lua:6: stopped after 10000000 instructions");
	prepare("on_change = function(c)\n local s = string.rep('x', 1 << 30) end");
	assert_error(run_event(CHANGE_INSERT), "not enough memory");
	prepare("limits = { instructions = 20000 }, on_change = function(c)\n while true do end "
		"end");
	assert_error(run_event(CHANGE_INSERT), "stopped after 20000 instructions");
	prepare("limits = { memory = '8MiB' }, on_change = function(c)\n"
		"local s = string.rep('x', 9 << 20) end");
	assert_error(run_event(CHANGE_INSERT), "limited to 8388608 bytes (limits.memory)");
	prepare("limits = { memory = '160MiB' }, on_change = function(c)\n"
		"local s = string.rep('x', 70 << 20) end");
	assert_ok(run_event(CHANGE_INSERT));
	prepare("limits = { regex_steps = 1000 }, on_change = function(c)\n"
		"require('tideway.regex').new('^(a+)+$'):match(string.rep('a', 14) .. 'b') end");
	assert_error(run_event(CHANGE_INSERT), "more than 1000 steps (limits.regex_steps)");
	prepare("on_change = function(c)\n"
		"require('tideway.regex').new('^(a+)+$'):match(string.rep('a', 14) .. 'b') end");
	assert_ok(run_event(CHANGE_INSERT));
}

/* The limits of a lane are those of its sync; a state that works for all syncs has the largest ones. What a script keeps when it
 * is loaded counts, what it needed meanwhile does not. */
static void limits_of_syncs(void **state)
{
	(void)state;
	static const char TWO[] =
		"local sync, source, kafka = require 'tideway.sync', require 'tideway.source', "
		"require 'tideway.kafka'\n"
		"local kept = string.rep('x', 20 << 20)\n"
		"kept = kept .. kept\n"
		"for _, one in ipairs { { 'a', '100MiB' }, { 'b', '32MiB' } } do\n"
		"  sync.run { name = one[1], source = source.mysql { host = 'h', user = 'u', "
		"tables = { 'shop.*' } },\n"
		"    sink = kafka.sink { brokers = 'k:9092' }, limits = { memory = one[2] },\n"
		"    on_change = function() return #kept > 0 end }\n"
		"end\n";
	struct script_options options = fixture_options(&f);
	fixture_load(&f, TWO, &options);
	if (f.script == NULL)
		fail_msg("%s", f.err.text);
	assert_ok(script_limit(f.script, 0, &f.err));
	assert_error(script_limit(f.script, 1, &f.err), "limits.memory is 33554432");
	assert_int_equal(f.err.id, E_SCRIPT_MEMORY);
}

static void setting_and_emitting(void **state)
{
	(void)state;
	prepare("on_change = function(c) local json = require 'tideway.json'\n"
		"assert(c.topic == nil) c.topic = 'other' assert(c.topic == 'other') c.key = { "
		"'a', 5 } assert(c.key == 'a,5')\n"
		"c.headers = { b = '2', a = 1 } assert(c.headers.a == '1')\n"
		"for i = 1, 5 do c:emit { topic = 't' .. i, key = c, value = c } end\n"
		"c:emit { topic = c, key = json.null, value = { id = c.row.qty, list = json.array "
		"{} }, "
		"headers = { h = 'v' }, partition = 3 }\n"
		"c:emit { topic = c, value = json.null, key = 9 }\n"
		"c:emit { topic = c, key = c, value = 'as it is' } end");
	assert_ok(run_event(CHANGE_INSERT));
	assert_slice(event.topic, "other");
	assert_true(event.has_key);
	assert_slice(event.key, "a,5");
	assert_int_equal(event.nheaders, 2);
	assert_slice(event.headers[0].name, "a");
	assert_slice(event.headers[1].value, "2");
	assert_int_equal(event.nemits, 8);
	assert_slice(event.emits[4].message.topic, "t5");
	assert_false(event.emits[4].has_key);
	assert_false(event.emits[4].has_value);
	assert_int_equal(event.emits[4].message.partition, -1);
	const struct emitted *e = &event.emits[5];
	assert_null(e->message.topic.ptr);
	assert_true(e->has_key && e->message.key.ptr == NULL);
	assert_slice(e->message.value, "{\"id\":-3,\"list\":[]}");
	assert_int_equal(e->message.nheaders, 1);
	assert_int_equal(e->message.partition, 3);
	assert_true(event.emits[6].has_value && event.emits[6].message.value.ptr == NULL);
	assert_slice(event.emits[6].message.key, "9");
	assert_slice(event.emits[7].message.value, "as it is");
	script_done(f.script);
}

static void setting_and_emitting_what_is_wrong(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"c:emit { topik = 'x' }", "change:emit: unknown field 'topik'"},
		{"c:emit 'x'", "change:emit takes a table"},
		{"c:emit { key = 1, value = 1 }",
		 "sync.lua:6: change:emit: topic is missing (nil): give it the name of a topic, or "
		 "`change` for the change's own"},
		{"c:emit { topic = 'a', value = 1 }",
		 "change:emit: key is missing (nil): give it a key, or json.null for a null key"},
		{"c:emit { topic = 'a', key = 1, value = nil }",
		 "change:emit: value is missing (nil): give it a value, or json.null for a "
		 "tombstone, "
		 "or `change`"},
		{"c:emit { topic = require('tideway.json').null, key = 1, value = 1 }",
		 "a topic is a string, not a userdata"},
		{"c.key = nil", "change.key was set to nil: a null key is json.null"},
		{"c.topic = nil", "change.topic was set to nil: a topic is a string"},
		{"c:emit { topic = 'a b', key = 1, value = 1 }",
		 "topic 'a b': a topic name has letters, digits"},
		{"c:emit { topic = 5, key = 1, value = 1 }", "a topic is a string, not a number"},
		{"c:emit { topic = c, key = 1.5, value = 1 }",
		 "a key is a string, an integer or a list of them, not a float"},
		{"c:emit { topic = c, key = 1, value = print }",
		 "json.encode: JSON has no function"},
		{"c:emit { topic = c, key = 1, value = 1, partition = -1 }",
		 "partition: expected an integer from 0 on"},
		{"c:emit { topic = c, key = 1, value = 1, headers = { 'a' } }",
		 "headers are a table of name = value"},
		{"c.topic = 'a/b'", "topic 'a/b'"},
		{"c.key = true", "not a boolean"},
		{"c.key = {}", "not an empty table"},
		{"c.emit {}", "expected a change"},
		{"c:changed 'x'", "has no column 'x'"},
		{"c:records()", "records() is not available here"},
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[300];
		snprintf(text, sizeof(text), "on_change = function(c)\n %s end", cases[i][0]);
		prepare(text);
		assert_error(run_event(CHANGE_INSERT), cases[i][1]);
		assert_memory_equal(f.err.text, "sync.lua:6: ", 12);
	}
}

/* ---- images ---- */

static void images(void **state)
{
	(void)state;
	prepare("topic = { { tables = 'shop.orders', to = function(c) return 't.' .. c.image end } "
		"},\n"
		"key = { ['shop.orders'] = function(c) return { c.row.name, 5 } end },\n"
		"fields = { a = function(c) return c.row.qty end, b = function(c) return "
		"c.row.ratio end,\n"
		"c = function(c) return nil end, d = function(c) return c.row.big end, e = "
		"function() return true end,\n"
		"f = function(c) return 'long enough not to be interned by Lua, 40 bytes' .. "
		"c.row.name end }");
	assert_int_equal(mapping.functions.nslots, 6);
	assert_ok(run_image(CHANGE_INSERT));
	assert_int_equal(image.ntopics, 1);
	assert_slice(image.topics[0], "t.after");
	assert_int_equal(image.nkey, 2);
	assert_slice(image.key[0].text, "new");
	assert_int_equal(image.key[1].i, 5);
	assert_int_equal(image.slots[0].kind, VALUE_I64);
	assert_int_equal(image.slots[1].kind, VALUE_F64);
	assert_int_equal(image.slots[2].kind, VALUE_NULL);
	assert_int_equal(image.slots[3].kind, VALUE_DECIMAL);
	assert_slice(image.slots[3].text, "12345678901234567890.1234");
	assert_int_equal(image.slots[4].kind, VALUE_BOOL);
	/* results of one image live while the other is made */
	struct slice kept = image.slots[5].text;
	struct image_result second;
	change.op = CHANGE_UPDATE;
	change.before = row_of(old_values);
	assert_ok(script_image(f.script, &mapping, &change, IMAGE_BEFORE, &second, &f.err));
	assert_slice(second.topics[0], "t.before");
	assert_slice(kept, "long enough not to be interned by Lua, 40 bytesnew");
	script_done(f.script);
	prepare("topic = { { tables = 'shop.orders', to = function(c) return { 'a', 'b' } end } }");
	assert_ok(run_image(CHANGE_DELETE));
	assert_int_equal(image.ntopics, 2);
	assert_slice(image.topics[1], "b");
}

static void images_of_wrong_types(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"topic = { { tables = '*.*', to =\n function(c) return nil end } }",
		 "sync.lua:6: the topic function returned nil: expected a string or a list"},
		{"topic = { { tables = '*.*', to =\n function(c) return 1.5 end } }",
		 "the topic function returned a float"},
		{"topic = { { tables = '*.*', to =\n function(c) return 'a b' end } }",
		 "the topic function returned 'a b': a topic name has letters"},
		{"topic = { { tables = '*.*', to =\n function(c) return '' end } }",
		 "sync.lua:6: the topic function returned '': a topic name is not empty"},
		{"topic = { { tables = '*.*', to =\n function(c) return {} end } }",
		 "an empty table"},
		{"topic = { { tables = '*.*', to =\n function(c) return { 'a', 5 } end } }",
		 "returned an integer"},
		{"topic = { { tables = '*.*', to =\n function(c) return ('x'):rep(250) end } }",
		 "at most 249 characters"},
		{"key = { ['shop.orders'] =\n function(c) return nil end }",
		 "sync.lua:6: the key function returned nil"},
		{"key = { ['shop.orders'] =\n function(c) return 1.0 end }",
		 "the key function returned a float"},
		{"key = { ['shop.orders'] =\n function(c) return { true } end }",
		 "the key function returned a boolean"},
		{"key = { ['shop.orders'] =\n function(c) return '\\xff' end }", "not valid UTF-8"},
		{"fields = { x =\n function(c) return {} end }",
		 "sync.lua:6: field 'x': the function returned a table"},
		{"fields = { x =\n function(c) return print end }",
		 "field 'x': the function returned a function"},
		{"fields = { x =\n function(c) return 0/0 end }",
		 "field 'x': the function returned a number that is not finite"},
		{"fields = { x =\n function(c) return '\\xc3' end }",
		 "field 'x': the function returned a string that is not valid UTF-8"},
		{"fields = { x =\n function(c) return c.row.nope end }",
		 "sync.lua:6: table shop.orders has no column 'nope'"},
		{"fields = { x =\n function(c) c.row.qty = 1 end }",
		 "sync.lua:6: a row is read-only here"},
		{"fields = { x =\n function(c) c:emit {} end }",
		 "sync.lua:6: change:emit works in on_change only"},
		{"fields = { x =\n function(c) c.topic = 'a' end }", "works in on_change only"},
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		prepare(cases[i][0]);
		assert_error(run_image(CHANGE_INSERT), cases[i][1]);
		assert_int_equal(f.err.code, ERR_DATA);
	}
}

/* The check of one name does not count for the next one. */
static void topics_that_alternate(void **state)
{
	(void)state;
	prepare("topic = { { tables = '*.*', to = function(c) return c.row.name end } }");
	const char *names[] = {"a.b", "a.b", "a", "a.b", "b"};
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		new_values[1] = (struct value){.kind = VALUE_TEXT, .text = slice_str(names[i])};
		assert_ok(run_image(CHANGE_INSERT));
		assert_slice(image.topics[0], names[i]);
		script_done(f.script);
	}
	new_values[1] = V_TEXT("a b");
	assert_error(run_image(CHANGE_INSERT), "the topic function returned 'a b'");
	new_values[1] = V_TEXT("");
	assert_error(run_image(CHANGE_INSERT), "the topic function returned ''");
}

static void nothing_grows(void **state)
{
	(void)state;
	size_t before = 0;
	prepare("on_row = function(row) row.name = row.name .. '!' end,\n"
		"topic = { { tables = '*.*', to = function(c) return 't.' .. c.row.name:sub(1, 1) "
		"end } }");
	for (int i = 0; i < 3000; i++) {
		assert_ok(run_event(CHANGE_UPDATE));
		assert_ok(script_image(f.script, &mapping, &change, IMAGE_BEFORE, &image, &f.err));
		assert_ok(script_image(f.script, &mapping, &change, IMAGE_AFTER, &image, &f.err));
		script_done(f.script);
		if (i == 1000)
			before = script_memory(f.script);
		arena_reset(&f.script->event);
	}
	assert_true(script_memory(f.script) < before * 2 + 100000);
	assert_int_equal(lua_gettop(f.script->main), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(configuration),
		TEST(several_hosts),
		TEST(wrong_hosts),
		TEST(wrong_options),
		TEST(secrets),
		TEST(plain_table),
		TEST(unwanted_table),
		TEST(everything),
		TEST(refused_tables),
		TEST(many_tables),
		TEST(forgotten_tables),
		TEST(reading),
		TEST(rows_as_json),
		TEST(wrong_names),
		TEST(long_names),
		TEST(rows_expire),
		TEST(kept_rows_expire),
		TEST(kept_rows_expire_within_a_change),
		TEST(rows_outlive_records),
		TEST(writing),
		TEST(writing_what_does_not_fit),
		TEST(verdicts),
		TEST(limits_of_syncs),
		TEST(setting_and_emitting),
		TEST(setting_and_emitting_what_is_wrong),
		TEST(images),
		TEST(images_of_wrong_types),
		TEST(nothing_grows),
		TEST(topics_that_alternate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
