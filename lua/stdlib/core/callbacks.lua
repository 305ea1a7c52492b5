-- callbacks: the functions of a sync that run outside its lanes: on_start, on_stop, on_alert and
-- every.
local cbase = require "tideway.cbase"
local fault = require "tideway.core.fault"
local option = require "tideway.core.option"

local callbacks = {}

-- Return { seconds =, fn = } of one item, { seconds = 60, function() ... end }.
local function timer(item, place)
  if type(item) ~= "table" then
    place:fail("must be { seconds = ..., function() ... end }, not %s", fault.show(item))
  end
  local named = {}
  for key, value in pairs(item) do
    if key ~= 1 then named[key] = value end
  end
  local checked = option.check("every", named, place)
  if type(item[1]) ~= "function" then
    place:fail("needs a function: { seconds = %s, function() ... end }", checked.seconds)
  end
  return { seconds = checked.seconds, fn = item[1], where = (cbase.function_where(item[1])) }
end

local function timers(value, place)
  if value == nil then return {} end
  if type(value[1]) == "function" or value.seconds ~= nil then return { timer(value, place) } end
  local list = {}
  for i = 1, fault.list_size(value, place) do list[i] = timer(value[i], place:child(i)) end
  if #list == 0 then place:fail("is an empty list") end
  return list
end

function callbacks.compile(options, place)
  return { on_start = options.on_start, on_stop = options.on_stop, on_alert = options.on_alert,
    every = timers(options.every, place:child("every")) }
end

-- Return what C reads: which functions there are, and the seconds of each timer.
function callbacks.config(compiled)
  local seconds = {}
  for i, one in ipairs(compiled.every) do seconds[i] = one.seconds end
  return { on_start = compiled.on_start ~= nil, on_stop = compiled.on_stop ~= nil, on_alert = compiled.on_alert ~= nil,
    timers = seconds }
end

-- Call one of them. name: "on_start", "on_stop", "on_alert", or the number of a timer.
function callbacks.call(compiled, name, ...)
  local fn = compiled[name] or compiled.every[name].fn
  fn(...)
end

return callbacks
