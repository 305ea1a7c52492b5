-- fieldtype: the type of the additional fields that tideway.field makes: fields with a declared
-- type.
local fault = require "tideway.core.fault"

local fieldtype = {}

local Field = {}
Field.__index = Field
Field.__name = "field"

local fits = {
  LONG = function(value) return math.type(value) == "integer" end,
  DATE = function(value) return math.type(value) == "integer" end,
  DOUBLE = function(value) return type(value) == "number" end,
  STRING = function(value) return type(value) == "string" end,
  BOOLEAN = function(value) return type(value) == "boolean" end,
}

-- Return whether a text is one time variable and nothing else. Its value is a number, which fits
-- LONG and DATE.
local function is_time(value)
  return value == "${EXECUTE_TIME}" or value == "${UPDATE_TIME}"
end

-- Return whether a field of the transport type takes this constant. Fields of raw bytes and exact
-- decimals take functions only.
local function takes(transport, value, scale)
  if scale or not fits[transport] then return false end
  return fits[transport](value) or is_time(value) and (transport == "LONG" or transport == "DATE")
end

function fieldtype.new(name, transport, value, scale)
  if type(value) ~= "function" and not takes(transport, value, scale) then
    local constant = not scale and fits[transport] and ", or a constant that fits " .. transport or ""
    fault.raise("E_FIELD", "field.%s(%sfn) needs a function(change)%s; it got %s", name, scale and "scale, " or "", constant,
      value == nil and "nothing" or "a " .. type(value))
  end
  return setmetatable({ name = name, transport = transport, value = value, scale = scale }, Field)
end

function fieldtype.constructor(name, transport)
  return function(value) return fieldtype.new(name, transport, value) end
end

function fieldtype.is(value)
  return getmetatable(value) == Field
end

return fieldtype
