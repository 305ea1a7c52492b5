-- sync.run: options as data, defaults, errors with file:line and the nearest right name.
local test = require "tideway.test"
local core = require "tideway.core"
local option = require "tideway.core.option"
local tables = require "support.tables"

local function config(options)
  return core.config(tables.sync(options))
end

local function refused(options, words)
  test.case("refused: " .. words, function()
    local message = test.raises(function() tables.sync(options) end, words)
    test.ok(message:find("^[%w_/]+%.lua:%d+: "), "no file:line in " .. message)
  end)
end

test.case("defaults", function()
  local c = config {}
  test.equal(c.mode, "full_then_stream")
  test.equal(c.heartbeat_s, 5)
  test.equal(c.heartbeat_topic, nil)
  test.equal(c.checkpoint_topic, "tideway.unit")
  test.equal(c.checkpoint_file, nil)
  test.equal(c.full_parallel, 0)
  test.equal(c.full_rows_per_second, 0)
  test.equal(c.row_max, nil)
  test.equal(c.script_memory, 67108864)
  test.equal(c.script_instructions, 10000000)
  test.equal(c.script_regex_steps, 1000000)
  test.equal(c.has_loop, false)
  test.equal(c.isolated, false)
  test.equal(c.on_purged, "stop")
  test.equal(c.quarantines, false)
  test.same(c.topics, { create = true, partitions = 6, partitions_without_key = 1, max = 1000, config = {}, named = {} })
  test.ok(c.line > 0)
end)

test.case("where schema changes are written", function()
  test.equal(config {}.ddl_topic, nil)
  test.equal(config {}.ddl_partitions, "first")
  local c = config { ddl_topic = "all.ddl", ddl_partitions = "all" }
  test.equal(c.ddl_topic, "all.ddl")
  test.equal(c.ddl_partitions, "all")
end)
refused({ ddl_topic = "a b" }, 'ddl_topic: "a b" ')
refused({ ddl_topic = {} }, "ddl_topic: must be a string")
refused({ ddl_partitions = "al" }, 'ddl_partitions: "al" is not one of its values, did you mean "all"?')
refused({ ddl_partitions = 3 }, "ddl_partitions: must be a string")

test.case("which rows are copied, and in which order", function()
  tables.sync { full = { where = { ["a.b"] = "x > 1", ["a.*"] = "y" }, order = { "a.z*", "a.b" } } }
  local function copy(name) return { core.copy(1, "a", name) } end
  test.equal(copy("b")[1], "x > 1")
  test.ok(copy("b")[2]:find('^[%w_/]+%.lua:%d+: full%.where%["a%.b"%]$'), copy("b")[2])
  test.equal(copy("b")[3], 1)
  test.equal(copy("z1")[1], "y")
  test.equal(copy("z1")[3], 0)
  test.equal(copy("c")[3], 2)
  test.equal(core.copy(1, "other", "t"), nil)
end)
test.case("which tables are not copied", function()
  tables.sync { full = { skip = { "a.*", "!a.b" } } }
  test.equal(select(4, core.copy(1, "a", "c")), true)
  test.equal(select(4, core.copy(1, "a", "b")), false)
  test.equal(select(4, core.copy(1, "x", "c")), false)
end)
refused({ full = { skip = { "users" } } }, "full.skip")
refused({ full = { skip = { a = "b.c" } } }, "full.skip: must be")
refused({ full = { where = "x > 1" } }, "full.where: must be a table")
refused({ full = { where = { ["a.b"] = 3 } } }, 'full.where["a.b"]: must be a condition in SQL')
refused({ full = { where = { ["a.b"] = " " } } }, 'full.where["a.b"]: is an empty condition')
refused({ full = { where = { "x > 1" } } }, "full.where")
refused({ full = { where = { users = "x > 1" } } }, "full.where.users")
refused({ full = { order = { "!a.b" } } }, "full.order[1]: an exclude has no place in an order")
refused({ full = { order = { 3 } } }, "full.order: must be")
refused({ full = { wher = {} } }, 'did you mean "where"?')

test.case("texts of the errors", function()
  local loop = function() end
  local c = config { mode = "stream", heartbeat = { seconds = 2, topic = "beats" }, checkpoint = { file = "a.json" },
    full = { parallel = 2, rows_per_second = 100 }, loop = loop, topics = "existing" }
  test.equal(c.mode, "stream")
  test.equal(c.heartbeat_s, 2)
  test.equal(c.heartbeat_topic, "beats")
  test.equal(c.checkpoint_file, "a.json")
  test.equal(c.checkpoint_topic, nil)
  test.equal(c.full_parallel, 2)
  test.equal(c.full_rows_per_second, 100)
  test.equal(c.has_loop, true)
  test.equal(core.loop(1), loop)
  test.equal(c.topics.create, false)
  test.equal(config { on_failure = "isolate" }.isolated, true)
  test.equal(config { on_purged = "jump" }.on_purged, "jump")
  test.equal(config { on_purged = "resync" }.on_purged, "resync")
  test.equal(config { on_table_error = "quarantine" }.quarantines, true)
  test.equal(config { start = "now", mode = "stream" }.start_earliest, false)
  test.equal(config { start = "earliest", mode = "stream" }.start_earliest, true)
  test.equal(config { start = { gtid = "0-1-5" }, mode = "stream" }.start_gtid, "0-1-5")
  c = config { start = { file = "bin.000001", pos = 8589934592 }, mode = "stream" }
  test.same({ c.start_file, c.start_pos, c.start_earliest }, { "bin.000001", 8589934592, false })
  test.equal(config { heartbeat = false }.heartbeat_s, 0)
  test.equal(config { heartbeat = { kind = "heartbeat", interval = 7 } }.heartbeat_s, 7)
  test.equal(config { checkpoint = { topic = "cp" } }.checkpoint_topic, "cp")
end)

test.case("ddl: the policy of each kind of statements, also by the names of DataWorks", function()
  local kinds = { "create_table", "drop_table", "add_column", "drop_column", "rename_column", "modify_column", "rename_table", "truncate",
    "create_index", "drop_index", "other" }
  local ddl = config({}).ddl
  for _, kind in ipairs(kinds) do test.equal(ddl[kind], "normal") end
  ddl = config({ ddl = { drop_table = "alert", other = "ignore", truncate = "error" } }).ddl
  test.same({ ddl.drop_table, ddl.other, ddl.truncate, ddl.add_column }, { "alert", "ignore", "error", "normal" })
  ddl = config({ ddl = { RENAMECOLUMN = "NORMAL", DROPTABLE = "IGNORE", CREATETABLE = "WARNING", MODIFYCOLUMN = "CRITICAL",
    TRUNCATETABLE = "alert", DROPCOLUMN = "error", ADDCOLUMN = "ignore", RENAMETABLE = "CRITICAL" } }).ddl
  test.same({ ddl.rename_column, ddl.drop_table, ddl.create_table, ddl.modify_column }, { "normal", "ignore", "alert", "error" })
  test.same({ ddl.truncate, ddl.drop_column, ddl.add_column, ddl.rename_table }, { "alert", "error", "ignore", "error" })
end)

refused({ ddl = { drop_tabel = "alert" } }, 'ddl.drop_tabel: there is no such option in ddl, did you mean "drop_table"?')
refused({ ddl = { drop_table = "warn" } }, 'ddl.drop_table: "warn" is not one of its values; they are: alert, error, ignore, normal')
refused({ ddl = { drop_table = "eror" } }, 'ddl.drop_table: "eror" is not one of its values, did you mean "error"?')
refused({ ddl = { drop_table = true } }, "ddl.drop_table: must be a string, not boolean (true)")
refused({ ddl = { DROPTABLE = "IGNORE", drop_table = "ignore" } }, "ddl: has two names of one kind of statements, drop_table")
refused({ ddl = "ignore" }, 'ddl: must be a table, not a string ("ignore")')
refused({ ddl = { "ignore" } }, "has a value without a name")

test.case("partitions that are adopted", function()
  local topics = config { topics = { partitions = "adopt" } }.topics
  test.equal(topics.partitions, 6)
  test.equal(topics.adopt, true)
end)

test.case("lanes", function()
  test.equal(config { full = { parallel = "auto" } }.full_parallel, 0)
  test.equal(config { full = { parallel = 256 } }.full_parallel, 256)
end)

test.case("sizes", function()
  local function row_max(written) return config { limits = { row_max = written } }.row_max end
  test.equal(row_max(1), 1)
  test.equal(row_max("70000"), 70000)
  test.equal(row_max("64KiB"), 65536)
  test.equal(row_max("16 MiB"), 16777216)
  test.equal(row_max("2GiB"), 2147483648)
end)

test.case("topic settings: sorted, as text", function()
  local c = config { topics = { replication = 3, config = { ["retention.ms"] = 1000, ["cleanup.policy"] = "delete",
    preallocate = true, x = 1.5, y = 2.0 } } }
  test.same(c.topics.config, { { "cleanup.policy", "delete" }, { "preallocate", "true" }, { "retention.ms", "1000" },
    { "x", "1.5" }, { "y", "2" } })
  test.equal(c.topics.replication, 3)
end)

test.case("topics with settings of their own: all that they are created with", function()
  local c = config { topics = { replication = 3, config = { ["retention.ms"] = 1000, ["cleanup.policy"] = "delete" }, named = {
    ["shop.orders"] = { partitions = 24, config = { ["retention.ms"] = 5, ["min.insync.replicas"] = 2 } },
    ["a-first"] = { replication = 1 } } } }
  test.same(c.topics.named, {
    { name = "a-first", replication = 1, config = { { "cleanup.policy", "delete" }, { "retention.ms", "1000" } } },
    { name = "shop.orders", partitions = 24, replication = 3,
      config = { { "cleanup.policy", "delete" }, { "min.insync.replicas", "2" }, { "retention.ms", "5" } } } })
end)

local function to_one_topic(options)
  options.topic = "orders"
  return tables.sync(options)
end

test.case("a name in topics.named to which no table goes", function()
  local t = tables.make("shop.users")
  local function warnings(named, more)
    local options = { topics = { named = named } }
    for name, value in pairs(more or {}) do options[name] = value end
    return core.check(to_one_topic(options), { t })
  end
  test.same(warnings { orders = { partitions = 2 } }, {})
  local found = warnings { oders = { partitions = 2 } }
  test.equal(#found, 1)
  test.ok(found[1]:find('^[%w_/]+%.lua:%d+: topics%.named%.oders: no table goes to this topic, did you mean "orders"%?$'), found[1])
  test.same(warnings({ beats = { partitions = 2 } }, { heartbeat = { topic = "beats" } }), {})
  test.raises(function() warnings({ oders = {} }, { unmatched = "error" }) end, "no table goes to this topic")
  local i = tables.sync { topics = { named = { any = {} } }, topic = function() return "x" end }
  test.same(core.check(i, { t }), {})
end)

test.case("a topic of topics.named that is compacted, or not", function()
  local t = tables.make("shop.users", nil, { pk = {} })
  local function check(topics) return core.check(to_one_topic { topics = topics, no_primary_key = "empty" }, { t }) end
  local compact, delete = { ["cleanup.policy"] = "compact" }, { ["cleanup.policy"] = "delete" }
  test.raises(function() check { named = { orders = { config = compact } } } end, 'topics.named["orders"] compacts the topic')
  test.raises(function() check { config = compact, named = { others = { config = delete } } } end, "topics.config compacts the topic")
  test.same(check { config = compact, named = { orders = { config = delete } } }, {})
end)

refused({ topics = { named = { orders = { partitons = 6 } } } },
  'topics.named.orders.partitons: there is no such option in named topic, did you mean "partitions"?')
refused({ topics = { named = { orders = { partitions = 0 } } } }, "topics.named.orders.partitions: must be from 1 to 100000, not 0")
refused({ topics = { named = { orders = 6 } } }, "topics.named.orders: must be a table of options, not number (6)")
refused({ topics = { named = { ["a b"] = {} } } }, 'has the character " "')
refused({ topics = { named = { {} } } }, "topics.named: must be a map of topics and their settings, not a list")
refused({ topics = { create = false, named = { orders = {} } } }, "topics.named: does nothing when topics.create is false")
refused({ heartbeet = 5 }, 'there is no such option in sync.run, did you mean "heartbeat"?')
refused({ topics = { partitons = 6 } }, 'topics.partitons: there is no such option in topics, did you mean "partitions"?')
refused({ topics = { partitions = 0 } }, "topics.partitions: must be from 1 to 100000, not 0")
refused({ topics = { partitions = "6" } }, 'topics.partitions: must be an integer or "adopt", not a string ("6")')
refused({ topics = { partitions = 6.0 } }, "topics.partitions: must be an integer or a string")
refused({ topics = "exist" }, 'must be "existing" or a table')
refused({ topics = { config = { "x" } } }, "must be a map of names and values")
refused({ topics = { config = { x = {} } } }, "must be a string, number or boolean")
refused({ mode = "ful" }, '"ful" is not one of its values, did you mean "full"?')
refused({ heartbeat = true }, "must be a number, false or a table, not boolean (true)")
refused({ heartbeat = 0 }, "must be from 0.1 to 3600, not 0")
refused({ heartbeat = { second = 5 } }, 'heartbeat.second: there is no such option in heartbeat, did you mean "seconds"?')
refused({ heartbeat = { topic = "a b" } }, "heartbeat.topic")
refused({ checkpoint = { topic = "a", file = "b" } }, "either a topic or a file")
refused({ full = { parallel = 0 } }, "full.parallel: must be from 1 to 256, not 0")
refused({ full = { parallel = "2" } }, 'full.parallel: must be an integer or "auto", not a string ("2")')
refused({ full = { parallel = 2.0 } }, "full.parallel: must be an integer or a string")
refused({ limits = { row_max = 0 } }, "limits.row_max: must be from 1 to 2^53 bytes, not 0")
refused({ limits = { row_max = -1 } }, "limits.row_max: must be bytes or a text like")
refused({ limits = { row_max = 1.5 } }, "limits.row_max: must be an integer or a string")
refused({ limits = { row_max = "1MB" } }, 'must be bytes or a text like "64KiB", "16MiB", "1GiB", not a string ("1MB")')
refused({ limits = { row_max = "" } }, "limits.row_max: must be bytes or a text like")
refused({ limits = { row_max = "99999999999GiB" } }, "limits.row_max: must be from 1 to 2^53 bytes")
refused({ limits = { memory = "64MB" } }, 'limits.memory: must be bytes or a text like "64KiB"')
refused({ limits = { instructions = 9999 } }, "limits.instructions: must be from 10000 to")
refused({ limits = { instructions = "10000" } }, "limits.instructions: must be an integer")
refused({ limits = { regex_steps = 0 } }, "limits.regex_steps: must be from 1000 to 4294967295")
refused({ limits = { row_min = 1 } }, 'there is no such option in limits, did you mean "row_max"?')
refused({ name = "a b" }, "name: \"a b\" is not a name")
refused({ name = ("x"):rep(49) }, "at most 48 characters")
refused({ "x" }, "has a value without a name (number 1)")
refused({ source = { tables = { "a.b" } } }, "must be source.mysql { ... }: a plain table of options does not name")
refused({ source = { kind = "kafka" } }, "not the options of a kafka")
refused({ source = { { kind = "mysql" } } }, "source[1]: needs a name")
refused({ source = { { kind = "mysql", name = "a", tables = "x.*" }, { kind = "mysql", name = "a", tables = "x.*" } } },
  'source[2]: has the name "a", which another source of the list has')
refused({ source = { { kind = "mysql", name = "a b", tables = "x.*" } } }, 'source[1]: "unit.a b" is not a name')
refused({ source = { { kind = "mysql", name = ("x"):rep(44), tables = "x.*" } } }, "is not a name")
refused({ source = { { kind = "mysql", name = "a", tables = "x.*" }, "b" } }, "source[2]: must be source.mysql { ... }")
refused({ source = { { kind = "mysql", name = "a", tables = "x.*" }, nil, { kind = "mysql", name = "b" } } },
  "item 2 of the list is nil")
refused({ source = { { kind = "mysql", name = "a", tables = "x.*" }, { kind = "mysql", name = "b" } } }, "source[2].tables: is missing")
refused({ source = { kind = "mysql" } }, "source.tables: is missing")
refused({ source = { kind = "mysql", tables = { "shop" } } }, '"shop" has no dot')
refused({ sink = { kind = "mysql" } }, "must be kafka.sink { ... } or kafka.lines { ... }, not the options of a mysql")
refused({ loop = 5 }, "loop: must be a function, not number (5)")
refused({ update = "three" }, "is not one of its values")
refused({ update = { ["a.b"] = "three" } }, 'update["a.b"]')
refused({ unmatched = "fail" }, "unmatched")
refused({ on_purged = "jumps" }, 'on_purged: "jumps" is not one of its values, did you mean "jump"?')
refused({ on_table_error = "quarantine", mode = "full" }, 'on_table_error: "quarantine" needs mode = "full_then_stream"')
refused({ on_purged = "resync", mode = "stream" }, 'on_purged: "resync" copies tables, and with mode = "stream" none is copied')
refused({ start = "now" }, 'start: needs mode = "stream"')
refused({ start = "earliest", mode = "full" }, 'start: needs mode = "stream"')
refused({ start = "yesterday", mode = "stream" }, 'start: must be "now", "earliest", { gtid = ... } or { file =, pos = }')
refused({ start = 5, mode = "stream" }, "start: must be a string or a table")
refused({ start = {}, mode = "stream" }, "start: needs gtid, or file and pos")
refused({ start = { file = "bin.000001" }, mode = "stream" }, "start: needs gtid, or file and pos")
refused({ start = { pos = 4 }, mode = "stream" }, "start: needs gtid, or file and pos")
refused({ start = { gtid = "0-1-1", pos = 4 }, mode = "stream" }, "start: is either gtid, or file and pos")
refused({ start = { gtid = " " }, mode = "stream" }, 'start.gtid: is empty: start = "earliest"')
refused({ start = { file = "", pos = 4 }, mode = "stream" }, "start.file: is empty")
refused({ start = { file = "bin.000001", pos = 3 }, mode = "stream" }, "start.pos: must be from 4 to")
refused({ start = { file = "bin.000001", pos = "4" }, mode = "stream" }, "start.pos: must be an integer")
refused({ start = { position = 4 }, mode = "stream" }, "there is no such option in start")
refused({ start = { file = "bin.000001", pos = 4 }, mode = "stream", source = { kind = "mysql", hosts = { "a", "b" }, tables = "x.*" } },
  "start.file: is a file of one server, and source has several hosts")
refused({ start = { gtid = "0-1-1" }, mode = "stream", source = { { kind = "mysql", name = "a", tables = "x.*" } } },
  "start: names a place of one server, and source is a list")
refused({ on_failure = "isolated" }, 'on_failure: "isolated" is not one of its values, did you mean "isolate"?')
refused({ admin = true }, "admin: must be false or a table, not boolean (true)")
refused({ admin = { token = "x" } }, "admin.token: does nothing without http")
refused({ admin = { sokcet = "x" } }, 'there is no such option in admin, did you mean "socket"?')
refused({ key_change = "before" }, "key_change")
refused({ fields = "x" }, "fields: must be a table")
refused({ columns = 5 }, "columns: must be a table")
refused({ on_row = "x" }, "on_row: must be a function or a table")

test.case("every option that this version does not do is refused by name", function()
  local count = 0
  local values = { ["sync.run"] = function(key) return { [key] = {} } end,
    full = function(key) return { full = { [key] = {} } } end,
    limits = function(key) return { limits = { [key] = 1 } } end,
    topics = function(key) return { topics = { [key] = {} } } end,
    columns = function(key) return { columns = { ["a.b"] = { [key] = {} } } } end }
  for _, group in ipairs(option.groups) do
    for _, entry in ipairs(group.list) do
      if entry.later then
        count = count + 1
        test.raises(function() tables.sync(values[group.name](entry[1])) end, entry[1] .. " is not in this version yet")
      end
    end
  end
  test.ok(count > 0) -- with the last of them, this test goes
end)

test.case("missing options", function()
  core.clear()
  local place = tables.place()
  test.raises(function() core.register({}, place) end, "name is missing")
  test.raises(function() core.register({ name = "x" }, place) end, "source is missing")
  test.raises(function() core.register("x", place) end, "sync.run needs a table")
end)

test.case("two syncs of one name", function()
  tables.sync { name = "one" }
  local options = { name = "one", source = { kind = "mysql", tables = { "a.*" } }, sink = { kind = "kafka" } }
  test.raises(function() core.register(options, tables.place()) end, 'a sync named "one" exists already')
  options.name = "two"
  core.register(options, tables.place())
  test.equal(core.count(), 2)
end)

local function two(options)
  options.source = { { kind = "mysql", name = "east", tables = { "shop.*" } },
    { kind = "mysql", name = "west", tables = { "shop.orders" } } }
  return tables.sync(options)
end

test.case("a list of sources: a sync for each", function()
  local i = two { checkpoint = { file = "a.json" } }
  test.equal(core.count(), 2)
  for k, name in ipairs { "east", "west" } do
    local c = core.config(i + k - 1)
    test.equal(c.name, "unit." .. name)
    test.equal(c.source.name, name)
    test.equal(c.checkpoint_file, "a.json." .. name)
    test.equal(c.source_number, k)
    test.equal(c.sources, 2)
  end
  test.equal(core.config(two {}).checkpoint_topic, "tideway.unit.east")
  test.equal(core.config(two { checkpoint = { topic = "all" } }).checkpoint_topic, "all")
  test.ok(core.wants(1, "shop", "users") and not core.wants(2, "shop", "users"))
  local options = { name = "unit.west", source = { kind = "mysql", tables = { "a.*" } }, sink = { kind = "kafka" } }
  test.raises(function() core.register(options, tables.place()) end, 'a sync named "unit.west" exists already')
end)

test.case("a list of sources: a name may be one of another source", function()
  local i = two { key = { ["shop.users"] = "id" } }
  local orders = { tables.make("shop.orders") }
  test.equal(#core.check(i + 1, orders), 2) -- no such table here; and what meets in the topic
  test.raises(function() core.check(two { key = { ["shop.users"] = "id" }, unmatched = "error" } + 1, orders) end,
    '"shop.users" is not the name of a selected table')
  test.raises(function() core.check(two { key = { ["shop.users"] = "id", ["stop.users"] = "id" } } + 1, orders) end,
    '"stop.users" is not the name of a selected table')
  test.raises(function() core.check(tables.sync { key = { ["shop.users"] = "id" } }, orders) end,
    '"shop.users" is not the name of a selected table')
end)

test.case("a list of sources: tables of one name meet in their topic", function()
  local t = tables.make("shop.orders")
  local warnings = core.check(two {}, { t })
  test.equal(#warnings, 1)
  test.ok(warnings[1]:find('the tables shop.orders of the sources "east" and "west" meet', 1, true), warnings[1])
  test.equal(#core.check(two {}, { tables.make("shop.users") }), 0)
  test.equal(#core.check(two { key = { "o", "id" }, fields = { o = "${DATASOURCE_NAME_SRC}" } }, { t }), 0)
  test.equal(#core.check(two { topic = { template = "${datasource_name_src}_${table_name_src}" } }, { t }), 0)
  local compact = { config = { ["cleanup.policy"] = "compact" } }
  test.raises(function() core.check(two { topics = compact }, { t }) end, "rows would delete each other")
end)

test.case("format = debezium refuses the options that only shape the other format", function()
  for name, value in pairs { update = "one", op_names = "canonical", key_format = "json", key_change = "after", ddl_topic = "d",
    ddl_partitions = "all" } do
    test.raises(function() tables.sync { format = "debezium", [name] = value } end,
      name .. ': cannot be combined with format = "debezium"')
  end
  test.raises(function() tables.sync { op_names = "cannonical" } end,
    'op_names: "cannonical" is not one of its values, did you mean "canonical"?')
  test.raises(function() tables.sync { format = "avro" } end, "format")
end)

test.case("format = debezium has the connector's defaults", function()
  local t = tables.make("shop.orders", { "id int", "n int" })
  local mapping = core.prepare(tables.sync { format = "debezium" }, t)
  local made = core.config(1)
  test.equal(mapping.topic, "unit.shop.orders")
  test.equal(mapping.update, "one")
  test.equal(mapping.key.parts[1].name, "id")
  test.equal(made.format, "debezium")
  test.equal(made.heartbeat_s, 0)
  test.equal(made.heartbeat_topic, nil)
  tables.sync { format = "debezium", heartbeat = 2 }
  test.equal(core.config(1).heartbeat_s, 2)
  test.equal(core.config(1).heartbeat_topic, "__debezium-heartbeat.unit")
  tables.sync { format = "debezium", heartbeat = { seconds = 2, topic = "beats" } }
  test.equal(core.config(1).heartbeat_topic, "beats")
  mapping = core.prepare(tables.sync { format = "debezium", topic = { template = "${table_name_src}" } }, t)
  test.equal(mapping.topic, "orders")
  tables.sync {}
  test.equal(core.config(1).format, "dataworks")
  test.equal(core.config(1).heartbeat_s, 5)
end)

test.case("format = debezium: the key of a table without a primary key", function()
  local function kind(options, unique)
    options.format = "debezium"
    local t = tables.make("shop.log", { "a int", "b int" }, { pk = {}, unique = unique })
    return core.prepare(tables.sync(options), t).key.kind
  end
  test.equal(kind({}), "empty")
  test.equal(kind({}, { 1 }), "parts")
  test.equal(kind({ no_primary_key = "reject" }), "reject")
  test.equal(kind({ no_primary_key = "unique" }), "reject")
end)

test.case("the docs have a row for each option", function()
  local rows = option.rows()
  local text = option.markdown()
  for _, row in ipairs(rows) do
    test.ok(row.help and row.help ~= "", row.name)
    test.ok(text:find("`" .. row.name .. "`", 1, true), row.name)
  end
end)
