-- tideway.url: parts, escapes and queries.
local test = require "tideway.test"
local url = require "tideway.url"

test.case("the parts of a URL", function()
  test.same(url.parse "HTTPS://ann:x%40@Shop.Example.com:8443/a/b%20c?q=1&r=?#top#2", { scheme = "https", user = "ann:x%40",
    host = "shop.example.com", port = 8443, path = "/a/b%20c", query = "q=1&r=?", fragment = "top#2" })
  test.same(url.parse "http://example.com", { scheme = "http", host = "example.com", path = "" })
  test.same(url.parse "http://[2001:DB8::1]:80/", { scheme = "http", host = "[2001:db8::1]", port = 80, path = "/" })
  test.same(url.parse "http://[::1]", { scheme = "http", host = "[::1]", path = "" })
  test.same(url.parse "mailto:ann@example.com", { scheme = "mailto", path = "ann@example.com" })
  test.same(url.parse "file:///etc/hosts", { scheme = "file", host = "", path = "/etc/hosts" })
  test.same(url.parse "x:?#", { scheme = "x", path = "", query = "", fragment = "" })
  test.same(url.parse "http://a/?b#c?d", { scheme = "http", host = "a", path = "/", query = "b", fragment = "c?d" })
  test.same(url.parse "http://a?b/c", { scheme = "http", host = "a", path = "", query = "b/c" })
end)

test.case("what is not a URL gives nil and a message", function()
  for _, wrong in ipairs { "", "example.com/a", "//example.com", "1http://x", "http://a b", "http://a\n" } do
    test.same({ url.parse(wrong) }, { nil, ("%q is not a URL"):format(wrong) })
  end
  for _, wrong in ipairs { "http://a:b", "http://a:99999/", "http://a:123456789", "http://[::1", "http://[x]:1" } do
    local parts, message = url.parse(wrong)
    test.equal(parts, nil)
    test.ok(message:find("its host or port", 1, true), message)
  end
end)

test.case("escapes", function()
  test.equal(url.encode "a b/c&ä~-._", "a%20b%2Fc%26%C3%A4~-._")
  test.equal(url.decode "a%20b%2fc%26%C3%A4+", "a b/c&ä+")
  test.equal(url.decode(url.encode "\0\xff%"), "\0\xff%")
  test.same({ url.decode "ab%2" }, { nil, "byte 3, %, is not followed by two hex digits" })
  test.equal(url.decode "%zz", nil)
end)

test.case("queries", function()
  test.same(url.query "a=1&b=x+y%26&c&a=2&a=3&=z", { a = { "1", "2", "3" }, b = "x y&", c = "", [""] = "z" })
  test.same(url.query "", {})
  test.same(url.query "a=b=c&&", { a = "b=c" })
  test.same({ url.query "a=%" }, { nil, "byte 3, %, is not followed by two hex digits" })
end)

test.case("wrong arguments name the line", function()
  for _, name in ipairs { "parse", "encode", "decode", "query" } do
    local message = test.raises(function() url[name](nil) end, ("url.%s: expected a string, not nothing (nil)"):format(name))
    test.ok(message:find("^url.lua:%d+: "), message)
  end
end)
