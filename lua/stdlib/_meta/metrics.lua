---@meta tideway.metrics
-- luacheck: ignore

---@class tideway.counter
local counter = {}
---@param n number? default 1; not below 0
function counter:add(n) end

---@class tideway.gauge
local gauge = {}
---@param value number
function gauge:set(value) end
---@param n number
function gauge:add(n) end

---@class tideway.histogram
local histogram = {}
---@param value number
function histogram:observe(value) end

---Numbers of the script that `tideway status` shows. All lanes share the metric of a name.
local metrics = {}

---A number that only grows.
---@param name string letters, digits and _
---@return tideway.counter
function metrics.counter(name) end

---A number that goes up and down.
---@param name string
---@return tideway.gauge
function metrics.gauge(name) end

---Counts values up to each of the bounds.
---@param name string
---@param bounds number[] ascending
---@return tideway.histogram
function metrics.histogram(name, bounds) end

return metrics
