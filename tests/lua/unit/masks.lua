-- mask.chain: masks and functions that are applied one after another.
local hash = require "tideway.hash"
local mask = require "tideway.mask"
local tables = require "support.tables"
local test = require "tideway.test"
local text = require "tideway.text"

local function prepare(one, column)
  local t = tables.make("shop.users", { "id int", "mail varchar", "age int" })
  return tables.prepare({ columns = { ["shop.users"] = { mask = { [column or "mail"] = one } } } }, t)
end

test.case("the result of one is the value of the next", function()
  local chain = mask.chain { text.trim, text.lower, mask.hash { key = "k" } }
  test.equal(chain.apply "  Ä@B.c ", hash.hmac_sha256("k", "ä@b.c"))
  test.equal(mask.chain({ mask.email }).apply "alice@example.com", "a***@example.com")
  test.equal(mask.chain({ mask.chain { mask.last(2) }, text.upper }).apply "abcd", "**CD")
end)

test.case("a value that becomes nil stays NULL, and functions see the row", function()
  local seen
  local chain = mask.chain { function(value, row) return row.keep and value or nil end,
    function(value) seen = value return value .. "!" end }
  test.equal(chain.apply("x", { keep = false }), nil)
  test.equal(seen, nil)
  test.equal(chain.apply("x", { keep = true }), "x!")
end)

test.case("a text mask in it makes a number a STRING", function()
  test.equal(prepare(mask.chain { function(value) return value // 10 end, mask.last(1) }, "age").columns[3].transport, "STRING")
  test.equal(prepare(mask.chain { function(value) return value // 10 end }, "age").columns[3].transport, "LONG")
end)

test.case("it is shown as it is written, without the key", function()
  test.equal(mask.chain({ mask.last(4), mask.hash { key = "secret" }, function() end }):written(),
    "mask.chain { mask.last(4), mask.hash { key = ... }, ... }")
  local shown = mask.chain({ mask.email, function() end }):describe()
  test.ok(shown:find "^mask.chain { mask.email, function masks.lua:%d+ }$", shown)
  test.ok(mask.chain({ text.trim }):describe():find "^mask.chain { function %S+ }$")
end)

test.case("a wrong chain names the line and the item", function()
  local function fails(part, ...)
    local arguments = table.pack(...)
    local message = test.raises(function() mask.chain(table.unpack(arguments)) end, part)
    test.ok(message:find("masks.lua:%d+:"), message)
  end
  fails("mask.chain needs a list of masks and functions: mask.chain { text.trim, mask.hash }")
  fails("mask.chain needs a list", {})
  fails("mask.chain needs a list", mask.email)
  fails("mask.chain: item 2 must be a mask or a function(value, row), not a string (\"lower\")", { mask.email, "lower" })
  fails("got the key mail", { mask.email, mail = mask.email })
  fails("item 1, mask.null, gives the same in every row: write it alone", { mask.null, mask.email })
  fails('item 2, mask.const("x"), gives the same', { mask.email, mask.const "x" })
  fails("mask.last needs its argument: mask.last(4)", { mask.last })
  test.raises(function() prepare(mask.chain) end, "mask.chain needs its argument: mask.chain { text.trim, mask.hash }")
end)
