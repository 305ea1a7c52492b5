-- tideway.mask: masks for columns = { ["db.table"] = { mask = { column = mask.email } } }.
-- A text mask returns text for every column type. Except BYTES, the column is then written as
-- STRING.
local fault = require "tideway.core.fault"
local masks = require "tideway.core.masks"
local hash = require "tideway.hash"

local mask = {}

-- Return the characters of a text as a list, or its bytes when the text is not valid UTF-8.
local function characters(text)
  local list = {}
  local pattern = utf8.len(text) and utf8.charpattern or "."
  for char in text:gmatch(pattern) do list[#list + 1] = char end
  return list
end

-- alice@example.com -> a***@example.com. A text that is not an address becomes ***.
mask.email = masks.new { name = "email", text = true, apply = function(value)
  local text = tostring(value)
  local name, host = text:match("^(.+)@([^@]+)$")
  if not name then return "***" end
  return characters(name)[1] .. "***@" .. host
end }

-- +49 170 1234567 -> +** *** ***4567. Hides all digits except the last four; a number of at most
-- four digits is hidden completely.
mask.phone = masks.new { name = "phone", text = true, apply = function(value)
  local text = tostring(value)
  local digits = select(2, text:gsub("%d", ""))
  local keep, seen = digits > 4 and 4 or 0, 0
  return (text:gsub("%d", function(digit)
    seen = seen + 1
    return seen > digits - keep and digit or "*"
  end))
end }

-- SHA-256 in hex: equal values have equal hashes. mask.hash { key = ... } is HMAC-SHA-256: without
-- the key, nobody can find a value by hashing guesses.
mask.hash = masks.new { name = "hash", text = true,
  apply = function(value) return hash.sha256(tostring(value)) end,
  build = function(options)
    local key = type(options) == "table" and options.key or options
    if type(key) ~= "userdata" and (type(key) ~= "string" or key == "") then
      fault.raise("E_MASK", 'mask.hash { key = "..." } needs a key, a string that is not empty')
    end
    return masks.new { name = "hash", arguments = " { key = ... }", text = true, apply = function(value)
      return hash.hmac_sha256(key, tostring(value))
    end }
  end }

-- mask.last(n): hides all characters except the last n. A text of at most n characters is hidden
-- completely.
mask.last = masks.new { name = "last", usage = "mask.last(4)", build = function(count)
  if math.type(count) ~= "integer" or count < 0 then fault.raise("E_MASK", "mask.last(n) needs the number of characters to keep") end
  return masks.new { name = "last", arguments = ("(%d)"):format(count), text = true, apply = function(value)
    local list = characters(tostring(value))
    local hide = #list > count and #list - count or #list
    return ("*"):rep(hide) .. table.concat(list, "", hide + 1)
  end }
end }

-- mask.const(value): the value in every row, including rows whose column is NULL.
mask.const = masks.new { name = "const", usage = 'mask.const("x")', build = function(value)
  local kind = type(value)
  if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
    fault.raise("E_MASK", "mask.const(value) needs a string, number or boolean; for NULL write mask.null")
  end
  local arguments = (kind == "string" and "(%q)" or "(%s)"):format(value)
  return masks.new { name = "const", arguments = arguments, always = true, value = value, apply = function() return value end }
end }

local CHAIN_USAGE = "mask.chain { text.trim, mask.hash }"

-- Return the masks that a chain consists of.
local function links_of(list)
  if type(list) ~= "table" or masks.is(list) or #list == 0 then
    fault.raise("E_MASK", "mask.chain needs a list of masks and functions: %s", CHAIN_USAGE)
  end
  local links = {}
  for _, key in ipairs(fault.sorted_keys(list)) do
    local one = list[key]
    if math.type(key) ~= "integer" or key < 1 or key > #list then
      fault.raise("E_MASK", "mask.chain takes a list without holes and names, and got the key %s: %s", tostring(key), CHAIN_USAGE)
    end
    if not masks.is(one) and type(one) ~= "function" then
      fault.raise("E_MASK", "mask.chain: item %d must be a mask or a function(value, row), not %s", key, fault.show(one))
    end
    if masks.is(one) and one.always then
      fault.raise("E_MASK", "mask.chain: item %d, %s, gives the same in every row: write it alone", key, one:written())
    end
    links[key] = masks.compile(one, fault.here())
  end
  return links
end

-- mask.chain { a, b }: what a returns is masked by b. A value that becomes NULL stays NULL.
mask.chain = masks.new { name = "chain", usage = CHAIN_USAGE, build = function(list)
  local links = links_of(list)
  local text = false
  for _, link in ipairs(links) do text = text or link.text end
  return masks.new { name = "chain", links = links, text = text, apply = function(value, row)
    for _, link in ipairs(links) do
      if value == nil then return nil end
      value = link.apply(value, row)
    end
    return value
  end }
end }

-- NULL in every row.
mask.null = masks.new { name = "null", always = true, apply = function() return nil end }

return mask
