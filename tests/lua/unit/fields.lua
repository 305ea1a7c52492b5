-- Additional fields: lua-api.md, "Topics" (variables), "Field types", "One setting for a table".
local test = require "tideway.test"
local field = require "tideway.field"
local tables = require "support.tables"

local make = tables.make

local function prepare(fields, more, t)
  local options = { fields = fields, source = { kind = "mysql", name = "src", tables = { "*.*" } },
    sink = { kind = "kafka", name = "out" } }
  for key, value in pairs(more or {}) do options[key] = value end
  return tables.prepare(options, t or make("shop.orders", { "id int", "price decimal" }))
end

local function one(value, more)
  return prepare({ x = value }, more).fields[1]
end

local function names(fields)
  local list = {}
  for i, item in ipairs(prepare(fields).fields) do list[i] = item.name end
  return table.concat(list, " ")
end

local function has(item, expected)
  for key, value in pairs(expected) do test.equal(item[key], value) end
end

test.case("wrong arguments of sync.try, and wrong defaults", function()
  local sync = require "tideway.sync"
  local function fn() end
  local message = test.raises(function() sync.try(5, 1) end, "sync.try(fn, fallback) needs a function, not number (5)")
  test.ok(message:find("^fields.lua:%d+: "), message)
  test.raises(function() sync.try(fn) end, "needs what replaces the result: a value, nil, or function(message, ...)")
  test.raises(function() sync.try(fn, 1, 2) end, "needs what replaces the result")
  message = test.raises(function() field.long(fn, { default = "x" }) end,
    'field.long: the default does not fit LONG: it is a string ("x")')
  test.ok(message:find("^fields.lua:%d+: "), message)
  test.raises(function() field.decimal(2, fn, { default = "1" }) end, "field.decimal: the default does not fit DOUBLE")
  test.raises(function() field.bytes(fn, { default = 1 }) end, "field.bytes: the default does not fit BYTES")
  test.raises(function() field.long(fn, { defalt = 1 }) end, "there may only be { default = ... }, not other names")
  test.raises(function() field.long(fn, 1) end, "there may only be { default = ... }, not number (1)")
  test.raises(function() field.long(5, { default = 1 }) end, "field.long: only a function has a default")
  test.ok(field.decimal(2, fn, { default = require "tideway.decimal" "1.5" }))
end)

test.case("plan shows the function inside of sync.try", function()
  local sync = require "tideway.sync"
  local mapping = tables.prepare({ filter = sync.try(function() return true end, false) }, tables.make("a.b"))
  test.ok(mapping.shown.filter:find("^fields.lua:%d+$"), mapping.shown.filter)
end)

test.case("constants by their type", function()
  has(one("eu"), { source = "constant", transport = "STRING", value = "eu" })
  has(one(7), { source = "constant", transport = "LONG", value = 7 })
  has(one(7.5), { source = "constant", transport = "DOUBLE", value = 7.5 })
  has(one(true), { source = "constant", transport = "BOOLEAN", value = true })
  has(one(false), { source = "constant", transport = "BOOLEAN", value = false })
  has(one("5$ and $$"), { value = "5$ and $" })
end)

test.case("variables that are constant for a table", function()
  local topic = { template = "t_${table_name_src}", db = { { regex = "^shop$", to = "store" } } }
  local text = "${DB_NAME_SRC}|${DB_NAME_SRC_TRANSED}|${TABLE_NAME_SRC}|${DATASOURCE_NAME_SRC}|${DB_NAME_DEST}|"
    .. "${TABLE_NAME_DEST}|${DATASOURCE_NAME_DEST}"
  has(one(text, { topic = topic }), { source = "constant", transport = "STRING",
    value = "shop|store|orders|src||t_orders|out" })
end)

test.case("times are numbers alone, text in a text", function()
  has(one("${EXECUTE_TIME}"), { source = "execute_time", transport = "LONG" })
  has(one("${UPDATE_TIME}"), { source = "update_time", transport = "LONG" })
  has(one(field.date "${EXECUTE_TIME}"), { source = "execute_time", transport = "DATE" })
  has(one(field.string "${EXECUTE_TIME}"), { source = "template", transport = "STRING",
    template = "${EXECUTE_TIME}" })
  has(one("${DB_NAME_SRC} at ${UPDATE_TIME}"), { source = "template", template = "shop at ${UPDATE_TIME}" })
end)

test.case("the topic of a topic function is left to the run", function()
  local more = { topic = function() return "t" end }
  has(one("${TABLE_NAME_DEST}", more), { source = "topic", transport = "STRING" })
  has(one("to ${TABLE_NAME_DEST}", more), { source = "template", template = "to ${TABLE_NAME_DEST}" })
end)

test.case("functions get slots in order, by value or declared", function()
  local a, b = function() return 1 end, function() return 2 end
  local mapping = prepare { a = a, b = field.decimal(2, b), c = "x" }
  has(mapping.fields[1], { source = "function", slot = 1, transport = nil })
  has(mapping.fields[2], { source = "function", slot = 2, transport = "DOUBLE", scale = 2 })
  has(mapping.fields[3], { source = "constant" })
  test.equal(mapping.slots, 2)
  test.same(mapping.image, { a, b })
end)

test.case("functions in the order topic, key, fields", function()
  local of_topic, of_key, of_field = function() return "a" end, function() return "b" end, function() return "c" end
  local mapping = prepare({ f = of_field }, { topic = of_topic, key = of_key })
  test.same(mapping.image, { of_topic, of_key, of_field })
  test.equal(#mapping.image_where, 3)
  test.ok(mapping.image_where[1]:find("^fields.lua:%d+$"), mapping.image_where[1])
end)

test.case("each declared type", function()
  local fn = function() end
  for name, transport in pairs { long = "LONG", double = "DOUBLE", string = "STRING", boolean = "BOOLEAN",
    date = "DATE", bytes = "BYTES" } do
    has(one(field[name](fn)), { source = "function", transport = transport })
  end
  has(one(field.long(5)), { source = "constant", transport = "LONG", value = 5 })
  test.raises(function() field.bytes("x") end, "field.bytes(fn) needs a function(change); it got a string")
  test.raises(function() field.decimal(2, 5) end, "field.decimal(scale, fn) needs a function(change); it got a number")
  test.raises(function() field.long("5") end, "field.long(fn) needs a function(change), or a constant that fits LONG")
  test.raises(function() field.string() end, "it got nothing")
  test.raises(function() field.decimal(nil, fn) end, "scale must be an integer")
end)

test.case("sorted by name; in list form in list order", function()
  test.equal(names { b = 1, a = 2, ["shop.*"] = { c = 3, _z = 1 } }, "_z a b c")
  test.equal(names { { z = 1 }, { a = 1 }, { tables = "shop.*", k = 1 }, { tables = "blog.*", n = 1 } }, "z a k")
end)

test.case("for all tables, then patterns, then the exact name", function()
  local fields = { x = "all", ["shop.*"] = { x = "pattern" }, ["shop.orders"] = { x = "exact" } }
  test.equal(prepare(fields).fields[1].value, "exact")
  fields["shop.orders"] = nil
  test.equal(prepare(fields).fields[1].value, "pattern")
  fields["shop.*"] = { y = 1 }
  test.equal(prepare(fields).fields[1].value, "all")
end)

test.case("overlapping patterns need the list form", function()
  test.raises(function() names { ["shop.*"] = { a = 1 }, ["*.orders"] = { b = 1 } } end, "overlapping patterns")
  test.equal(names { { tables = "shop.*", a = 1 }, { tables = "*.orders", b = 1 } }, "a b")
end)

test.case("the name of a column is taken", function()
  test.raises(function() names { price = 1 } end, 'the field "price" has the name of a column of the table shop.orders')
  local renamed = { columns = { ["shop.orders"] = { rename = { price = "amount" } } } }
  test.raises(function() prepare({ amount = 1 }, renamed) end, "(price, renamed)")
  test.equal(prepare({ price = 1 }, renamed).fields[1].name, "price")
end)

local function refused(fields, words)
  test.case("refused: " .. words, function()
    test.raises(function() prepare(fields) end, words)
  end)
end

refused({ x = "${TABLE_NAME_SCR}" }, 'did you mean "TABLE_NAME_SRC"?')
refused({ x = "${nothing_like_it_at_all}" }, "there are: DATASOURCE_NAME_DEST")
refused({ x = "${DB_NAME_SRC" }, "${ without }")
refused({ ["shop.orders"] = "x" }, "looks like a table")
refused({ orders = { a = 1 } }, "is not a pattern")
refused({ ["shop.*"] = { ["shop.x"] = { a = 1 } } }, "looks like a table")
refused({ ["shop.*"] = { a = { b = 1 } } }, "is a table; groups of fields")
refused({ { a = 1 }, b = 2 }, "mixes a list and the name")
refused({ tables = "shop.*", a = 1 }, "belongs to the list form")
