-- fault: errors that name a place in the user's script. A place is the line of a call and a path of
-- options ("topics.partitions"). If the text of the script can be read, an error names the line of
-- the option, found by searching the text for the path; otherwise it names the line of the call.
local cbase = require "tideway.cbase"

local fault = {}

local Place = {}
Place.__index = Place

-- Return the place of the line in the user's script that called the standard library.
function fault.here()
  local where, file, line = cbase.where()
  return setmetatable({ where = where, file = file, line = line, path = {} }, Place)
end

-- Return a place that has only a "file:line".
function fault.at(where)
  return setmetatable({ where = where, path = {} }, Place)
end

function Place:child(key)
  local path = table.move(self.path, 1, #self.path, 1, {})
  path[#path + 1] = key
  return setmetatable({ where = self.where, file = self.file, line = self.line, path = path, entry = self.entry }, Place)
end

local function is_name(key)
  return type(key) == "string" and key:find("^[%a_][%w_]*$") ~= nil
end

-- Return the path as a text, such as topics.config["cleanup.policy"] or topic[2].to.
function Place:name()
  local text = ""
  for _, key in ipairs(self.path) do
    if is_name(key) then
      text = text == "" and key or text .. "." .. key
    elseif type(key) == "string" then
      text = text .. ("[%q]"):format(key)
    else
      text = text .. "[" .. tostring(key) .. "]"
    end
  end
  return text
end

local function quote_pattern(text)
  return (text:gsub("%W", "%%%0"))
end

local function key_in_line(line, key)
  line = line:gsub("^%s*%-%-.*$", "")
  if is_name(key) and line:find("%f[%w_]" .. key .. "%s*=%f[^=]") then return true end
  local at = line:find('["\']' .. quote_pattern(key) .. '["\']')
  return at ~= nil
end

local function find_line(lines, from, key)
  for number = from, #lines do
    if key_in_line(lines[number], key) then return number end
  end
end

-- Return the file:line of the option, or of the innermost enclosing option that the text contains,
-- or of the call.
function Place:line_of_path()
  local text, file = nil, nil
  if cbase.source then text, file = cbase.source() end
  if not text or not self.line or (file and file ~= self.file) then return self.where end
  local lines = {}
  for line in (text .. "\n"):gmatch("(.-)\r?\n") do lines[#lines + 1] = line end
  local number = self.line
  for _, key in ipairs(self.path) do
    local found = type(key) == "string" and find_line(lines, number, key)
    if not found then break end
    number = found
  end
  return self.file .. ":" .. number
end

local function message_of(fmt, ...)
  if select("#", ...) == 0 then return fmt end
  return fmt:format(...)
end

-- Return the same place. An error at it, or at a child of it, is this entry of the list of errors (tideway explain).
function Place:as(entry)
  return setmetatable({ where = self.where, file = self.file, line = self.line, path = self.path, entry = entry }, Place)
end

-- Raise "sync.lua:12: topics.partitions: must be ...".
function Place:fail(fmt, ...)
  local name = self:name()
  local text = message_of(fmt, ...)
  cbase.raise(self.entry or "E_OPTION_VALUE", self:line_of_path() .. ": " .. (name == "" and "" or name .. ": ") .. text)
end

-- Raise the same without the path of options, for errors about a table.
function Place:plain(fmt, ...)
  cbase.raise(self.entry or "E_MAPPING", self:line_of_path() .. ": " .. message_of(fmt, ...))
end

-- Raise "sync.lua:12: ...", with the line in the user's script that called the standard library, as
-- this entry of the list of errors.
function fault.raise(entry, fmt, ...)
  cbase.raise(entry, cbase.where() .. ": " .. message_of(fmt, ...))
end

-- Return a value as an error message shows it. The content of a secret is never shown.
function fault.show(value)
  local kind = type(value)
  if kind == "string" then return ("a string (%q)"):format(value) end
  if kind == "number" or kind == "boolean" then return ("%s (%s)"):format(kind, tostring(value)) end
  if kind == "nil" then return "nothing (nil)" end
  return "a " .. kind
end

-- Return the name in `names` nearest to `word` by edit distance, or nil when none is near. Of two
-- equally near names, returns the first in alphabetical order.
function fault.nearest(word, names)
  local best, least
  local sorted = table.move(names, 1, #names, 1, {})
  table.sort(sorted)
  for _, name in ipairs(sorted) do
    local distance = cbase.distance(word:lower(), name:lower())
    if not least or distance < least then best, least = name, distance end
  end
  local limit = math.max(1, #word // 3 + (#word % 3 > 0 and 1 or 0))
  if best and least <= limit then return best end
end

-- Return ', did you mean "x"?', or the list of all names after the text `what` when none is near.
function fault.hint(word, names, what)
  local near = type(word) == "string" and fault.nearest(word, names)
  if near then return (", did you mean %q?"):format(near) end
  local sorted = table.move(names, 1, #names, 1, {})
  table.sort(sorted)
  return ("; %s: %s"):format(what or "there are", table.concat(sorted, ", "))
end

-- Return whether a table has integer keys.
function fault.has_items(map)
  for key in pairs(map) do
    if math.type(key) == "integer" then return true end
  end
  return false
end

-- Return the number of items in the list part of a table. Raise when the list has a hole: the
-- items after it would be lost.
function fault.list_size(map, place)
  local count, last = 0, 0
  for key in pairs(map) do
    if math.type(key) == "integer" then count, last = count + 1, math.max(last, key) end
  end
  if last ~= count or map[0] ~= nil then
    for i = 1, last do
      if map[i] == nil then place:fail("item %d of the list is nil, and there are items after it", i) end
    end
    place:fail("has an item with a number below 1")
  end
  return count
end

function fault.sorted_keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b)
    if type(a) == type(b) and type(a) ~= "boolean" then return a < b end
    return type(a) < type(b)
  end)
  return keys
end

return fault
