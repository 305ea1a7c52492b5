-- tideway.outbox: the rows of a transactional outbox become messages whose topic, key, headers and value are in columns.
local cbase = require "tideway.cbase"
local fault = require "tideway.core.fault"
local json = require "tideway.json"

local outbox = {}

local NAMES = { "topic", "key", "value", "headers", "updates" }

-- Raise for options that do not exist or are missing.
local function check_names(options, place)
  if type(options) ~= "table" then place:as("E_OPTION_TYPE"):fail("outbox.new needs a table of options, not %s", fault.show(options)) end
  local known = {}
  for _, name in ipairs(NAMES) do known[name] = true end
  for _, name in ipairs(fault.sorted_keys(options)) do
    if not known[name] then
      place:as("E_OPTION_UNKNOWN"):fail("outbox.new: there is no option %s%s", tostring(name), fault.hint(name, NAMES))
    end
  end
  for _, name in ipairs { "topic", "value" } do
    if options[name] == nil then place:as("E_OPTION_MISSING"):fail("outbox.new: the option %s is missing", name) end
  end
  if options.updates ~= nil and options.updates ~= "error" and options.updates ~= "skip" then
    place:child("updates"):fail('must be "error" or "skip", not %s', fault.show(options.updates))
  end
end

-- Return the value of a column. Raise at the place of the option when the table does not have it.
local function column_value(change, column, place)
  if not cbase.row_has(change.row, column) then
    place:as("E_ROW_COLUMN"):fail("the table %s.%s has no column %q", change.db, change.table, column)
  end
  return change.row[column]
end

-- Return a function(change) for a column, or for a function(row) of the script.
local function reader(value, place)
  if type(value) == "function" then
    return function(change) return value(change.row) end
  end
  if type(value) ~= "string" or value == "" then place:fail("must be a column or a function(row), not %s", fault.show(value)) end
  return function(change) return column_value(change, value, place) end
end

-- Return a function(change) for a topic: a text with columns, "shop.${kind}", or a function(row).
local function topic_reader(value, place)
  if type(value) == "function" or type(value) ~= "string" or value == "" then return reader(value, place) end
  return function(change)
    return (value:gsub("%${([^}]*)}", function(column)
      local part = column_value(change, column, place)
      if part == nil then
        place:as("E_TOPIC_RESULT"):fail("the column %q of %s.%s is NULL, and is a part of the topic", column, change.db, change.table)
      end
      return tostring(part)
    end))
  end
end

local function header_readers(headers, place)
  if headers ~= nil and type(headers) ~= "table" then place:fail("must be a map { header = column }, not %s", fault.show(headers)) end
  local list = {}
  for _, name in ipairs(fault.sorted_keys(headers or {})) do
    if type(name) ~= "string" then place:fail("must be a map { header = column }, not a list") end
    list[#list + 1] = { name = name, read = reader(headers[name], place:child(name)) }
  end
  return list
end

local function headers_of(change, list)
  local headers = {}
  for _, header in ipairs(list) do
    local value = header.read(change)
    if value ~= nil then headers[header.name] = tostring(value) end
  end
  return headers
end

-- Return a value of change:emit, in which nil is json.null.
local function given(value)
  if value == nil then return json.null end
  return value
end

-- new { topic =, key =, value =, headers =, updates = }: a function for on_change. An inserted or copied row becomes a message.
-- A deleted row becomes none. An updated row is an error, unless updates = "skip".
function outbox.new(options)
  local place = fault.here():as("E_OPTION_VALUE")
  check_names(options, place)
  local topic = topic_reader(options.topic, place:child("topic"))
  local key = options.key ~= nil and reader(options.key, place:child("key"))
  local value = reader(options.value, place:child("value"))
  local headers = header_readers(options.headers, place:child("headers"))
  return function(change)
    if change.op == "delete" or change.op == "update" and options.updates == "skip" then return false end
    if change.op == "update" then
      place:as("E_FUNCTION"):fail('a row of %s.%s was updated, but a row of an outbox is inserted and deleted only; updates = "skip" '
        .. "sends nothing for updates", change.db, change.table)
    end
    change:emit { topic = topic(change), key = given(key and key(change) or nil), value = given(value(change)),
      headers = headers_of(change, headers) }
    return false
  end
end

return outbox
