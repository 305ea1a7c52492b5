---@meta tideway.heartbeat
-- luacheck: ignore

---@class tideway.heartbeat
local beat = {}

---The text of a heartbeat for a time in ms.
---@param ms integer
---@return string
function beat:message(ms) end

local heartbeat = {}

---@param options { interval: number?, topic: string? }
---@return tideway.heartbeat
function heartbeat.new(options) end

return heartbeat
