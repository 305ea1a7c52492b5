-- tideway.uuid: UUIDs as texts, as the 16 bytes of a BINARY(16) column, random and by name.
local cbase = require "tideway.cbase"
local fault = require "tideway.core.fault"
local hash = require "tideway.hash"

local uuid = {}

-- the namespaces of RFC 9562
uuid.DNS = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
uuid.URL = "6ba7b811-9dad-11d1-80b4-00c04fd430c8"
uuid.OID = "6ba7b812-9dad-11d1-80b4-00c04fd430c8"

local SHAPE = "^(%x%x%x%x%x%x%x%x)%-?(%x%x%x%x)%-?(%x%x%x%x)%-?(%x%x%x%x)%-?(%x%x%x%x%x%x%x%x%x%x%x%x)$"

local function check_string(value, function_name)
  if type(value) ~= "string" then
    fault.raise("E_OPTION_TYPE", "uuid.%s: expected a string, not %s", function_name, fault.show(value))
  end
end

local function is_swapped(variant, function_name)
  if variant ~= nil and variant ~= "swap" then
    fault.raise("E_OPTION_VALUE", 'uuid.%s: the second argument may only be "swap" (as UUID_TO_BIN(text, 1)), not %s', function_name,
      fault.show(variant))
  end
  return variant == "swap"
end

-- Return the five groups of a text, in lower case; nil when it is not a UUID.
local function groups_of(text)
  return text:lower():match(SHAPE)
end

-- parse(text): the UUID in lower case with hyphens, or nil and a message. The hyphens may be absent.
function uuid.parse(text)
  check_string(text, "parse")
  local a, b, c, d, e = groups_of(text)
  if not a then return nil, ("%q is not a UUID"):format(text) end
  return table.concat({ a, b, c, d, e }, "-")
end

local function from_hex(hex)
  return (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

-- bytes(text, "swap"): the 16 bytes, as UUID_TO_BIN(text) or UUID_TO_BIN(text, 1) gives them; or nil and a message.
function uuid.bytes(text, variant)
  check_string(text, "bytes")
  local swapped = is_swapped(variant, "bytes")
  local a, b, c, d, e = groups_of(text)
  if not a then return nil, ("%q is not a UUID"):format(text) end
  return from_hex(swapped and c .. b .. a .. d .. e or a .. b .. c .. d .. e)
end

-- text(bytes, "swap"): the text of 16 bytes, as BIN_TO_UUID gives it; or nil and a message.
function uuid.text(bytes, variant)
  check_string(bytes, "text")
  local swapped = is_swapped(variant, "text")
  if #bytes ~= 16 then return nil, ("a UUID has 16 bytes, not %d"):format(#bytes) end
  local hex = bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end)
  if swapped then hex = hex:sub(9, 16) .. hex:sub(5, 8) .. hex:sub(1, 4) .. hex:sub(17) end
  return uuid.parse(hex)
end

-- Return the text of 16 bytes with the version and the variant of RFC 9562 set.
local function stamped(bytes, version)
  local list = { bytes:byte(1, 16) }
  list[7] = list[7] & 0x0f | version << 4
  list[9] = list[9] & 0x3f | 0x80
  return uuid.text(string.char(table.unpack(list)))
end

-- v4(): a random UUID. Not in topic and key functions.
function uuid.v4()
  cbase.refuse("uuid.v4")
  return stamped(cbase.random(), 4)
end

-- v5(namespace, name): the UUID of a name: the same in each run, and in other programs.
function uuid.v5(namespace, name)
  check_string(namespace, "v5")
  check_string(name, "v5")
  local bytes = uuid.bytes(namespace)
  if not bytes then fault.raise("E_OPTION_VALUE", "uuid.v5: the namespace %q is not a UUID", namespace) end
  return stamped(from_hex(hash.sha1(bytes .. name)), 5)
end

return uuid
