-- types, and `type` in columns: docs/lua-api.md, "types".
local test = require "tideway.test"
local mask = require "tideway.mask"
local tables = require "support.tables"

local function users()
  return tables.make("shop.users", { "id int", "active tinyint(1)", "level tinyint", "price decimal", "mail varchar" })
end

-- Return the conversions as "active boolean BOOLEAN, ...".
local function converted(options, t)
  t = t or users()
  local mapping, list = tables.prepare(options, t), {}
  for i, one in ipairs(mapping.conversions) do
    local transport
    for _, column in ipairs(mapping.columns) do
      if column.column == one.column then transport = column.transport end
    end
    list[i] = ("%s %s %s"):format(t.columns[one.column].name, one.kind, transport)
  end
  return table.concat(list, ", ")
end

local BOOLEAN = "active boolean BOOLEAN"
local DECIMAL = "price number_text STRING"

test.case("without settings, and with those of the default form, nothing is converted", function()
  test.equal(converted {}, "")
  test.equal(converted { types = {} }, "")
  test.equal(converted { types = { tinyint1 = "long" } }, "")
end)

test.case("for all tables, by table, by column: the narrower one takes precedence", function()
  test.equal(converted { types = { tinyint1 = "boolean" } }, BOOLEAN)
  test.equal(converted { types = { default = { tinyint1 = "boolean" } } }, BOOLEAN)
  test.equal(converted { types = { default = { tinyint1 = "boolean" }, ["shop.*"] = {} } }, "")
  test.equal(converted { types = { ["shop.*"] = { tinyint1 = "boolean" } } }, BOOLEAN)
  test.equal(converted { types = { tinyint1 = "boolean", ["shop.*"] = { tinyint1 = "long" } } }, "")
  test.equal(converted { types = { tinyint1 = "boolean", ["shop.*"] = {} } }, BOOLEAN)
  test.equal(converted { types = { ["shop.*"] = { tinyint1 = "long" }, ["shop.users"] = { tinyint1 = "boolean" } } }, BOOLEAN)
  test.equal(converted { types = { { tinyint1 = "long" }, { tables = "shop.*", tinyint1 = "boolean" } } }, BOOLEAN)
  test.equal(converted { columns = { type = { active = { tinyint1 = "boolean" } } } }, BOOLEAN)
  test.equal(converted { types = { ["shop.users"] = { tinyint1 = "boolean" } },
    columns = { ["shop.users"] = { type = { active = { tinyint1 = "long" } } } } }, "")
  test.equal(converted { columns = { ["shop.*"] = { type = { active = { tinyint1 = "boolean" } } },
    ["shop.users"] = { type = { active = { tinyint1 = "long" } } } } }, "")
end)

test.case("several settings, each for its columns", function()
  test.equal(converted { types = { tinyint1 = "boolean", decimal = "string" } }, BOOLEAN .. ", " .. DECIMAL)
  test.equal(converted { types = { decimal = "string", ["shop.users"] = { tinyint1 = "boolean" } } }, BOOLEAN .. ", " .. DECIMAL)
  local t = tables.make("shop.users", { "id bigint unsigned", "signed bigint" })
  t.columns[1].unsigned = true
  test.equal(converted({ types = { bigint_unsigned = "string" } }, t), "id number_text STRING")
end)

test.case("dates have three settings", function()
  local t = tables.make("shop.users", { "id int", "at datetime" })
  test.equal(converted({ types = { datetime = "string" } }, t), "at date_text STRING")
  test.equal(converted({ types = { zero_date = "epoch" } }, t), "at date_ms DATE")
  test.equal(converted({ types = { datetime = "ms", zero_date = "null" } }, t), "")
  test.equal(converted({ types = { zero_date = "string" }, columns = { type = { at = { datetime = "string" } } } }, t),
    "at date_text STRING")
  test.raises(function() converted({ types = { zero_date = "string" } }, t) end,
    'types.zero_date: is text, and the column has milliseconds: add datetime = "string"')
  test.equal(converted { types = { zero_date = "string" } }, "")
  test.equal(converted({ types = { timezone = "-03:30" } }, t), "at date_ms DATE")
  test.equal(tables.prepare({ types = { timezone = "-03:30" } }, t).conversions[1].offset_ms, -12600000)
  test.equal(converted({ types = { timezone = "UTC" } }, t), "")
  for _, zone in ipairs { "utc", "+8:00", "+14:01", "+08:60", "08:00", "Asia/Shanghai" } do
    test.raises(function() converted({ types = { timezone = zone } }, t) end,
      ('types.timezone: "%s" is neither "UTC" nor an offset such as "+08:00"'):format(zone))
  end
end)

test.case("another transport type for one column", function()
  local function as(name, written) return converted { columns = { type = { [name] = written } } } end
  test.equal(as("price", "LONG"), "price whole_number LONG")
  test.equal(as("active", "BOOLEAN"), BOOLEAN)
  test.equal(as("level", "STRING"), "level number_text STRING")
  test.equal(as("mail", "STRING"), "")
  test.equal(converted { types = { decimal = "string" }, columns = { type = { price = "DOUBLE" } } }, "")
  local mapping = tables.prepare({ columns = { type = { level = "DATE" } } }, users())
  test.equal(mapping.columns[3].transport, "DATE")
  test.equal(#mapping.conversions, 0)
end)

test.case("a mask that makes text is written as it is; a constant has the type that functions read", function()
  local types = { tinyint1 = "boolean" }
  test.equal(converted { types = types, columns = { mask = { ["active?"] = mask.hash } } }, "")
  test.equal(converted { types = types, columns = { mask = { ["active?"] = mask.const(true) } } }, BOOLEAN)
  test.raises(function() converted { types = types, columns = { mask = { ["active?"] = mask.const(1) } } } end,
    "tinyint(1) is written as BOOLEAN and needs true or false")
end)

local function refused(options, text)
  test.raises(function() converted(options) end, text)
end

test.case("what is wrong is named, with the nearest name and the place", function()
  refused({ types = { tinyint = "boolean" } }, 'there is no such option in types, did you mean "tinyint1"?')
  refused({ types = { tinyint1 = "bolean" } }, 'types.tinyint1: "bolean" is not one of its values, did you mean "boolean"?')
  refused({ types = { ["shop.*"] = "boolean" } }, "must be a table of settings")
  refused({ types = { ["shop.*"] = { tinyint1 = true } } }, 'types["shop.*"].tinyint1: must be a string')
  refused({ columns = { ["shop.users"] = { type = { actve = { tinyint1 = "boolean" } } } } }, 'did you mean "active"?')
  refused({ columns = { ["shop.users"] = { type = { active = "BOOLAEN" } } } },
    '"BOOLAEN" is not a transport type, did you mean "BOOLEAN"?')
  refused({ columns = { ["shop.users"] = { type = { active = 5 } } } },
    'must be a transport type such as "STRING", or a table of settings')
  refused({ columns = { ["shop.users"] = { type = { price = "DATE" } } } },
    'columns["shop.users"].type.price: the column "price" of shop.users is decimal, which can be written as DOUBLE or LONG or STRING, '
    .. "not as DATE")
  refused({ columns = { ["shop.users"] = { type = { level = { tinyint1 = "boolean" } } } } },
    'columns["shop.users"].type.level.tinyint1: concerns a TINYINT(1), and the column "level" of shop.users is tinyint')
  refused({ types = { ["shop.*"] = { tinyint1 = "boolean" }, ["*.users"] = { tinyint1 = "long" } } }, "both match the table shop.users")
end)

test.case("Debezium's messages have one form", function()
  refused({ format = "debezium", types = { tinyint1 = "boolean" } }, 'types: cannot be combined with format = "debezium"')
  for _, key in ipairs { "shop.users", "shop.*", "default" } do
    refused({ format = "debezium", columns = { [key] = { type = { active = { tinyint1 = "boolean" } } } } },
      'type: cannot be combined with format = "debezium"')
  end
  refused({ format = "debezium", columns = { { type = { active = { tinyint1 = "boolean" } } } } }, "cannot be combined")
end)
