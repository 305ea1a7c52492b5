---@meta tideway.heartbeat
-- luacheck: ignore

---@class tideway.heartbeat
local beat = {}

---The text of the heartbeat message for a time in milliseconds.
---@param ms integer
---@return string
function beat:message(ms) end

local heartbeat = {}

---Describes heartbeats. interval: the seconds between two; topic: one topic instead of every
---destination topic.
---@param options { interval: number?, topic: string? }
---@return tideway.heartbeat
function heartbeat.new(options) end

return heartbeat
