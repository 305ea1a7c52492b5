-- transport: another transport type for one column, columns.type = { flags = "LONG" } (docs/types.md, "Another transport type").
local fault = require "tideway.core.fault"

local transport = {}

local FAMILY = { tinyint = "integer", smallint = "integer", mediumint = "integer", int = "integer", bigint = "integer", year = "integer",
  decimal = "decimal", float = "float", double = "float", date = "date", datetime = "date", timestamp = "date", time = "time",
  geometry = "geometry" }

local function family_of(column)
  if column.type == "bit" then return column.transport == "BOOLEAN" and "bit1" or "bit" end
  return FAMILY[column.type] or column.transport == "BYTES" and "bytes" or "text"
end

-- The conversions of each family to other transport types than its own; true: the bytes stay.
local CONVERSIONS = {
  integer = { STRING = "number_text", DOUBLE = true, BOOLEAN = "boolean", DATE = true },
  decimal = { STRING = "number_text", LONG = "whole_number" },
  float = { STRING = "number_text", LONG = "whole_number" },
  bit1 = { STRING = "boolean_text", LONG = "bit_number" },
  bit = { LONG = "bit_number" },
  date = { STRING = "date_text", LONG = true },
  time = { DATE = "time_ms", LONG = "time_ms" },
  text = { LONG = "text_long", DOUBLE = "text_double", BOOLEAN = "text_boolean", DATE = "text_date", BYTES = "text_bytes" },
  bytes = { STRING = "bytes_text" },
  geometry = { STRING = "wkt" },
}

-- What functions read if it is another type than without the conversion.
local READS = { boolean = "BOOLEAN", bit_number = "LONG", date_text = "STRING" }

local NAMES = { "BOOLEAN", "LONG", "DOUBLE", "DATE", "STRING", "BYTES" }

-- Check the name of a transport type.
function transport.check(name, place)
  for _, known in ipairs(NAMES) do
    if known == name then return end
  end
  place:fail("%q is not a transport type%s", name, fault.hint(name, NAMES))
end

-- Return the conversion of the column to this transport type, { kind =, transport =, reads = }; nil: it has this type.
function transport.conversion(name, column, place, t)
  local possible = CONVERSIONS[family_of(column)]
  if name == column.transport then return nil end
  if not possible[name] then
    place:fail("the column %q of %s.%s is %s, which can be written as %s, not as %s", column.name, t.db, t.name, column.sql_type,
      column.transport .. " or " .. table.concat(fault.sorted_keys(possible), " or "), name)
  end
  local kind = possible[name] ~= true and possible[name] or nil
  return { kind = kind, transport = name, reads = READS[kind] }
end

return transport
