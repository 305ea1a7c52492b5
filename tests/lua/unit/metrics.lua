-- tideway.metrics: what is refused. tests/unit/test_script_metrics.c has the numbers.
local test = require "tideway.test"
local metrics = require "tideway.metrics"

test.case("metrics", function()
  local c, g = metrics.counter "lua_counter", metrics.gauge "lua_gauge"
  local h = metrics.histogram("lua_histogram", { 0.1, 1 })
  c:add()
  c:add(2.5)
  g:set(-1)
  g:add(-1)
  h:observe(0.5)
  test.ok(metrics.counter "lua_counter")
  test.ok(metrics.histogram("lua_histogram", { 0.1, 1 }))
end)

test.case("wrong names and types name the line", function()
  for _, name in ipairs { "", "1a", "a-b", "a b", "ä", "a\0" } do
    local message = test.raises(function() metrics.counter(name) end, "is not a name: letters, digits and _")
    test.ok(message:find("^metrics.lua:%d+: metrics.counter: "), message)
  end
  test.raises(function() metrics.gauge(nil) end, "metrics.gauge: nil is not a name")
  metrics.counter "lua_taken"
  test.raises(function() metrics.gauge "lua_taken" end, "metrics.gauge: 'lua_taken' exists with another type or other bounds")
  metrics.histogram("lua_bounds", { 1, 2 })
  test.raises(function() metrics.histogram("lua_bounds", { 1, 3 }) end, "exists with another type or other bounds")
  for _, bounds in ipairs { {}, { 2, 1 }, { 1, 1 }, { "1" }, { 0 / 0 }, { math.huge }, 5 } do
    test.raises(function() metrics.histogram("lua_wrong", bounds) end, "expected a list of 1 to 50 ascending numbers")
  end
end)

test.case("wrong values name the line", function()
  local c, g = metrics.counter "lua_counter", metrics.gauge "lua_gauge"
  local h = metrics.histogram("lua_histogram", { 0.1, 1 })
  local message = test.raises(function() c:add(-1) end, "counter:add: a counter cannot go down: use a gauge")
  test.ok(message:find("^metrics.lua:%d+: "), message)
  test.raises(function() c:add("1") end, "counter:add: expected a finite number, got 1")
  test.raises(function() g:set(nil) end, "gauge:set: expected a finite number, got nil")
  test.raises(function() h:observe(math.huge) end, "histogram:observe: expected a finite number, got inf")
  test.raises(function() c.add(1) end, "metrics: write counter:add(...), with a colon")
  test.raises(function() c.add(g, 1) end, "metrics: write counter:add(...)")
end)
