-- tideway.field: additional fields with a declared type. The argument is a function(change). All
-- types except bytes and decimal also take a constant. string also takes a text with variables;
-- long and date take "${EXECUTE_TIME}" and "${UPDATE_TIME}". After a function, { default = value } is
-- what is written when the function returns nil or raises an error.
local fault = require "tideway.core.fault"
local fieldtype = require "tideway.core.fieldtype"

local field = {}

-- constructor(name of the function, transport type)
field.long = fieldtype.constructor("long", "LONG")
field.double = fieldtype.constructor("double", "DOUBLE")
field.string = fieldtype.constructor("string", "STRING")
field.boolean = fieldtype.constructor("boolean", "BOOLEAN")
field.date = fieldtype.constructor("date", "DATE")
field.bytes = fieldtype.constructor("bytes", "BYTES")

-- decimal(scale, fn): a DOUBLE, written with exactly `scale` digits after the decimal point.
function field.decimal(scale, value, options)
  if math.type(scale) ~= "integer" or scale < 0 or scale > 30 then
    fault.raise("E_FIELD", "field.decimal(scale, fn): scale must be an integer from 0 to 30")
  end
  return fieldtype.new("decimal", "DOUBLE", value, scale, options)
end

return field
