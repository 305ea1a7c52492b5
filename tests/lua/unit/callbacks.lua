-- on_start, on_stop, on_alert and every: what is accepted, what C reads, and the calls.
local test = require "tideway.test"
local core = require "tideway.core"
local tables = require "support.tables"

local function nothing() end

local function config(options)
  return core.config(tables.sync(options)).callbacks
end

local function refused(options, words)
  test.case("refused: " .. words, function()
    test.raises(function() tables.sync(options) end, words)
  end)
end

test.case("a sync without them", function()
  test.same(config {}, { on_start = false, on_stop = false, on_alert = false, timers = {} })
end)

test.case("one timer or a list of them", function()
  test.same(config { on_start = nothing, every = { seconds = 60, nothing } },
    { on_start = true, on_stop = false, on_alert = false, timers = { 60 } })
  test.same(config { on_stop = nothing, on_alert = nothing, every = { { seconds = 0.5, nothing }, { seconds = 2, nothing } } },
    { on_start = false, on_stop = true, on_alert = true, timers = { 0.5, 2 } })
end)

test.case("calls", function()
  local calls = {}
  local function note(name)
    return function(...) calls[#calls + 1] = table.concat({ name, ... }, " ") end
  end
  local i = tables.sync { on_start = note "start", on_stop = note "stop",
    on_alert = function(alert) note "alert"(alert.kind) end,
    every = { { seconds = 1, note "first" }, { seconds = 2, note "second" } } }
  core.callback(i, "on_start")
  core.callback(i, 2)
  core.callback(i, 1)
  core.callback(i, "on_alert", { kind = "failed" })
  core.callback(i, "on_stop", "failed", "why")
  test.same(calls, { "start", "second", "first", "alert failed", "stop failed why" })
end)

test.case("once for a list of sources", function()
  local first = tables.sync { on_start = nothing, every = { seconds = 1, nothing }, source = {
    { kind = "mysql", name = "a", tables = { "x.*" } }, { kind = "mysql", name = "b", tables = { "x.*" } } } }
  test.same(core.config(first).callbacks.timers, { 1 })
  test.equal(core.config(first + 1).callbacks, nil)
end)

refused({ on_start = 1 }, "on_start: must be a function")
refused({ on_stop = {} }, "on_stop: must be a function")
refused({ on_alert = "webhook" }, "on_alert: must be a function")
refused({ every = nothing }, "every: must be a table")
refused({ every = {} }, "every: is an empty list")
refused({ every = { seconds = 1 } }, "every: needs a function: { seconds = 1, function() ... end }")
refused({ every = { nothing } }, "seconds is missing")
refused({ every = { seconds = 0, nothing } }, "every.seconds: must be from 0.1 to 86400, not 0")
refused({ every = { { seconds = 1, nothing }, { second = 1, nothing } } }, 'every[2].second: there is no such option')
refused({ every = { { seconds = 1, nothing }, 5 } }, "every[2]: must be { seconds = ..., function() ... end }")
