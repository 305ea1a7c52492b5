-- Settings by table and names that match nothing: lua-api.md, "One setting for a table".
local test = require "tideway.test"
local core = require "tideway.core"
local tables = require "support.tables"

local make = tables.make

local function update_of(update, name)
  return tables.prepare({ update = update }, make(name or "shop.stock")).update
end

test.case("a value, a map with and without default", function()
  test.equal(update_of(nil), "two")
  test.equal(update_of("one"), "one")
  test.equal(update_of { default = "one" }, "one")
  test.equal(update_of { default = "one", ["shop.stock"] = "two" }, "two")
  test.equal(update_of { ["shop.stock"] = "one" }, "one")
  test.equal(update_of({ ["shop.stock"] = "one" }, "shop.other"), "two")
  test.equal(update_of { default = "two", ["shop.*"] = "one" }, "one")
end)

test.case("exact beats pattern, patterns must agree", function()
  test.equal(update_of { ["shop.*"] = "two", ["*.stock"] = "one", ["shop.stock"] = "one" }, "one")
  test.equal(update_of { ["shop.*"] = "one", ["*.stock"] = "one" }, "one")
  test.raises(function() update_of { ["shop.*"] = "one", ["*.stock"] = "two" } end,
    '"*.stock" and "shop.*" both match the table shop.stock and differ')
end)

test.case("one table under two names", function()
  test.raises(function() update_of { ["shop.stock"] = "one", ["`shop`.stock"] = "two" } end, "name the same table")
end)

test.case("an exact name without a table is an error, a pattern a warning", function()
  local list = { make("shop.stock"), make("shop.orders") }
  test.raises(function() tables.check({ update = { ["shop.stok"] = "one" } }, list) end,
    '"shop.stok" is not the name of a selected table, did you mean "shop.stock"?')
  local warnings = tables.check({ update = { ["blog.*"] = "one" } }, list)
  test.equal(#warnings, 1)
  test.ok(warnings[1]:find('"blog.*" matches no selected table', 1, true), warnings[1])
  test.raises(function() tables.check({ update = { ["blog.*"] = "one" }, unmatched = "error" }, list) end,
    '"blog.*" matches no selected table')
end)

test.case("the same for every setting that names tables", function()
  local list = { make("shop.stock") }
  local fn = function() end
  for key, value in pairs {
    key = { ["shop.x"] = "id" }, fields = { ["shop.x"] = { a = 1 } }, columns = { ["shop.x"] = { drop = "a" } },
    filter = { ["shop.x"] = fn }, on_row = { ["shop.x"] = fn }, on_change = { ["shop.x"] = fn },
    topic = { { tables = { "shop.*", "shop.x" }, to = "a" } }, no_primary_key = { ["shop.x"] = "row" },
  } do
    test.raises(function() tables.check({ [key] = value }, list) end, '"shop.x" is not the name of a selected table')
  end
end)

test.case("source.tables: an exact name must be there", function()
  local list = { make("shop.stock") }
  test.raises(function() tables.check({}, list, { "shop.stock", "shop.ordres" }) end,
    '"shop.ordres" is not the name of a source table')
  test.equal(#tables.check({}, list, { "shop.*", "blog.*" }), 1)
end)

test.case("hooks combine: patterns, then the exact name; default only for the rest", function()
  local seen = {}
  local function note(name) return function() seen[#seen + 1] = name end end
  local on_change = { default = note "default", ["shop.*"] = note "pattern", ["shop.stock"] = note "exact" }
  test.equal(type(tables.prepare({ on_change = on_change }, make("shop.stock")).event), "function")
  test.equal(type(tables.prepare({ on_change = on_change }, make("blog.x")).event), "function")
  on_change.default = nil
  test.equal(tables.prepare({ on_change = on_change }, make("blog.x")).event, nil)
  on_change["*.stock"] = note "other"
  test.raises(function() tables.prepare({ on_change = on_change }, make("shop.stock")) end, "overlapping patterns")
  local list = { { tables = "shop.*", note "a" }, { tables = "*.stock", note "b" } }
  test.equal(type(tables.prepare({ on_change = list }, make("shop.stock")).event), "function")
  test.raises(function() tables.prepare({ on_change = { { tables = "shop.*" } } }, make("a.b")) end,
    "must be a function, not nothing")
  test.raises(function() tables.prepare({ on_row = { { tables = "shop.*", run = print } } }, make("a.b")) end,
    'has "run"')
  test.raises(function() tables.prepare({ filter = { ["shop.*"] = true } }, make("a.b")) end, "must be a function")
end)

test.case("a table that is not selected is not wanted", function()
  local i = tables.sync({}, { "shop.*", "!shop.tmp_*" })
  test.equal(core.prepare(i, make("shop.tmp_1")).wanted, false)
  test.equal(core.prepare(i, make("blog.x")).wanted, false)
  test.equal(core.prepare(i, make("shop.x")).wanted, true)
  test.same(core.databases(i), { "shop" })
end)

test.case("a list with a hole is refused: what comes after it would be lost", function()
  local fn = function() end
  for key, value in pairs {
    topic = { nil, { tables = "a.b", to = "x" } }, key = { ["a.b"] = { "id", nil, "x" } },
    fields = { { a = 1 }, nil, { b = 1 } }, columns = { nil, { drop = "x" } }, on_row = { nil, { fn } },
  } do
    test.raises(function() tables.sync({ [key] = value }) end, "of the list is nil")
  end
  test.raises(function() tables.sync({}, { "a.b", nil, "c.d" }) end, "item 2 of the list is nil")
  test.raises(function() tables.sync({ topic = { { tables = { nil, "a.b" }, to = "x" } } }) end, "item 1 of the list")
end)
