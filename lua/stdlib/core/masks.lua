-- masks: the implementation of tideway.mask. A mask edits a cell before anything else reads the
-- row, so topic, key, fields and both images contain the masked value. NULL stays NULL, except with
-- mask.const.
local cbase = require "tideway.cbase"
local fault = require "tideway.core.fault"

local masks = {}

local Mask = {}
Mask.__index = Mask
Mask.__name = "mask"

-- Make a mask. spec: name: of the mask; apply(value, row): returns the masked value; text: the
-- result is text for every column type; always: applies to NULL too; value: the result, when it is
-- constant; build(...): returns a mask for arguments; usage: an example call, for messages;
-- arguments: the arguments as a script writes them; links: the masks of mask.chain.
function masks.new(spec)
  return setmetatable(spec, Mask)
end

function Mask:__call(...)
  if not self.build then fault.raise("E_MASK", "mask.%s takes no arguments: write mask.%s", self.name, self.name) end
  return self.build(...)
end

function Mask:__tostring()
  return "mask." .. self.name
end

-- Return mask.chain { ... } with the text that `show` returns for each of its masks.
local function chain_text(links, show)
  local texts = {}
  for i, link in ipairs(links) do texts[i] = show(link) end
  return "mask.chain { " .. table.concat(texts, ", ") .. " }"
end

-- Return the mask as a script writes it. Replace a function, and the key of mask.hash, by "...".
function Mask:written()
  if self.custom then return "..." end
  if self.links then return chain_text(self.links, Mask.written) end
  return "mask." .. self.name .. (self.arguments or "")
end

-- Return the mask as `plan` shows it: a function by its file and line.
function Mask:describe()
  if self.links then return chain_text(self.links, Mask.describe) end
  return self.custom and "function " .. self.where or self:written()
end

function masks.is(value)
  return getmetatable(value) == Mask
end

-- Return the mask for what the script wrote: a mask of the module, or a function(value, row).
function masks.compile(value, place)
  if masks.is(value) then
    if value.build and not value.apply then place:as("E_MASK"):fail("mask.%s needs its argument: %s", value.name, value.usage) end
    return value
  end
  if type(value) == "function" then
    return masks.new { name = "function", apply = value, custom = true, where = (cbase.function_where(value)) }
  end
  place:as("E_MASK"):fail("must be a mask such as mask.email, or a function(value, row), not %s", fault.show(value))
end

local fits = {
  STRING = function(value) return type(value) == "string" end,
  BYTES = function(value) return type(value) == "string" end,
  LONG = function(value) return math.type(value) == "integer" end,
  DATE = function(value) return math.type(value) == "integer" end,
  DOUBLE = function(value) return type(value) == "number" end,
  BOOLEAN = function(value) return type(value) == "boolean" end,
}
local wanted = { STRING = "a string", BYTES = "a string", LONG = "an integer", DATE = "an integer (ms)",
  DOUBLE = "a number", BOOLEAN = "true or false" }

-- Raise when the constant of a mask does not fit the column. reads: the transport type of what functions read; nil: that
-- of the column.
function Mask:check(column, reads, place, t)
  local transport = reads or column.transport
  if self.value ~= nil and not fits[transport](self.value) then
    place:as("E_MASK"):fail("mask.const(%s) does not fit the column %s of %s.%s: %s is written as %s and needs %s",
      tostring(self.value), column.name, t.db, t.name, column.sql_type or column.type, transport, wanted[transport])
  end
end

-- Return whether the mask changes the transport type of the column to STRING.
function Mask:becomes_text(column)
  return self.text and column.transport ~= "STRING" and column.transport ~= "BYTES" or false
end

return masks
