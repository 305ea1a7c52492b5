-- tideway.mask: masks for columns = { ["db.table"] = { mask = { column = mask.email } } }.
-- Text masks on a column that is not text give text: the column is then written as STRING.
local masks = require "tideway.core.masks"
local hash = require "tideway.hash"

local mask = {}

-- Characters of a text; bytes when it is no UTF-8.
local function characters(text)
  local list = {}
  local pattern = utf8.len(text) and utf8.charpattern or "."
  for char in text:gmatch(pattern) do list[#list + 1] = char end
  return list
end

-- alice@example.com -> a***@example.com; what is no address becomes ***.
mask.email = masks.new { name = "email", text = true, apply = function(value)
  local text = tostring(value)
  local name, host = text:match("^(.+)@([^@]+)$")
  if not name then return "***" end
  return characters(name)[1] .. "***@" .. host
end }

-- +49 170 1234567 -> +** *** ***4567: digits but the last four; all of them when there are no more than four.
mask.phone = masks.new { name = "phone", text = true, apply = function(value)
  local text = tostring(value)
  local digits = select(2, text:gsub("%d", ""))
  local keep, seen = digits > 4 and 4 or 0, 0
  return (text:gsub("%d", function(digit)
    seen = seen + 1
    return seen > digits - keep and digit or "*"
  end))
end }

-- SHA-256 in hex: equal values stay equal. mask.hash { key = ... } is HMAC, which cannot be tried out by guessing.
mask.hash = masks.new { name = "hash", text = true,
  apply = function(value) return hash.sha256(tostring(value)) end,
  build = function(options)
    local key = type(options) == "table" and options.key or options
    if type(key) ~= "userdata" and (type(key) ~= "string" or key == "") then
      error('mask.hash { key = "..." } needs a key, a string that is not empty', 2)
    end
    return masks.new { name = "hash", arguments = " { key = ... }", text = true, apply = function(value)
      return hash.hmac_sha256(key, tostring(value))
    end }
  end }

-- mask.last(4): all characters but the last n; all of them when there are no more than n.
mask.last = masks.new { name = "last", usage = "mask.last(4)", build = function(count)
  if math.type(count) ~= "integer" or count < 0 then error("mask.last(n) needs the number of characters to keep", 2) end
  return masks.new { name = "last", arguments = ("(%d)"):format(count), text = true, apply = function(value)
    local list = characters(tostring(value))
    local hide = #list > count and #list - count or #list
    return ("*"):rep(hide) .. table.concat(list, "", hide + 1)
  end }
end }

-- mask.const(value): this value in every row, also where the column is NULL.
mask.const = masks.new { name = "const", usage = 'mask.const("x")', build = function(value)
  local kind = type(value)
  if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
    error("mask.const(value) needs a string, number or boolean; for NULL write mask.null", 2)
  end
  local arguments = (kind == "string" and "(%q)" or "(%s)"):format(value)
  return masks.new { name = "const", arguments = arguments, always = true, value = value, apply = function() return value end }
end }

-- NULL in every row.
mask.null = masks.new { name = "null", always = true, apply = function() return nil end }

return mask
