-- tideway.base64: the vectors of RFC 4648, and texts that are not base64.
local base64 = require "tideway.base64"
local test = require "tideway.test"

test.case("RFC 4648", function()
  local vectors = { [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==", fooba = "Zm9vYmE=", foobar = "Zm9vYmFy" }
  for bytes, text in pairs(vectors) do
    test.equal(base64.encode(bytes), text)
    test.equal(base64.decode(text), bytes)
    test.equal(base64.encode(bytes, "url"), (text:gsub("=", "")))
    test.equal(base64.decode(text, "url"), bytes)
    test.equal(base64.decode((text:gsub("=", "")), "url"), bytes)
  end
end)

test.case("all bytes, in both alphabets", function()
  local list = {}
  for byte = 0, 255 do list[#list + 1] = string.char(byte) end
  local all = table.concat(list)
  for n = 0, #all do
    local bytes = all:sub(n + 1)
    test.equal(base64.decode(base64.encode(bytes)), bytes)
    test.equal(base64.decode(base64.encode(bytes, "url"), "url"), bytes)
  end
  test.equal(base64.encode "\xfb\xff\xbf", "+/+/")
  test.equal(base64.encode("\xfb\xff\xbf", "url"), "-_-_")
end)

test.case("white space is skipped, as TO_BASE64 writes it", function()
  local long = ("tideway "):rep(30)
  local lines = base64.encode(long):gsub(("."):rep(76), "%0\n")
  test.ok(lines:find "\n")
  test.equal(base64.decode(lines), long)
  test.equal(base64.decode " Z\r\ng\t= = ", "f")
end)

local function wrong(text, part, variant)
  local bytes, message = base64.decode(text, variant)
  test.equal(bytes, nil)
  test.ok(message:find(part, 1, true), message)
end

test.case("a text that is not base64 gives nil and a message", function()
  wrong("Zm9v!", "byte 5 of the text, '!', is not a base64 digit")
  wrong("Zm\x80v", "byte 3 of the text, \\x80,")
  wrong("Zm9\0", "byte 4 of the text, \\x00,")
  wrong("-_8=", "this is the alphabet for URLs, which base64.decode(text, \"url\") reads")
  wrong("+/8", "this is the standard alphabet", "url")
  wrong("Z", "a single digit: the text was cut off")
  wrong("Zg", "the padding (=) at the end is missing")
  wrong("Zg=", "the padding (=) at the end is missing")
  wrong("Zm8==", "more padding")
  wrong("Zm9v=", "more padding")
  wrong("Zg=", "padding", "url")
  wrong("====", "more padding")
  wrong("Zg==Zg==", "byte 5 of the text, 'Z'")
  wrong("Zh==", "bits that belong to no byte")
  wrong("Zm9=", "bits that belong to no byte")
end)

test.case("a wrong argument names the line", function()
  local message = test.raises(function() base64.encode(5) end, "base64.encode: expected a string, got number")
  test.ok(message:find("base64.lua:%d+:"), message)
  test.raises(function() base64.decode(nil) end, "base64.decode: expected a string, got nil")
  test.raises(function() base64.encode("x", "URL") end, 'the second argument may only be "url" (the alphabet for URLs), not URL')
end)
