-- topicname: the rules of Kafka for topic names.
local cbase = require "tideway.cbase"

local topicname = {}

local PROBLEMS = {
  empty = function() return "is empty" end,
  dots = function() return "is a name that Kafka refuses" end,
  long = function(name) return ("has %d characters, and Kafka allows 249"):format(#name) end,
  character = function(name, at)
    local bad = name:sub(at, at)
    return ("has the character %s; Kafka allows A-Z a-z 0-9 . _ -"):format(bad:find("^[\32-\126]$")
      and ("%q"):format(bad) or ("with code %d"):format(bad:byte()))
  end,
}

-- Return what is wrong with the name, or nil when Kafka accepts it.
function topicname.problem(name)
  local fault, at = cbase.topic_fault(name)
  return fault and PROBLEMS[fault](name, at)
end

-- Return a name of the source with each character that Kafka does not accept replaced by _uXXXX
-- (its code point in hex), or by _xXX for each byte when the name is not valid UTF-8.
function topicname.escape(name)
  if not name:find("[^%w._-]") then return name end
  if not utf8.len(name) then
    return (name:gsub("[^%w._-]", function(c) return ("_x%02x"):format(c:byte()) end))
  end
  local out = {}
  for _, code in utf8.codes(name) do
    local char = utf8.char(code)
    out[#out + 1] = char:find("^[%w._-]$") and char or ("_u%04x"):format(code)
  end
  return table.concat(out)
end

-- Return the shape of a name. Two names of one shape collide: Kafka treats "." and "_" as equal
-- and refuses to create the second topic.
function topicname.shape(name)
  return (name:gsub("%.", "_"))
end

return topicname
