-- Keys: docs/lua-api.md, "key"; docs/messages.md, "Keys"; rule: compacted-keys.
local test = require "tideway.test"
local tables = require "support.tables"

local make = tables.make
local COLUMNS = { "id int", "user varchar", "note varchar" }

local function prepare(options, keys)
  return tables.prepare(options, make("shop.clicks", COLUMNS, keys))
end

local function has(mapping, kind, parts, primary)
  test.equal(mapping.key.kind, kind)
  test.same(mapping.key.parts, parts)
  test.same(mapping.primary or {}, primary or {})
end

test.case("the primary key, in key order", function()
  has(prepare({}, { pk = { 1 } }), "parts", { { column = 1 } }, { "id" })
  has(prepare({}, { pk = { 3, 1 } }), "parts", { { column = 3 }, { column = 1 } }, { "note", "id" })
end)

test.case("a column, several, a field; primaryKey by destination name", function()
  has(prepare { key = "user" }, "parts", { { column = 2 } }, { "user" })
  has(prepare { key = { "user", "id" } }, "parts", { { column = 2 }, { column = 1 } }, { "user", "id" })
  local options = { key = { "origin", "user" }, fields = { a = 1, origin = "${DB_NAME_SRC}.${TABLE_NAME_SRC}" },
    columns = { ["shop.*"] = { rename = { user = "owner" } } } }
  has(prepare(options), "parts", { { field = 2 }, { column = 2 } }, { "origin", "owner" })
end)

test.case("by table: exact before pattern before default", function()
  local key = { ["shop.clicks"] = "user", ["shop.*"] = "note", default = "id" }
  has(prepare { key = key }, "parts", { { column = 2 } }, { "user" })
  key["shop.clicks"] = nil
  has(prepare { key = key }, "parts", { { column = 3 } }, { "note" })
  key["shop.*"] = nil
  has(prepare { key = key }, "parts", { { column = 1 } }, { "id" })
end)

test.case("two patterns that disagree are refused with both named, two that agree are not", function()
  local key = { ["shop.*"] = "user", ["*.clicks"] = "note" }
  local message = test.raises(function() prepare { key = key } end, "both match the table shop.clicks")
  test.ok(message:find('"*.clicks"', 1, true) and message:find('"shop.*"', 1, true), message)
  key["*.clicks"] = "user"
  has(prepare { key = key }, "parts", { { column = 2 } }, { "user" })
  key["shop.clicks"], key["*.clicks"] = "id", "note"
  has(prepare { key = key }, "parts", { { column = 1 } }, { "id" })
end)

test.case("a function keeps the table's own primaryKey", function()
  local fn = function() return "k" end
  local mapping = prepare { key = fn }
  has(mapping, "function", {}, { "id" })
  test.same(mapping.image, { fn })
  has(prepare({ key = fn }, { pk = {} }), "function", {}, {})
end)

test.case("without a primary key", function()
  local none = { pk = {} }
  has(prepare({}, none), "reject", {})
  has(prepare({ no_primary_key = "empty" }, none), "empty", {})
  has(prepare({ no_primary_key = "row" }, none), "row", {})
  has(prepare({ no_primary_key = { ["shop.*"] = "table" } }, none), "table", {})
  has(prepare({ no_primary_key = { ["blog.*"] = "table" } }, none), "reject", {})
  has(prepare({ no_primary_key = "unique" }, { pk = {}, unique = { 2 } }), "parts", { { column = 2 } }, { "user" })
  has(prepare({ no_primary_key = "unique" }, none), "reject", {})
  has(prepare({ key = "user" }, none), "parts", { { column = 2 } }, { "user" })
end)

test.case("check names every table without a key", function()
  local list = { make("a.x", COLUMNS, { pk = {} }), make("a.y", COLUMNS, { pk = {} }), make("a.z", COLUMNS) }
  local message = test.raises(function() tables.check({}, list) end, "a.x, a.y")
  test.ok(not message:find("a.z", 1, true), message)
  test.raises(function() tables.check({}, { list[1] }) end, "the table a.x has no primary key")
end)

test.case("parts that do not exist list what there is", function()
  test.raises(function() prepare { key = "usr", fields = { site = "x" } } end,
    'no column or field "usr" for its key, did you mean "user"?; there are: id, user, note, site')
  test.raises(function()
    prepare { key = "owner", columns = { ["shop.clicks"] = { rename = { user = "owner" } } } }
  end, '"owner" is the new name of the column "user" of shop.clicks')
end)

test.case("fields that cannot be in a key", function()
  test.raises(function() prepare { key = "f", fields = { f = function() end } } end, "which is a function")
  test.raises(function() prepare { key = "f", fields = { f = "${UPDATE_TIME}" } } end, "time of processing")
  test.raises(function() prepare { key = "f", fields = { f = "a${UPDATE_TIME}" } } end, "time of processing")
end)

test.case("wrong shapes", function()
  test.raises(function() prepare { key = 5 } end, "must be a string, a function or a table")
  test.raises(function() prepare { key = { "id", "id" } } end, 'names "id" twice')
  test.raises(function() prepare { key = {} } end, "is an empty list")
  test.raises(function() prepare { key = { ["shop.x"] = 5 } } end, "must be a column, a list")
  test.raises(function() prepare { key = { id = "x" } } end, '"id" has no dot')
  test.raises(function() prepare { key = { ["!shop.x"] = "id" } } end, "an exclude cannot be a key")
  test.raises(function() prepare { no_primary_key = "emty" } end, 'did you mean "empty"?')
  test.raises(function() prepare { no_primary_key = { ["a.b"] = "emty" } } end, 'did you mean "empty"?')
  test.raises(function() prepare { key_format = "jsno" } end, 'did you mean "json"?')
  test.raises(function() prepare { key_null = "eror" } end, 'key_null: "eror" is not one of its values, did you mean "error"?')
  test.raises(function() prepare { key_null = false } end, "key_null: must be a string, not boolean (false)")
end)

local function meet(options)
  options.topic = "all"
  local list = { make("shop.a", COLUMNS), make("shop.b", COLUMNS), make("shop.c", COLUMNS) }
  return tables.check(options, list)
end

test.case("tables that meet with keys that nothing tells apart: one warning for the topic", function()
  local warnings = meet {}
  test.equal(#warnings, 1)
  test.ok(warnings[1]:find('shop.a and shop.b meet in the topic "all"', 1, true), warnings[1])
  test.equal(#meet { key = { "origin", "id" }, fields = { origin = "${DB_NAME_SRC}.${TABLE_NAME_SRC}" } }, 0)
  test.equal(#meet { key = { "site", "id" }, fields = { site = "eu" } }, 1)
  test.equal(#meet { key = function() return "k" end }, 0)
end)

local COMPACT = { config = { ["cleanup.policy"] = "compact" } }

test.case("compaction refuses keys that would lose rows", function()
  test.raises(function() meet { topics = COMPACT } end, "rows would delete each other")
  test.raises(function() prepare({ topics = COMPACT, no_primary_key = "empty" }, { pk = {} }) end, "has an empty key")
  test.raises(function() prepare { topics = COMPACT, key = { "user", "note" } } end, "joins several texts")
  has(prepare { topics = COMPACT, key = { "id", "note" } }, "parts", { { column = 1 }, { column = 3 } }, { "id", "note" })
end)

test.case("a JSON key names its parts as the messages do, and loses no rows in a compacted topic", function()
  local columns = { ["shop.clicks"] = { rename = { user = "account" }, drop = { "note" } } }
  local options = { topics = COMPACT, key_format = "json", key = { "user", "note", "site" }, columns = columns,
    fields = { site = "eu" } }
  test.same(prepare(options).key.parts, { { column = 2, name = "account" }, { column = 3, name = "note" },
    { field = 1, name = "site" } })
  options.columns = { ["shop.clicks"] = { rename = { user = "note" }, drop = { "note" } } }
  test.raises(function() prepare(options) end, 'two parts of the key of shop.clicks would have the name "note"')
  options.key_format = "text"
  test.raises(function() prepare(options) end, 'write key_format = "json", which distinguishes all rows')
end)

test.case("tables of other key shapes, and a table that is prepared again", function()
  local fields = { ["shop.a"] = { origin = "a" }, ["shop.b"] = { origin = "b" } }
  local key = { ["shop.a"] = { "origin", "id" }, ["shop.b"] = { "origin", "id" }, ["shop.c"] = { "id" } }
  test.equal(#meet { fields = fields, key = key }, 1)
  key["shop.c"] = function() return "c" end
  test.equal(#meet { fields = fields, key = key }, 0)
  local core = require "tideway.core"
  local i = tables.sync { topic = "all" }
  local a, b = make("shop.a", COLUMNS), make("shop.b", COLUMNS)
  test.equal(#core.prepare(i, a).warnings, 0)
  test.equal(#core.prepare(i, a).warnings, 0)
  test.equal(#core.prepare(i, b).warnings, 1)
  core.forget(i, "shop.a")
  core.forget(i, "shop.b")
  test.equal(#core.prepare(i, b).warnings, 0)
end)
