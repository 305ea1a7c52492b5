-- tideway.field: additional fields with a declared type. The argument is a function(change) or, but for bytes and
-- decimal, a constant; for long, date and string also a text with variables ("${EXECUTE_TIME}").
local fieldtype = require "tideway.core.fieldtype"

local field = {}

-- transport type, and what a constant must be
field.long = fieldtype.constructor("long", "LONG")
field.double = fieldtype.constructor("double", "DOUBLE")
field.string = fieldtype.constructor("string", "STRING")
field.boolean = fieldtype.constructor("boolean", "BOOLEAN")
field.date = fieldtype.constructor("date", "DATE")
field.bytes = fieldtype.constructor("bytes", "BYTES")

-- decimal(scale, fn): a DOUBLE written with exactly `scale` digits behind the point.
function field.decimal(scale, value)
  if math.type(scale) ~= "integer" or scale < 0 or scale > 30 then
    error("field.decimal(scale, fn): scale must be an integer from 0 to 30", 2)
  end
  return fieldtype.new("decimal", "DOUBLE", value, scale)
end

return field
