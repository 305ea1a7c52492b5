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

local function dml(value, name)
  return tables.prepare({ dml = value }, make(name))
end

test.case("dml: for all tables, or by table", function()
  test.equal(dml(nil).dml, nil)
  test.equal(dml(nil).flag, nil)
  test.same(dml({ delete = "ignore" }).dml, { insert = "normal", update = "normal", delete = "ignore" })
  local value = { ["shop.a"] = { insert = "ignore" }, ["shop.*"] = { update = "ignore" }, default = { delete = "ignore" } }
  test.equal(dml(value).dml.insert, "ignore")
  test.equal(dml(value).dml.update, "normal")
  test.equal(dml(value, "shop.b").dml.update, "ignore")
  test.equal(dml(value, "blog.b").dml.delete, "ignore")
end)

test.case("a logical delete adds its field after all others", function()
  local mapping = tables.prepare({ fields = { zone = "eu" }, dml = { delete = "logical", flag = "deleted" } }, make())
  test.equal(#mapping.fields, 2)
  test.same(mapping.fields[2], { name = "deleted", source = "constant", value = false, transport = "BOOLEAN" })
  test.equal(mapping.flag, 2)
  local function refused(flag, options)
    options.dml = { ["shop.*"] = { delete = "logical", flag = flag } }
    test.raises(function() tables.prepare(options, make()) end,
      ("shop.a has a column or field %q already: take another name for the flag"):format(flag))
  end
  refused("n", {})
  refused("zone", { fields = { zone = "eu" } })
  refused("nn", { columns = { ["shop.a"] = { rename = { n = "nn" } } } })
  test.equal(tables.prepare({ columns = { ["shop.a"] = { drop = { "n" } } }, dml = { delete = "logical", flag = "n" } }, make()).flag, 1)
  test.raises(function() tables.prepare({ key = "deleted", dml = { delete = "logical", flag = "deleted" } }, make()) end,
    'has no column or field "deleted" for its key')
end)

test.case("dml: wrong values", function()
  local function refused(value, words)
    test.raises(function() dml(value) end, words)
  end
  refused({ delete = "logical" }, 'dml: needs the name of a field that delete = "logical" sets, such as flag = "deleted"')
  refused({ ["shop.a"] = { flag = "x" } }, 'dml["shop.a"].flag: does nothing without delete = "logical"')
  refused({ delete = "logical", flag = "" }, "dml.flag: must be the name of a field")
  refused({ insert = "logical" }, 'dml.insert: "logical" is not one of its values')
  refused({ delete = "logicl" }, 'dml.delete: "logicl" is not one of its values, did you mean "logical"?')
  refused({ dlete = "ignore" }, 'dml.dlete: is neither db.table nor one of its options, did you mean "delete"?')
  refused({ delete = "ignore", ["shop.a"] = {} }, 'there is no such option in dml')
  refused({ ["shop.a"] = "ignore" }, 'dml["shop.a"]: must be a table of options, not a string ("ignore")')
  refused("ignore", 'dml: must be a table, not a string ("ignore")')
  refused({ ["shop.*"] = { delete = "ignore" }, ["*.a"] = {} }, "both match the table shop.a and differ")
  test.raises(function() tables.check({ dml = { ["shop.b"] = {} } }, { make() }) end, '"shop.b" is not the name of a selected table')
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
