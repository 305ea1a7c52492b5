-- types: in which form the values of each column are written. The settings come from `types`, for all tables and by
-- table, and from `type` in `columns`, by column: the column takes precedence over the exact name of the table, this over
-- a pattern or `default`, and these over the settings for all tables.
local fault = require "tideway.core.fault"
local option = require "tideway.core.option"
local select_by = require "tideway.core.select"
local transport = require "tideway.core.transport"

local types = {}

-- ---- reading the options ----

-- Return the offset of a time zone from UTC in milliseconds; nil: it is none.
local function offset_of(zone)
  if zone == "UTC" then return 0 end
  local sign, hours, minutes = zone:match("^([+-])(%d%d):([0-5]%d)$")
  local offset = sign and tonumber(hours) * 60 + tonumber(minutes)
  if not sign or offset > 14 * 60 then return nil end
  return sign == "-" and offset * -60000 or offset * 60000
end

-- Return the settings of a table as { name = { value =, place = } }.
local function read_settings(written, place)
  option.check("types", written, place)
  if written.timezone and not offset_of(written.timezone) then
    place:child("timezone"):fail("%q is neither \"UTC\" nor an offset such as \"+08:00\"", written.timezone)
  end
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

-- Return the value of one column in columns.type: settings as above, or { as = { value =, place = } }, another transport type.
function types.of_column(value, place)
  if type(value) == "string" then
    transport.check(value, place)
    return { as = { value = value, place = place } }
  end
  if type(value) ~= "table" then
    place:fail("must be a transport type such as \"STRING\", or a table of settings, { tinyint1 = \"boolean\" }, not %s",
      fault.show(value))
  end
  return read_settings(value, place)
end

-- ---- what they mean for a column ----

local function is_type(...)
  local names = {}
  for _, name in ipairs { ... } do names[name] = true end
  return function(column) return names[column.type] ~= nil end
end

local function date_conversion(value, find)
  local zero, is_text, offset = value("zero_date"), value("datetime") == "string", offset_of(value("timezone"))
  if zero == "string" and not is_text then
    find("zero_date").place:fail("is text, and the column has milliseconds: add datetime = %q, or choose another value", "string")
  end
  if not is_text and zero == "null" and offset == 0 then return nil end
  local by = (zero == "dirty" or not is_text and zero ~= "null") and "zero_date" or is_text and "datetime" or "timezone"
  return { by = by, kind = is_text and "date_text" or "date_ms", transport = is_text and "STRING" or "DATE",
    reads = is_text and "STRING" or nil, zero = zero, offset_ms = offset }
end

-- What settings do to the columns that they concern. conversion(value, find): value(name) is the value of a setting, find(name) the
-- setting as it is written, or nil. It returns nil for the default form, or { by =, kind =, transport =, reads =, zero =, offset_ms = }:
-- the setting that asks for it, the conversion, the transport type of its values, that of what functions read if it is another than
-- without the setting, what becomes of a zero date, and the offset of the time zone.
local FORMS = {
  {
    settings = { "tinyint1" }, what = "a TINYINT(1)",
    concerns = function(column) return column.type == "tinyint" and column.sql_type:find("^tinyint%(1%)") ~= nil end,
    conversion = function(value)
      if value("tinyint1") == "boolean" then
        return { by = "tinyint1", kind = "boolean", transport = "BOOLEAN", reads = "BOOLEAN" }
      end
    end,
  },
  {
    settings = { "bigint_unsigned" }, what = "a BIGINT UNSIGNED",
    concerns = function(column) return column.type == "bigint" and column.unsigned end,
    conversion = function(value)
      if value("bigint_unsigned") == "string" then
        return { by = "bigint_unsigned", kind = "number_text", transport = "STRING" }
      end
    end,
  },
  {
    settings = { "decimal" }, what = "a DECIMAL",
    concerns = is_type("decimal"),
    conversion = function(value)
      if value("decimal") == "string" then return { by = "decimal", kind = "number_text", transport = "STRING" } end
    end,
  },
  {
    settings = { "bit" }, what = "a BIT",
    concerns = is_type("bit"),
    conversion = function(value)
      if value("bit") == "long" then return { by = "bit", kind = "bit_number", transport = "LONG", reads = "LONG" } end
    end,
  },
  {
    settings = { "datetime", "zero_date", "timezone" }, what = "a DATE, DATETIME or TIMESTAMP",
    concerns = is_type("date", "datetime", "timestamp"),
    conversion = date_conversion,
  },
  {
    settings = { "time" }, what = "a TIME",
    concerns = is_type("time"),
    conversion = function(value)
      if value("time") == "date" then return { by = "time", kind = "time_ms", transport = "DATE" } end
    end,
  },
  {
    settings = { "geometry" }, what = "a GEOMETRY or a type of its family",
    concerns = is_type("geometry"),
    conversion = function(value)
      local form = value("geometry")
      if form == "wkb" then return { by = "geometry", kind = "wkb", transport = "BYTES" } end
      if form == "wkt" then return { by = "geometry", kind = "wkt", transport = "STRING" } end
    end,
  },
}

local FORM_OF = {} -- the form of each setting
for _, form in ipairs(FORMS) do
  for _, name in ipairs(form.settings) do FORM_OF[name] = form end
end

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
    if not FORM_OF[name].concerns(column) then
      own[name].place:fail("concerns %s, and the column %q of %s.%s is %s", FORM_OF[name].what, column.name, t.db, t.name,
        column.sql_type)
    end
  end
end

-- Return how to write the column in its default form, which `default` is in columns.type. asks: what asks for another one.
local function remedy(asks, place, column, t, default)
  return ("%s (%s) asks for that. Set the value in on_row, or write this column in its default form with columns = { "
    .. "[%q] = { type = { [%q] = %s } } }, and start again: the sync resumes at this row"):format(asks, place:line_of_path(),
    t.db .. "." .. t.name, column.name, default)
end

local function setting_remedy(name, one, column, t)
  local default = option.group("types").map[name].default
  return remedy(("%s = %q"):format(name, one.value), one.place, column, t, ("{ %s = %q }"):format(name, default))
end

-- Return the conversion of a column, with the remedy for a value that does not fit; nil: its default form.
local function conversion_of(settings, own, column, t)
  local function find(name) return own[name] or settings[name] end
  local function value(name)
    local one = find(name)
    return one and one.value or option.group("types").map[name].default
  end
  for _, form in ipairs(FORMS) do
    local conversion = form.concerns(column) and form.conversion(value, find)
    if conversion then
      conversion.remedy = setting_remedy(conversion.by, find(conversion.by), column, t)
      return conversion
    end
  end
end

-- Return the conversion of a column to another transport type; nil: it has this type.
local function conversion_to(as, column, t)
  local conversion = transport.conversion(as.value, column, as.place, t)
  if conversion then
    conversion.remedy = remedy(("type = %q"):format(as.value), as.place, column, t, ("%q"):format(column.transport))
  end
  return conversion
end

-- Return the conversions of the columns of a table, by position. own: the settings of single columns, { position = use }.
function types.resolve(selector, t, own)
  local settings, conversions = settings_of(selector, t), {}
  for at, column in ipairs(t.columns) do
    local its = own[at] and own[at].value or {}
    if its.as then
      conversions[at] = conversion_to(its.as, column, t)
    else
      check_own(its, column, t)
      conversions[at] = conversion_of(settings, its, column, t)
    end
  end
  return conversions
end

return types
