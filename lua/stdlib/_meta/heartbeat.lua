---@meta tideway.heartbeat
-- luacheck: ignore

---@class tideway.heartbeat
local beat = {}

---The text of the heartbeat message for a time in milliseconds.
---@param ms integer
---@return string
function beat:message(ms) end

local heartbeat = {}

---Describes heartbeats.
---@param options tideway.new_heartbeat?
---@return tideway.heartbeat
function heartbeat.new(options) end

return heartbeat
