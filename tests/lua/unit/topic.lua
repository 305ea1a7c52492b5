-- Topic rules: docs/lua-api.md, "topic", and docs/messages.md, "Topics".
local test = require "tideway.test"
local topicname = require "tideway.core.topicname"
local tables = require "support.tables"

local make = tables.make

local function topic_of(rules, full_name)
  return tables.prepare({ topic = rules }, make(full_name)).topic
end

test.case("without a rule the table's name", function()
  test.equal(topic_of(nil, "shop.users"), "users")
  test.equal(topic_of({}, "shop.users"), "users")
end)

test.case("the first rule that matches", function()
  local rules = { { tables = "shop.a*", to = "first" }, { tables = "shop.ab", to = "second" } }
  test.equal(topic_of(rules, "shop.ab"), "first")
  test.equal(topic_of(rules, "shop.b"), "b")
end)

test.case("prefix", function()
  test.equal(topic_of({ { prefix = "doc_", to = "pre_" } }, "shop.doc_a"), "pre_a")
  test.equal(topic_of({ { prefix = "doc_", to = "" } }, "shop.doc_a"), "a")
  test.equal(topic_of({ { prefix = "doc_", to = "pre_" } }, "shop.a_doc_"), "a_doc_")
end)

test.case("regex with groups; $1 takes digits, $$ is a dollar", function()
  test.equal(topic_of({ { regex = [[^(\w+)_(\d{4})$]], to = "$1.archive" } }, "shop.log_2020"), "log.archive")
  test.equal(topic_of({ { regex = [[^(\w+)_(\d{4})$]], to = "${2}0.$1" } }, "shop.log_2020"), "20200.log")
  test.equal(topic_of({ { regex = [[^(a)?(b)$]], to = "x$1$2" } }, "shop.b"), "xb")
  test.raises(function() topic_of({ { regex = "^x$", to = "a$$b" } }, "shop.x") end, "which Kafka does not allow")
  test.raises(function() topic_of({ { regex = "^(x)$", to = "$12" } }, "shop.x") end, "has 1 group")
  test.raises(function() topic_of({ { tables = "a.b", to = "$1" } }, "shop.x") end, "needs a regex")
  test.raises(function() topic_of({ { regex = "^x$", to = "a$" } }, "shop.x") end, "a single dollar is written $$")
end)

test.case("tables narrow a regex or a prefix", function()
  local rules = { { tables = { "shop.*", "!shop.x_9" }, regex = "^x_(\\d)$", to = "y$1" } }
  test.equal(topic_of(rules, "shop.x_1"), "y1")
  test.equal(topic_of(rules, "shop.x_9"), "x_9")
  test.equal(topic_of(rules, "blog.x_1"), "x_1")
end)

test.case("template, its variables and their other spelling", function()
  test.equal(topic_of("${db_name_src}.${table_name_src}", "shop.users"), "shop.users")
  test.equal(topic_of({ template = "${srcDatasourceName}-${srcDatabaseName}-${srcTableName}" }, "shop.u"), "mysql-shop-u")
  test.equal(topic_of({ { tables = "shop.u", to = "x" }, template = "a_${db_table_name_src_transed}_z" }, "shop.u"),
    "a_x_z")
  test.equal(topic_of({ { tables = "shop.u", to = "${db_name_src}-x" } }, "shop.u"), "shop-x")
  test.raises(function() topic_of("${db_nam_src}", "shop.u") end, 'did you mean "db_name_src"?')
  test.raises(function() topic_of("${DB_NAME_SRC}", "shop.u") end, "${DB_NAME_SRC} is not a variable here")
  test.raises(function() topic_of("${db_name_src", "shop.u") end, "${ without }")
end)

test.case("final skips the template", function()
  local rules = { { tables = "shop.u", to = "x", final = true }, template = "a_${db_table_name_src_transed}" }
  test.equal(topic_of(rules, "shop.u"), "x")
  test.equal(topic_of(rules, "shop.v"), "a_v")
end)

test.case("database-name rules feed the variables", function()
  local rules = { template = "${db_name_src_transed}_${table_name_src}",
    db = { { regex = "^shop$", to = "store" }, { prefix = "eu_", to = "" }, { regex = "^s(\\d+)$", to = "shard$1" } } }
  test.equal(topic_of(rules, "shop.u"), "store_u")
  test.equal(topic_of(rules, "eu_blog.u"), "blog_u")
  test.equal(topic_of(rules, "s12.u"), "shard12_u")
  test.equal(topic_of(rules, "other.u"), "other_u")
end)

test.case("name = function(t), once for a table", function()
  local seen
  local rules = { { tables = "shop.u", name = function(u) seen = u; return "n_" .. u.name .. #u.columns end } }
  local t = make("shop.u", { "id int", "mail varchar" })
  test.equal(tables.prepare({ topic = rules }, t).topic, "n_u2")
  test.equal(seen.db, "shop")
  test.same(seen.key, { "id" })
  test.equal(seen.columns[2].name, "mail")
  rules = { name = function(u) return u.db .. "-" .. u.name end, template = "x.${db_table_name_src_transed}" }
  test.equal(topic_of(rules, "shop.u"), "x.shop-u")
  test.raises(function() topic_of({ name = function() return nil end }, "shop.u") end,
    "must return a string for the table shop.u")
  test.raises(function() topic_of({ name = function() return "a b" end }, "shop.u") end, '"a b" of the table shop.u')
end)

test.case("a function for each record is final and has no topic", function()
  local fn = function() return "x" end
  local mapping = tables.prepare({ topic = { { tables = "shop.u", to = fn }, template = "a" } }, make("shop.u"))
  test.equal(mapping.topic, nil)
  test.equal(mapping.topic_function, true)
  test.same(mapping.image, { fn })
  test.equal(tables.prepare({ topic = fn }, make("shop.u")).topic_function, true)
end)

test.case("names of the source are escaped, what the user writes is not", function()
  test.equal(topicname.escape("a b"), "a_u0020b")
  test.equal(topicname.escape("na\u{ef}ve"), "na_u00efve")
  test.equal(topic_of(nil, "shop.a b"), "a_u0020b")
  test.raises(function() topic_of({ { tables = "a.b", to = "a b" } }, "shop.u") end, 'has the character " "')
  test.raises(function() topic_of("a/${table_name_src}", "shop.u") end, 'has the character "/"')
end)

test.case("what Kafka refuses", function()
  test.equal(topicname.problem("a.b_c-D9"), nil)
  test.ok(topicname.problem("."))
  test.ok(topicname.problem(".."))
  test.ok(topicname.problem(""))
  test.ok(topicname.problem(("x"):rep(250)))
  test.equal(topicname.problem(("x"):rep(249)), nil)
  test.raises(function() topic_of({ { tables = "shop.u", to = "." } }, "shop.u") end, "Kafka refuses")
  test.raises(function() topic_of("${table_name_src}" .. ("x"):rep(249), "shop.u") end, "250 characters, and Kafka allows 249")
end)

local function meet(rules, ...)
  local list = {}
  for i, name in ipairs({ ... }) do list[i] = make(name, { "id int", "k varchar" }) end
  return tables.check({ topic = rules, key = function() return "k" end }, list)
end

test.case("two tables in one topic need a rule that says so", function()
  test.raises(function() meet(nil, "a.users", "b.users") end, 'a.users and b.users meet in the topic "users"')
  test.raises(function() meet({ { prefix = "doc_", to = "pre_" } }, "a.doc_x", "a.pre_x") end, "meet in the topic")
  test.raises(function() meet({ { prefix = "doc_", to = "pre_" } }, "a.doc_x", "b.doc_x") end, "meet in the topic")
  test.raises(function() meet({ { tables = "a.o_*", to = "orders" } }, "a.o_1", "a.orders") end, "meet in the topic")
  test.raises(function() meet(nil, "a.x y", "a.x_u0020y") end, "meet in the topic")
end)

test.case("rules that say so", function()
  meet({ { tables = "a.o_*", to = "orders" } }, "a.o_1", "a.o_2")
  meet({ { tables = "a.o_*", to = "orders" }, { tables = "a.p_*", to = "orders" } }, "a.o_1", "a.p_2")
  meet({ { regex = "^(\\w+)_\\d$", to = "$1" } }, "a.o_1", "a.o_2")
  meet("all", "a.users", "b.users", "b.x")
  meet("${db_name_src}", "a.users", "a.x")
  meet({ name = function() return "one" end }, "a.users", "a.x")
  meet({ template = "${db_name_src_transed}.${table_name_src}", db = { { regex = "^s\\d$", to = "s" } } },
    "s1.users", "s2.users")
end)

test.case("a table prepared again does not meet itself, one that is gone meets nobody", function()
  local core = require "tideway.core"
  local i = tables.sync({})
  core.prepare(i, make("a.users"))
  core.prepare(i, make("a.users"))
  test.raises(function() core.prepare(i, make("b.users")) end, "meet in the topic")
  core.forget(i, "a.users")
  test.equal(core.prepare(i, make("b.users")).topic, "users")
end)

test.case("more topics than topics.max", function()
  local list = { make("a.x"), make("a.y"), make("a.z") }
  test.raises(function() tables.check({ topics = { max = 2 } }, list) end, "3 topics, and max is 2")
end)

local function refused(rules, words)
  test.case("refused: " .. words, function()
    test.raises(function() topic_of(rules, "shop.u") end, words)
  end)
end

refused({ { to = "x" } }, "topic[1]: matches nothing")
refused({ { tables = "a.b" } }, "needs either `to` or `name`")
refused({ { tables = "a.b", to = "x", name = print } }, "needs either `to` or `name`")
refused({ { prefix = "a", regex = "b", to = "x" } }, "has both prefix and regex")
refused({ { prefix = "", to = "x" } }, "is empty")
refused({ { regexp = "b", to = "x" } }, 'did you mean "regex"?')
refused({ tables = "a.b", to = "x" }, "a rule belongs in a list")
refused({ "x" }, "must be a rule { ... }")
refused({ templat = "x" }, 'did you mean "template"?')
refused({ { regex = "(", to = "x" } }, "topic[1].regex")
refused({ template = "x", db = { { to = "y" } } }, "set prefix or regex")
refused(7, "must be a string, a function or a table, not number (7)")
