-- tideway.cache: number and age of entries.
local test = require "tideway.test"
local cache = require "tideway.cache"
local time = require "tideway.time"

test.case("get and set", function()
  local c = cache.new { max = 10 }
  test.equal(c:get "a", nil)
  c:set("a", 1)
  c:set("a", false)
  c:set(5, "five")
  test.equal(c:get "a", false)
  test.equal(c:get(5), "five")
  test.equal(c:get "5", nil)
  test.equal(c:size(), 2)
  c:set("a", nil)
  c:set("b", nil)
  test.equal(c:get "a", nil)
  test.equal(c:size(), 1)
  c:clear()
  test.equal(c:size(), 0)
  test.equal(c:get(5), nil)
end)

test.case("the entry that was not used for the longest time makes room", function()
  local c = cache.new { max = 3 }
  for i = 1, 3 do c:set(i, i * 10) end
  test.equal(c:get(1), 10)
  c:set(2, 21)
  c:set(4, 40)
  test.equal(c:get(3), nil)
  test.same({ c:get(1), c:get(2), c:get(4), c:size() }, { 10, 21, 40, 3 })
  for i = 1, 1000 do c:set(i, i) end
  test.same({ c:get(998), c:get(999), c:get(1000), c:get(997), c:size() }, { 998, 999, 1000, nil, 3 })
  local one = cache.new { max = 1 }
  one:set("a", 1)
  one:set("b", 2)
  test.same({ one:get "a", one:get "b" }, { nil, 2 })
end)

test.case("age", function()
  local now, real = 1000000, time.now
  time.now = function() return now end
  local ok, message = pcall(function()
    local c = cache.new { max = 10, seconds = 5 }
    c:set("a", 1)
    now = now + 4999
    test.equal(c:get "a", 1) -- a look does not make it younger
    c:set("b", 2)
    now = now + 1
    test.equal(c:get "a", nil)
    test.equal(c:size(), 1)
    now = now - 5000 -- the clock is set back
    test.equal(c:get "b", nil)
  end)
  time.now = real
  test.ok(ok, message)
end)

test.case("wrong arguments name the line", function()
  local message = test.raises(function() cache.new() end, "cache.new { max = ..., seconds = ... } needs a table, not nothing (nil)")
  test.ok(message:find("^cache.lua:%d+: "), message)
  test.raises(function() cache.new { maxx = 1 } end, 'cache.new: there is no option maxx, did you mean "max"?')
  test.raises(function() cache.new {} end, "cache.new: max must be the number of entries that are kept")
  test.raises(function() cache.new { max = 0 } end, "an integer from 1, not number (0)")
  test.raises(function() cache.new { max = 1.5 } end, "an integer from 1")
  test.raises(function() cache.new { max = 1, seconds = 0 } end, "cache.new: seconds must be a number above 0, not number (0)")
  local c = cache.new { max = 1 }
  test.raises(function() c:get(nil) end, "cache:get: a key cannot be nil")
  test.raises(function() c:set(0 / 0, 1) end, "cache:set: a key cannot be NaN")
end)
