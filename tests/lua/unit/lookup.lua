-- tideway.lookup: files of CSV and JSON.
local test = require "tideway.test"
local lookup = require "tideway.lookup"

local function file(name, key, separator)
  return lookup.file("support/lookup/" .. name, { key = key or "id", separator = separator })
end

test.case("CSV", function()
  local products = file "products.csv"
  test.equal(products:size(), 3)
  test.same(products:get(1), { id = "1", name = "Zoë", ["price, net"] = "1.50" })
  test.equal(products:get("1", "name"), "Zoë")
  test.same(products:get "2", { id = "2", name = 'a "b", c\nd', ["price, net"] = "" })
  test.same({ products:get(3, "name"), products:get(3, "price, net") }, { "", "x" })
  test.equal(products:get(4), nil)
  test.equal(products:get(4, "name"), nil)
  test.equal(products:get(nil), nil)
  test.equal(products:get({}), nil)
  test.equal(products:get(require "tideway.decimal" "2", "id"), "2")
end)

test.case("CSV with another separator", function()
  local list = file("semicolon.csv", "code", ";")
  test.same(list:get "A", { code = "A", label = "one;two" })
  test.equal(list:get("B", "label"), "2,5")
end)

test.case("JSON", function()
  local products = file "products.json"
  test.equal(products:get(1, "name"), "a")
  test.equal(products:get("k2").name, "b")
  test.equal(products:get(1, "none"), nil)
  test.equal(products:get(1, "tags")[1], "x")
  test.equal(products:get("k2", "tags"), nil)
end)

test.case("a row is a copy", function()
  local products = file "products.csv"
  products:get(1).name = "changed"
  test.equal(products:get(1, "name"), "Zoë")
end)

test.case("a file that is wrong names its line", function()
  local function refused(name, words)
    local message = test.raises(function() file(name) end, "support/lookup/" .. name .. words)
    test.ok(message:find("^lookup.lua:%d+: lookup.file: "), message)
  end
  refused("twice.csv", ':4: the key "1" exists already')
  refused("narrow.csv", ":4: has 1 values, and the first line has 2")
  refused("open.csv", ":2: the closing quote is missing")
  refused("rest.csv", ':2: there is "b" after a closing quote')
  refused("columns.csv", ':1: the column "id" exists twice')
  refused("nokey.csv", ':2: there is no key "id"')
  refused("empty.csv", " is empty: the first line must name the columns")
  refused("semicolon.csv", ':1: there is no column "id"')
  refused("object.json", ": must be a list of objects, and is an object")
  refused("numbers.json", "[1]: must be an object")
  refused("nokey.json", '[1]: there is no key "id"')
  refused("broken.json", ": ")
  test.raises(function() file "absent.csv" end, "support/lookup/absent.csv")
end)

test.case("wrong arguments name the line", function()
  local message = test.raises(function() lookup.file("x.txt", { key = "id" }) end, 'lookup.file: "x.txt" does not end in .csv or .json')
  test.ok(message:find("^lookup.lua:%d+: "), message)
  test.raises(function() lookup.file(5) end, "lookup.file: expected a path, not number (5)")
  test.raises(function() lookup.file "x.csv" end, "lookup.file(path, { key = ... }) needs a table of options, not nothing (nil)")
  test.raises(function() lookup.file("x.csv", {}) end, "lookup.file: key must be the column by which rows are found")
  test.raises(function() lookup.file("x.csv", { kee = "id" }) end, 'there is no option kee, did you mean "key"?')
  test.raises(function() lookup.file("x.csv", { key = "id", separator = "x" }) end, 'separator must be ",", ";", "|" or "\\t"')
  test.raises(function() file("products.csv"):get(1, "nam") end,
    'lookup:get: support/lookup/products.csv has no column "nam", did you mean "name"?')
end)
