-- The option headers: docs/lua-api.md, "headers". Its shape is that of fields (fields.lua).
local test = require "tideway.test"
local field = require "tideway.field"
local tables = require "support.tables"

local function prepare(headers, more)
  local options = { headers = headers }
  for key, value in pairs(more or {}) do options[key] = value end
  return tables.prepare(options, tables.make("shop.orders", { "id int", "price decimal" }))
end

local function names(headers)
  local list = {}
  for i, item in ipairs(prepare(headers).headers) do list[i] = item.name end
  return table.concat(list, " ")
end

test.case("constants, variables and functions; a header may have the name of a column", function()
  local fn = function() end
  local list = prepare({ a = "x", b = 7, c = "${TABLE_NAME_SRC}", price = fn, t = "${EXECUTE_TIME}" }).headers
  test.equal(#list, 5)
  test.equal(list[1].value, "x")
  test.equal(list[2].value, 7)
  test.equal(list[3].value, "orders")
  test.equal(list[4].source .. list[4].slot, "function1")
  test.equal(list[5].source, "execute_time")
end)

test.case("functions follow those of topic, key and fields", function()
  local functions = {}
  for i = 1, 4 do functions[i] = function() return i end end
  local mapping = prepare({ h = functions[4] }, { topic = functions[1], key = functions[2], fields = { f = functions[3] } })
  test.same(mapping.image, functions)
  test.equal(mapping.slots, 2)
  test.equal(mapping.fields[1].slot, 1)
  test.equal(mapping.headers[1].slot, 2)
  test.ok(mapping.image_where[4]:find("^headers.lua:%d+$"), mapping.image_where[4])
end)

test.case("for all tables, then patterns, then the exact name; list form in list order", function()
  test.equal(names { z = "1", a = "2", ["shop.*"] = { m = "3", a = "4" }, ["blog.*"] = { n = "5" } }, "a m z")
  test.equal(prepare({ a = "all", ["shop.orders"] = { a = "exact" } }).headers[1].value, "exact")
  test.equal(names { { z = "1" }, { tables = "shop.*", a = "2" } }, "z a")
  test.equal(names {}, "")
end)

local function refused(headers, words)
  test.case("refused: " .. words, function()
    test.raises(function() prepare(headers) end, words)
  end)
end

refused({ x = true }, "headers.x: must be a text, a number or a function(change): headers have no types, not boolean (true)")
refused({ x = field.string(function() end) }, "headers.x: must be a text, a number or a function(change)")
refused({ x = "${TABLE_NAME_SCR}" }, 'headers.x: ${TABLE_NAME_SCR} is not a variable here, did you mean "TABLE_NAME_SRC"?')
refused({ ["tideway-copy"] = "1" }, 'headers["tideway-copy"]: the names of headers that begin with tideway- are those that Tideway')
refused({ orders = { a = "1" } }, 'is a table but "orders" is not a pattern: tables are named db.table; a header is name = value')
refused({ ["shop.orders"] = "x" }, "looks like a table: its value must be a table { name = value } of headers")
refused({ ["shop.*"] = { a = { b = "1" } } }, "is a table; groups of headers for tables belong one level higher")
refused({ ["shop.*"] = { a = "1" }, ["*.orders"] = { b = "1" } }, "overlapping patterns are written as a list")
refused("x", 'headers: must be a table, not a string ("x")')
