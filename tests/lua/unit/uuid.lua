-- tideway.uuid: texts, bytes, versions 4 and 5.
local test = require "tideway.test"
local uuid = require "tideway.uuid"

local TEXT = "6ccd780c-baba-1026-9564-5b8c656024db"
local BYTES = "\x6c\xcd\x78\x0c\xba\xba\x10\x26\x95\x64\x5b\x8c\x65\x60\x24\xdb"
local SWAPPED = "\x10\x26\xba\xba\x6c\xcd\x78\x0c\x95\x64\x5b\x8c\x65\x60\x24\xdb" -- the example of MySQL's manual

test.case("text and bytes", function()
  test.equal(uuid.parse(TEXT:upper()), TEXT)
  test.equal(uuid.parse((TEXT:gsub("-", ""))), TEXT)
  test.equal(uuid.bytes(TEXT), BYTES)
  test.equal(uuid.bytes(TEXT:upper(), "swap"), SWAPPED)
  test.equal(uuid.text(BYTES), TEXT)
  test.equal(uuid.text(SWAPPED, "swap"), TEXT)
  test.equal(uuid.text(("\0"):rep(16)), "00000000-0000-0000-0000-000000000000")
end)

test.case("what is not a UUID gives nil and a message", function()
  for _, wrong in ipairs { "", TEXT .. "0", TEXT:sub(2), TEXT:gsub("6", "g", 1), "{" .. TEXT .. "}" } do
    test.same({ uuid.parse(wrong) }, { nil, ("%q is not a UUID"):format(wrong) })
    test.equal(uuid.bytes(wrong), nil)
  end
  test.same({ uuid.text "abc" }, { nil, "a UUID has 16 bytes, not 3" })
end)

test.case("version 5: the examples of RFC 9562 and of other programs", function()
  test.equal(uuid.v5(uuid.DNS, "www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2")
  test.equal(uuid.v5(uuid.DNS, "python.org"), "886313e1-3b8a-5372-9b90-0c9aee199e5d")
  test.equal(uuid.v5(uuid.URL:upper(), "x"), uuid.v5(uuid.URL, "x"))
end)

test.case("version 4 is random", function()
  local seen = {}
  for _ = 1, 1000 do
    local id = uuid.v4()
    test.ok(id:find("^%x+%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x+$"), id)
    test.equal(uuid.parse(id), id)
    test.ok(not seen[id])
    seen[id] = true
  end
end)

test.case("wrong arguments name the line", function()
  local message = test.raises(function() uuid.parse(5) end, "uuid.parse: expected a string, not number (5)")
  test.ok(message:find("^uuid.lua:%d+: "), message)
  test.raises(function() uuid.text(nil) end, "uuid.text: expected a string, not nothing (nil)")
  test.raises(function() uuid.bytes(TEXT, "x") end, 'uuid.bytes: the second argument may only be "swap" (as UUID_TO_BIN(text, 1))')
  test.raises(function() uuid.v5("x", "y") end, 'uuid.v5: the namespace "x" is not a UUID')
  test.raises(function() uuid.v5(uuid.DNS) end, "uuid.v5: expected a string")
end)
