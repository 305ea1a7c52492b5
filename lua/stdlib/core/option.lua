-- option: checks tables of options against the schema and fills in defaults. An option that a later
-- version will have is refused by name, never ignored.
local cbase = require "tideway.cbase"
local fault = require "tideway.core.fault"
local reference = require "tideway.core.reference"
local schema = require "tideway.core.schema"
local size = require "tideway.core.size"

local option = { groups = schema.groups }

local by_name = {}
for _, group in ipairs(option.groups) do
  group.map, group.names = {}, {}
  for _, entry in ipairs(group.list) do
    group.map[entry[1]] = entry
    group.names[#group.names + 1] = entry[1]
  end
  by_name[group.name] = group
end

function option.group(name)
  return assert(by_name[name], name)
end

local function is_text(value)
  return type(value) == "string" or cbase.kind(value) == "secret"
end

local function is_list(value)
  local count = 0
  for key, item in pairs(value) do
    if math.type(key) ~= "integer" or type(item) ~= "string" then return false end
    count = count + 1
  end
  return count == #value
end

local function is_properties(value)
  for key, item in pairs(value) do
    local simple = type(item) == "boolean" or type(item) == "number" or is_text(item)
    if type(key) ~= "string" or not simple then return false end
  end
  return true
end

local is_of = {
  integer = function(value) return math.type(value) == "integer" end,
  ["false"] = function(value) return value == false end,
  secret = is_text,
  list = function(value) return type(value) == "string" or type(value) == "table" and is_list(value) end,
  properties = function(value) return type(value) == "table" and is_properties(value) end,
  hosts = function(value) return type(value) == "table" end,
}

local function has_type(entry, value)
  for kind in entry.type:gmatch("[^|]+") do
    local check = is_of[kind]
    if check and check(value) or not check and type(value) == kind then return true end
  end
  return false
end

local function in_range(entry, value)
  return value == value and not (entry.min and value < entry.min) and not (entry.max and value > entry.max)
end

-- ---- errors ----

-- The errors of a table inside sync.run. They name the place of the option in the script.
local of_option = {}

function of_option.no_table(_, value, place)
  place:as("E_OPTION_TYPE"):fail("must be a table of options, not %s", fault.show(value))
end

function of_option.no_name(_, key, place)
  place:fail("has a value without a name (number %s); options are written name = value", tostring(key))
end

function of_option.unknown(group, key, place)
  place:child(key):as("E_OPTION_UNKNOWN"):fail("there is no such option in %s%s", group.name,
    fault.hint(key, group.names, "there are"))
end

function of_option.wrong_type(_, entry, value, here)
  here:as("E_OPTION_TYPE"):fail("must be %s, not %s", reference.type_words(entry.type, 1), fault.show(value))
end

function of_option.out_of_range(_, entry, value, here)
  if entry.max then here:fail("must be from %s to %s, not %s", entry.min, entry.max, value) end
  here:fail("must be at least %s, not %s", entry.min, value)
end

function of_option.later(_, key, place)
  local here = place:child(key)
  here:as("E_NOT_IN_VERSION"):plain("%s is not in this version yet", here:name())
end

function of_option.missing(_, entry, place)
  place:as("E_OPTION_MISSING"):fail("%s is missing: %s", entry[1], entry.help)
end

-- The errors of the argument of a function such as source.mysql. They name the function and the
-- line of the call.
local of_call = {}

local function raise(entry, group, fmt, ...)
  cbase.raise(entry, ("%s: %s: %s"):format(cbase.where(), group.name, fmt:format(...)))
end

function of_call.no_table(group, value)
  raise("E_OPTION_TYPE", group, "expected a table of options, got %s", type(value))
end

function of_call.no_name(group)
  raise("E_OPTION_TYPE", group, "expected name = value, got a list")
end

function of_call.unknown(group, key)
  local near = cbase.nearest(key, group.names)
  raise("E_OPTION_UNKNOWN", group, "unknown option '%s'%s (options: %s)", key, near and ("; did you mean '%s'?"):format(near) or "",
    table.concat(group.names, ", "))
end

function of_call.wrong_type(group, entry, value)
  raise("E_OPTION_TYPE", group, "%s: expected %s, got %s", entry[1], reference.type_words(entry.type, 2),
    type(value) == "number" and tostring(value) or type(value))
end

function of_call.out_of_range(group, entry, value)
  raise("E_OPTION_VALUE", group, "%s: expected %s, got %s", entry[1], reference.range_words(entry), value)
end

function of_call.later(group, key)
  raise("E_NOT_IN_VERSION", group, "%s is not in this version yet", key)
end

function of_call.missing(group, entry)
  raise("E_OPTION_MISSING", group, "%s is missing: %s", entry[1], entry.help)
end

-- ---- checks ----

-- Raise unless the value is one of the choices of the option.
function option.check_choice(entry, value, place)
  for _, choice in ipairs(entry.choices) do
    if value == choice then return end
  end
  for _, choice in ipairs(entry.later_choices or {}) do
    if value == choice then
      place:as("E_NOT_IN_VERSION"):plain("%s = %q is not in this version yet", place:name(), value)
    end
  end
  if type(value) ~= "string" then
    place:fail("must be one of %s, not %s", table.concat(entry.choices, ", "), fault.show(value))
  end
  place:fail("%q is not one of its values%s", value, fault.hint(value, entry.choices, "they are"))
end

local function find_entry(group, key, place, errors)
  if type(key) ~= "string" then errors.no_name(group, key, place) end
  local entry = group.map[key] or errors.unknown(group, key, place)
  if entry.later then errors.later(group, key, place) end
  return entry
end

local function check_value(group, entry, value, here, errors)
  if not has_type(entry, value) then errors.wrong_type(group, entry, value, here) end
  if type(value) == "number" and not in_range(entry, value) then errors.out_of_range(group, entry, value, here) end
  if entry.choices and not (entry.by_table and type(value) == "table") then
    option.check_choice(entry, value, here)
  end
end

-- Set the option in `result`. Options of a table that is spread get their prefix.
local function set_value(entry, value, here, result)
  if entry.spread and type(value) == "table" then
    for name, part in pairs(option.check(entry.group, value, here)) do result[entry.spread .. name] = part end
    value = true
  end
  result[entry[1]] = value
end

-- Check names, types and ranges of `values`. Return a new table with the defaults filled in.
-- place: of a group that is not the argument of a function.
function option.check(group_name, values, place)
  local group = option.group(group_name)
  local errors = group.call and of_call or of_option
  local result = {}
  if type(values) ~= "table" then errors.no_table(group, values, place) end
  for _, key in ipairs(fault.sorted_keys(values)) do
    local entry = find_entry(group, key, place, errors)
    local here = place and place:child(key)
    check_value(group, entry, values[key], here, errors)
    set_value(entry, values[key], here, result)
  end
  for _, entry in ipairs(group.list) do
    local name = entry[1]
    if result[name] == nil then
      if entry.required then errors.missing(group, entry, place) end
      result[name] = entry.default
    end
  end
  return result
end

-- Check the argument of a function. Return it with the defaults filled in, as the description of a
-- thing of this kind; without a kind, as plain options. Called by C.
function option.check_call(group_name, values, kind)
  local result = option.check(group_name, values)
  if kind then result.kind, result.where = kind, (cbase.where()) end
  return result
end

-- Return an integer; 0 for "auto".
local function auto_number(value, place)
  if value == "auto" then return 0 end
  if type(value) == "string" then place:fail('must be an integer or "auto", not %s', fault.show(value)) end
  return value
end

local convert = { bytes = size.bytes, auto = auto_number }

-- Set the members of the configuration `config` to the checked values of a group, and of the tables
-- in it that belong to the same struct. An option without a value sets nothing.
function option.fill(config, group_name, values, place)
  local group = option.group(group_name)
  for _, entry in ipairs(group.list) do
    local value, here = values[entry[1]], place:child(entry[1])
    if entry.member and value ~= nil then
      if entry.convert then value = convert[entry.convert](value, here) end
      if entry.equals then value = value == entry.equals end
      config[entry.member] = value
    elseif entry.type == "table" and entry.group and option.group(entry.group).struct == group.struct then
      option.fill(config, entry.group, option.check(entry.group, value or {}, here), here)
    end
  end
end

-- ---- parts of values ----

-- Return a list of strings. The value is one string or a list of them.
function option.string_list(value, place)
  if type(value) == "string" then return { value } end
  local list = {}
  for _, key in ipairs(fault.sorted_keys(value)) do
    if math.type(key) ~= "integer" then place:fail("must be a list, but has the name %q", tostring(key)) end
    if type(value[key]) ~= "string" then
      place:child(key):as("E_OPTION_TYPE"):fail("must be a string, not %s", fault.show(value[key]))
    end
  end
  for i = 1, fault.list_size(value, place) do list[i] = value[i] end
  if #list == 0 then place:fail("is an empty list") end
  return list
end

local function property_text(value, place)
  if type(value) == "string" or type(value) == "userdata" then return value end
  if type(value) == "boolean" or math.type(value) == "integer" then return tostring(value) end
  if type(value) == "number" then
    return value == math.floor(value) and ("%d"):format(value) or ("%.14g"):format(value)
  end
  place:as("E_OPTION_TYPE"):fail("must be a string, number or boolean, not %s", fault.show(value))
end

-- Return { name = value } as a list of pairs sorted by name, with the values as text.
function option.pairs_list(map, place)
  local list = {}
  for _, key in ipairs(fault.sorted_keys(map or {})) do
    if type(key) ~= "string" then place:fail("must be a map of names and values, not a list") end
    list[#list + 1] = { key, property_text(map[key], place:child(key)) }
  end
  return list
end

-- Rows for docs/options.md, and the page.
option.rows = reference.rows
option.markdown = reference.markdown

return option
