-- types: in which form the values of each column are written. The settings come from `types`, for all tables and by
-- table, and from `type` in `columns`, by column: the column takes precedence over the exact name of the table, this over
-- a pattern or `default`, and these over the settings for all tables.
local fault = require "tideway.core.fault"
local option = require "tideway.core.option"
local select_by = require "tideway.core.select"

local types = {}

-- ---- reading the options ----

-- Return the settings of a table as { name = { value =, place = } }.
local function read_settings(written, place)
  option.check("types", written, place)
  local settings = {}
  for name, value in pairs(written) do settings[name] = { value = value, place = place:child(name) } end
  return settings
end

local function read_item(item, place)
  local written = {}
  for name, value in pairs(item) do
    if name ~= "tables" then written[name] = value end
  end
  return read_settings(written, place)
end

local function read_table(value, place)
  if type(value) ~= "table" then place:fail("must be a table of settings, { decimal = \"string\" }, not %s", fault.show(value)) end
  return read_settings(value, place)
end

local function names_tables(key)
  return type(key) == "string" and (key == "default" or key:find("[.`/]") ~= nil)
end

-- Return the selector of the option `types`. A table may have settings for all tables beside those by table.
function types.compile(value, place, registry)
  if value == nil then return select_by.constant(nil, place) end
  if fault.has_items(value) then return select_by.list(value, place, read_item, registry) end
  local common, by_table = {}, {}
  for key, part in pairs(value) do
    if names_tables(key) then by_table[key] = part else common[key] = part end
  end
  local selector = select_by.map(by_table, place, read_table, registry)
  if next(common) ~= nil then selector.all = { value = read_settings(common, place), place = place } end
  return selector
end

-- Check the value of one column in columns.type.
function types.of_column(value, place)
  if type(value) ~= "table" then
    place:fail("must be a table of settings, { tinyint1 = \"boolean\" }, not %s", fault.show(value))
  end
  return read_settings(value, place)
end

-- ---- what they mean for a column ----

-- For each setting: concerns(column), and form(value, column): the conversion, the transport type of its values, and what
-- functions read, if it is another type than that of the column. Return nothing for the default form.
local SETTINGS = {}

SETTINGS.tinyint1 = {
  what = "a TINYINT(1)",
  concerns = function(column) return column.type == "tinyint" and column.sql_type:find("^tinyint%(1%)") ~= nil end,
  form = function(value) if value == "boolean" then return "boolean", "BOOLEAN", "BOOLEAN" end end,
}

-- Return the settings for the columns of a table: those for all tables, then those of a pattern, then those of its name.
local function settings_of(selector, t)
  local settings = {}
  for _, entry in ipairs(selector:collect(t.db, t.name)) do
    for name, one in pairs(entry.value) do settings[name] = one end
  end
  return settings
end

-- Raise for a setting of one column that concerns other types only.
local function check_own(own, column, t)
  for _, name in ipairs(fault.sorted_keys(own)) do
    if not SETTINGS[name].concerns(column) then
      own[name].place:fail("concerns %s, and the column %q of %s.%s is %s", SETTINGS[name].what, column.name, t.db, t.name,
        column.sql_type)
    end
  end
end

-- Return how to write the column in its default form.
local function remedy(name, one, column, t)
  return ("%s = %q (%s) asks for that. Set the value in on_row, or write this column in its default form with columns = { "
    .. "[%q] = { type = { [%q] = { %s = %q } } } }, and start again: the sync resumes at this row"):format(name, one.value,
    one.place:line_of_path(), t.db .. "." .. t.name, column.name, name, option.group("types").map[name].default)
end

-- Return the conversion of a column, { kind =, transport =, reads =, remedy = }; nil: its default form.
local function conversion_of(settings, own, column, t)
  for name, setting in pairs(SETTINGS) do
    local one = own[name] or settings[name]
    if one and setting.concerns(column) then
      local kind, transport, reads = setting.form(one.value, column)
      if kind then
        return { kind = kind, transport = transport, reads = reads, remedy = remedy(name, one, column, t) }
      end
    end
  end
end

-- Return the conversions of the columns of a table, by position. own: the settings of single columns, { position = use }.
function types.resolve(selector, t, own)
  local settings, conversions = settings_of(selector, t), {}
  for at, column in ipairs(t.columns) do
    local its = own[at] and own[at].value or {}
    check_own(its, column, t)
    conversions[at] = conversion_of(settings, its, column, t)
  end
  return conversions
end

return types
