-- tideway.url: URLs and their parts (RFC 3986).
local fault = require "tideway.core.fault"

local url = {}

local function check_string(value, function_name)
  if type(value) ~= "string" then
    fault.raise("E_OPTION_TYPE", "url.%s: expected a string, not %s", function_name, fault.show(value))
  end
end

-- encode(text): every byte except A-Z a-z 0-9 - . _ ~ as %XX.
function url.encode(text)
  check_string(text, "encode")
  return (text:gsub("[^%w%-._~]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

local function decoded(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- Return the place of a % that two hex digits do not follow, or nil.
local function wrong_escape(text)
  for at in text:gmatch("()%%") do
    if not text:find("^%x%x", at + 1) then return at end
  end
end

-- decode(text): the text with each %XX as its byte; or nil and a message.
function url.decode(text)
  check_string(text, "decode")
  local at = wrong_escape(text)
  if at then return nil, ("byte %d, %%, is not followed by two hex digits"):format(at) end
  return decoded(text)
end

-- query(text): a map of the names and values of a query, decoded, with + as a space; or nil and a message. The value of a name
-- that occurs several times is a list.
function url.query(text)
  check_string(text, "query")
  local at = wrong_escape(text)
  if at then return nil, ("byte %d, %%, is not followed by two hex digits"):format(at) end
  local map = {}
  for part in text:gmatch("[^&]+") do
    local name, value = part:match("^([^=]*)=?(.*)$")
    name, value = decoded((name:gsub("+", " "))), decoded((value:gsub("+", " ")))
    local before = map[name]
    if type(before) == "table" then
      before[#before + 1] = value
    else
      map[name] = before and { before, value } or value
    end
  end
  return map
end

-- Set user, host and port from what is between // and the path. Return false when it is not valid.
local function read_authority(result, text)
  local user, rest = text:match("^(.*)@([^@]*)$")
  result.user = user
  local host, port = (rest or text):match("^(%[[%x:.]+%]):?(%d*)$")
  if not host then host, port = (rest or text):match("^([^:%[%]]*):?(%d*)$") end
  if not host then return false end
  result.host = host:lower()
  if port ~= "" then result.port = math.tointeger(tonumber(port)) end
  return port == "" or #port <= 5 and result.port <= 65535
end

-- parse(text): { scheme, user, host, port, path, query, fragment }, as written except that scheme and host are in lower case;
-- what is absent is nil. Or nil and a message.
function url.parse(text)
  check_string(text, "parse")
  local scheme, rest = text:match("^(%a[%w+.-]*):(.*)$")
  if not scheme or text:find("[%c ]") then return nil, ("%q is not a URL"):format(text) end
  local result = { scheme = scheme:lower() }
  rest, result.fragment = rest:match("^([^#]*)#?(.*)$")
  if not text:find("#", 1, true) then result.fragment = nil end
  local path, query = rest:match("^([^?]*)%?(.*)$")
  result.query, rest = query, path or rest
  local authority, after = rest:match("^//([^/]*)(.*)$")
  result.path = after or rest
  if authority and not read_authority(result, authority) then return nil, ("%q is not a URL: its host or port"):format(text) end
  return result
end

return url
