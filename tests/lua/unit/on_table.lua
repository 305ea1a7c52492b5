-- on_table: what it sees, and how it refuses a table.
local test = require "tideway.test"
local tables = require "support.tables"

local make = tables.make

test.case("it sees each table that it is for, patterns before the exact name", function()
  local seen = {}
  local function note(word) return function(t) seen[#seen + 1] = word .. " " .. t.db .. "." .. t.name end end
  local options = { on_table = { ["shop.*"] = note "pattern", ["shop.a"] = note "exact" } }
  tables.check(options, { make("shop.a"), make("shop.b"), make("other.c") })
  test.same(seen, { "pattern shop.a", "exact shop.a", "pattern shop.b" })
end)

test.case("its argument", function()
  local seen
  local t = make("shop.a", { "id int", "note varchar null" })
  t.rows = 7
  tables.prepare({ on_table = function(info) seen = info end, topic = "to-${table_name_src}" }, t)
  test.same(seen, { db = "shop", name = "a", key = { "id" }, rows = 7, topic = "to-a", columns = {
    { name = "id", type = "int", sql_type = "int", nullable = false },
    { name = "note", type = "varchar", sql_type = "varchar", nullable = true } } })
  tables.prepare({ on_table = function(info) seen = info end, topic = function() return "x" end }, t)
  test.equal(seen.topic, nil)
end)

test.case("a change of its argument changes nothing", function()
  local mapping = tables.prepare({ on_table = function(t)
    t.columns[1].name, t.topic, t.key[1] = "x", "y", "z"
  end }, make("shop.a"))
  test.equal(mapping.topic, "a")
  test.equal(mapping.columns[1].name, "id")
end)

local function refused(on_table, words)
  return test.raises(function() tables.check({ on_table = on_table }, { make("shop.a") }) end, words)
end

test.case("an error refuses the table, and names the line that raised it", function()
  local message = refused(function() error("has no owner") end, "on_table refuses shop.a: ")
  test.ok(message:find("on_table%.lua:%d+: has no owner$"), message)
  refused(function() error("has no owner", 0) end, "on_table refuses shop.a: has no owner")
  refused(function() error { 1 } end, "on_table.lua:")
  refused(function() error() end, "raised nothing")
end)

test.case("its results, and values that are not functions", function()
  refused(function() return false end, "on_table must return nothing for shop.a, not boolean (false); to refuse the table, raise an error")
  test.raises(function() tables.sync { on_table = "x" } end, "on_table: must be a function or a table, not a string (\"x\")")
  test.raises(function() tables.sync { on_table = { ["shop.*"] = 1 } } end, "must be a function")
  test.raises(function() tables.check({ on_table = { ["shop.b"] = print } }, { make("shop.a") }) end,
    '"shop.b" is not the name of a selected table')
end)
