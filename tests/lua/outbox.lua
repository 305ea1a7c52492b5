-- tideway.outbox: what messages come out of the rows of an outbox.
local test = require "tideway.test"

local TABLE = [[CREATE TABLE a.outbox (id INT PRIMARY KEY, kind VARCHAR(20), version INT, aggregate BIGINT, payload TEXT,
  trace VARCHAR(20))]]

local function load(case)
  return test.load("support/outbox.lua", { env = { CASE = case } }):table(TABLE)
end

local function row(payload, trace)
  return { id = 7, kind = "order", version = 2, aggregate = 42, payload = payload, trace = trace }
end

test.case("topic, key, headers and value from columns, in copy and stream", function()
  local shop = load("columns")
  for _, phase in ipairs { "insert", "read" } do
    local r = shop[phase](shop, "a.outbox", row('{"total":5}', "t1"))
    test.equal(#r, 1)
    test.equal(r[1].topic, "shop.order.v2")
    test.equal(r[1].key, "42")
    test.equal(r[1].text, '{"total":5}')
    test.same(r[1].headers, { id = "7", trace = "t1" })
  end
  local r = shop:insert("a.outbox", row(nil, nil))
  test.equal(r[1].text, nil) -- a tombstone
  test.same(r[1].headers, { id = "7" })
end)

test.case("a deleted row sends nothing, an updated one is an error", function()
  local shop = load("columns")
  test.equal(#shop:delete("a.outbox", row("x")), 0)
  local message = test.raises(function() shop:update("a.outbox", row("x"), { payload = "y" }) end,
    "a row of a.outbox was updated, but a row of an outbox is inserted and deleted only")
  test.ok(message:find("outbox.lua:%d+: "), message)
  test.equal(#load("functions"):update("a.outbox", row("x"), { payload = "y" }), 0)
end)

test.case("functions of the row", function()
  local r = load("functions"):insert("a.outbox", row("abc"))[1]
  test.equal(r.topic, "x.order")
  test.equal(r.key, "order,42")
  test.same(r.value, { id = 7, data = "abc" })
  test.same(r.headers, { size = "3" })
  r = load("functions"):insert("a.outbox", row(nil))[1]
  test.equal(r.headers, nil)
end)

test.case("without a key it is null", function()
  test.equal(load("keyless"):insert("a.outbox", row("{}"))[1].key, nil)
end)

local function refused(case, words)
  local message = test.raises(function() load(case) end, words)
  test.ok(message:find("outbox.lua:%d+: "), message)
end

test.case("wrong options name the line", function()
  refused("no_option", 'outbox.new: there is no option header, did you mean "headers"?')
  refused("no_value", "outbox.new: the option value is missing")
  refused("no_list", "headers: must be a map { header = column }, not a list")
  refused("updates", 'updates: must be "error" or "skip", not a string ("warn")')
  refused("number", "key: must be a column or a function(row), not number (5)")
end)

test.case("a column that the table does not have, and a NULL in the topic", function()
  local message = test.raises(function() load("no_column"):insert("a.outbox", row("x")) end, 'the table a.outbox has no column "paylod"')
  test.ok(message:find("outbox.lua:%d+: value: "), message)
  test.raises(function() load("columns"):insert("a.outbox", { id = 7, version = 1 }) end,
    'the column "kind" of a.outbox is NULL, and is a part of the topic')
end)
