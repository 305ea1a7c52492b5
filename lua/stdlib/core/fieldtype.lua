-- fieldtype: the type of the additional fields that tideway.field makes: fields with a declared
-- type.
local cbase = require "tideway.cbase"
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

-- Return whether a field of the transport type takes this default.
local function takes_default(transport, value, scale)
  if scale and cbase.kind(value) == "decimal" then return true end
  if transport == "BYTES" then return type(value) == "string" end
  return fits[transport](value)
end

-- Return the default of a field, from the options after its function; nil without one.
local function default_of(name, transport, value, scale, options)
  if options == nil then return nil end
  if type(options) ~= "table" or next(options) ~= "default" or next(options, "default") ~= nil then
    fault.raise("E_FIELD", "field.%s: after the function there may only be { default = ... }, not %s", name,
      type(options) == "table" and "other names" or fault.show(options))
  end
  if type(value) ~= "function" then fault.raise("E_FIELD", "field.%s: only a function has a default", name) end
  if not takes_default(transport, options.default, scale) then
    fault.raise("E_FIELD", "field.%s: the default does not fit %s: it is %s", name, transport, fault.show(options.default))
  end
  return options.default
end

-- options: { default = value } for a function, or nil.
function fieldtype.new(name, transport, value, scale, options)
  if type(value) ~= "function" and not takes(transport, value, scale) then
    local constant = not scale and fits[transport] and ", or a constant that fits " .. transport or ""
    fault.raise("E_FIELD", "field.%s(%sfn) needs a function(change)%s; it got %s", name, scale and "scale, " or "", constant,
      value == nil and "nothing" or "a " .. type(value))
  end
  local default = default_of(name, transport, value, scale, options)
  if default ~= nil then value = cbase.try(value, default, true) end
  return setmetatable({ name = name, transport = transport, value = value, scale = scale }, Field)
end

function fieldtype.constructor(name, transport)
  return function(value, options) return fieldtype.new(name, transport, value, nil, options) end
end

function fieldtype.is(value)
  return getmetatable(value) == Field
end

return fieldtype
