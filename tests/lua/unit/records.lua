-- Options that decide which records a change becomes: docs/lua-api.md, "Settings by table"; docs/messages.md, "Tombstones".
local test = require "tideway.test"
local tables = require "support.tables"

local function make(name, keys)
  return tables.make(name or "shop.a", { "id int", "n int", "m int" }, keys)
end

local function tombstones(value, more, t)
  local options = { tombstones = value }
  for key, one in pairs(more or {}) do options[key] = one end
  local mapping = tables.prepare(options, t or make())
  return mapping.tombstones, mapping.warnings
end

test.case("tombstones: off unless the script has them, on with format = debezium", function()
  test.equal(tombstones(nil), false)
  test.equal(tombstones(true), true)
  test.equal(tombstones(nil, { format = "debezium" }), true)
  test.equal(tombstones(false, { format = "debezium" }), false)
end)

test.case("tombstones by table: exact before pattern before default", function()
  local value = { ["shop.a"] = true, ["shop.*"] = false }
  test.equal(tombstones(value), true)
  test.equal(tombstones(value, nil, make "shop.b"), false)
  test.equal(tombstones(value, nil, make "blog.b"), false)
  value.default = true
  test.equal(tombstones(value, nil, make "blog.b"), true)
  test.equal(tombstones({ ["shop.*"] = false }, { format = "debezium" }, make "blog.b"), true)
end)

test.case("a tombstone needs a key that names one row", function()
  local none = make("shop.a", { pk = {} })
  local function refused(mode, words)
    test.raises(function() tombstones({ ["shop.*"] = true }, { no_primary_key = mode }, none) end,
      'tombstones["shop.*"]: shop.a ' .. words .. ", which other rows share: a tombstone would delete them. "
      .. 'Give it a key, or write ["shop.a"] = false')
  end
  refused("empty", "has no key")
  refused("row", "has the hash of the row as its key")
  refused("table", "has the table's name as its key")
  test.equal(tombstones({ ["shop.*"] = true, ["shop.a"] = false }, { no_primary_key = "empty" }, none), false)
  test.equal(tombstones(nil, { format = "debezium" }, none), true)
end)

test.case("a key that several rows may share is a warning", function()
  local function warned(key, keys)
    local on, warnings = tombstones(true, { key = key, fields = { site = "eu" } }, make("shop.a", keys))
    test.equal(on, true)
    return warnings[1] ~= nil and warnings[1]:find("tombstones: several rows of shop.a may have the same key", 1, true) ~= nil
  end
  test.equal(warned(nil), false)
  test.equal(warned("n"), true)
  test.equal(warned({ "n", "site" }), true)
  test.equal(warned({ "site", "n", "id" }), false)
  test.equal(warned("n", { pk = { 1, 2 } }), true)
  test.equal(warned({ "m" }, { pk = { 1 }, unique = { 3 } }), false)
  test.equal(warned({ "m" }, { pk = {}, unique = { 2, 3 } }), true)
  test.equal(warned(function() return "k" end), false)
end)

test.case("tombstones: wrong values", function()
  test.raises(function() tables.sync { tombstones = "yes" } end, 'tombstones: must be true or false or a table, not a string ("yes")')
  test.raises(function() tables.sync { tombstones = { ["shop.a"] = "yes" } } end,
    'tombstones["shop.a"]: must be true or false, not a string ("yes")')
  test.raises(function() tables.sync { tombstones = { shop = true } } end, '"shop" has no dot')
  test.raises(function() tables.check({ tombstones = { ["shop.b"] = true } }, { make() }) end,
    '"shop.b" is not the name of a selected table, did you mean "shop.a"?')
  test.raises(function() tombstones { ["shop.*"] = true, ["*.a"] = false } end, "both match the table shop.a and differ")
end)
