-- The pattern language of lua-api.md, "Patterns".
local test = require "tideway.test"
local pattern = require "tideway.core.pattern"
local core = require "tideway.core"
local tables = require "support.tables"

local function matches(text, full_name)
  local db, name = full_name:match("^(.-)%.(.*)$")
  return pattern.compile(text, tables.place()):matches(db, name)
end

local function check(text, yes, no)
  test.case("pattern " .. text, function()
    for _, name in ipairs(yes) do test.ok(matches(text, name), text .. " does not match " .. name) end
    for _, name in ipairs(no) do test.ok(not matches(text, name), text .. " matches " .. name) end
  end)
end

check("shop.users", { "shop.users" }, { "shop.user", "shop.users2", "shopXusers", "Shop.users" })
check("shop.*", { "shop.a", "shop.a.b" }, { "shop2.a" })
check("*.users", { "a.users", "b.users" }, { "a.users2" })
check("shop.orders_*", { "shop.orders_", "shop.orders_1" }, { "shop.ordersX1", "shop.orders" })
check("shop.t?", { "shop.t1", "shop.t_", "shop.t\u{e9}" }, { "shop.t", "shop.t12" })
check("shop.a_b", { "shop.a_b" }, { "shop.axb" })
check("shop.a-b+c%d", { "shop.a-b+c%d" }, { "shop.aab" })
check("shop.t_{00..03}", { "shop.t_00", "shop.t_03" }, { "shop.t_04", "shop.t_3" })
check("shop.t{8..11}", { "shop.t8", "shop.t11" }, { "shop.t08", "shop.t12" })
check("{a,b}.{x,y}_*", { "a.x_1", "b.y_2" }, { "a.z_1", "c.x_1" })
check("{shop.a,blog.b}", { "shop.a", "blog.b" }, { "shop.b" })
check("/^shop\\.t\\d+$/", { "shop.t1", "shop.t23" }, { "shop.t", "shop.tx" })
check("/a{2}/", { "shop.aa" }, { "shop.a" })
check("`my.db`.`ta*ble`", { }, { "my.ta*ble" })
check("shop.`a{b}?`", { "shop.a{b}?" }, { "shop.ab1" })

test.case("a name with a dot in backquotes", function()
  local one = pattern.compile("`my.db`.`a.b`", tables.place())
  test.ok(one:matches("my.db", "a.b"))
  test.ok(one.exact)
end)

test.case("exact or not", function()
  local function exact(text) return pattern.compile(text, tables.place()).exact or false end
  test.equal(exact "shop.users", true)
  test.equal(exact "shop.`u*`", true)
  test.equal(exact "shop.u*", false)
  test.equal(exact "shop.{a,b}", false)
  test.equal(exact "shop.{a}", false)
  test.equal(exact "/shop.users/", false)
end)

test.case("excludes count wherever they are in the list", function()
  local list = pattern.list({ "!shop.tmp_*", "shop.*", "!/_log$/" }, tables.place())
  test.ok(list:match("shop", "users"))
  test.ok(not list:match("shop", "tmp_1"))
  test.ok(not list:match("shop", "users_log"))
end)

test.case("databases", function()
  local function of(...) return pattern.list({ ... }, tables.place()):databases() end
  test.same(of("shop.*", "blog.posts", "!x.y"), { "blog", "shop" })
  test.same(of("{a,b}.*"), { "a", "b" })
  test.same(of("shop.*", "s*.x"), { "*" })
  test.same(of("/x/"), { "*" })
end)

local function refused(text, words)
  test.case("refused: " .. tostring(text), function()
    test.raises(function() pattern.list({ text }, tables.place()) end, words)
  end)
end

refused("orders", 'for any database write "*.orders"')
refused("a.b.c", "more than one dot")
refused("shop.", "names no table")
refused(".x", "names no database")
refused("shop.{a", "{ without }")
refused("shop.a}", "} without {")
refused("shop.{}", "neither {00..15} nor {a,b}")
refused("shop.{9..1}", "runs backwards")
refused("shop.t{0..99999}", "more than 10000 names")
refused("shop.`a", "has an open backquote")
refused("/(/", "(")
refused("!shop.*", "only excludes")
refused(5, "must be a pattern db.table, not number (5)")

test.case("an empty list, a map", function()
  test.raises(function() pattern.list({}, tables.place()) end, "empty list")
  test.raises(function() pattern.list({ x = "a.b" }, tables.place()) end, "must be a list of patterns")
end)

test.case("system databases and work tables are not selected by a wildcard", function()
  local i = tables.sync({}, { "*.*" })
  test.equal(core.wants(i, "shop", "users"), true)
  test.equal(core.wants(i, "mysql", "user"), false)
  test.equal(core.wants(i, "sys", "x"), false)
  test.equal(core.wants(i, "shop", "_users_gho"), false)
  test.equal(core.wants(i, "shop", "_users_20200101_del"), false)
  i = tables.sync({}, { "mysql.*", "shop._users_new" })
  test.equal(core.wants(i, "mysql", "user"), true)
  test.equal(core.wants(i, "shop", "_users_new"), true)
end)
