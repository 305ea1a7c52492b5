-- size: a number of bytes as a script writes it, 1048576 or "1MiB".
local fault = require "tideway.core.fault"

local size = {}

local UNITS = { [""] = 1, KiB = 1 << 10, MiB = 1 << 20, GiB = 1 << 30 }

-- Return the bytes, an integer from 1 to 2^53. The caller has checked that `value` is an integer
-- or a string.
function size.bytes(value, place)
  local text = tostring(value)
  local digits, unit = text:match("^(%d+)%s*(%a*)$")
  local number, factor = math.tointeger(tonumber(digits)), UNITS[unit]
  if not number or not factor then
    place:fail('must be bytes or a text like "64KiB", "16MiB", "1GiB", not %s', fault.show(value))
  end
  if number < 1 or number > (1 << 53) // factor then place:fail("must be from 1 to 2^53 bytes, not %s", text) end
  return number * factor
end

return size
