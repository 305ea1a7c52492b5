---@meta tideway.time
-- luacheck: ignore

local time = {}

---@return integer ms
function time.now() end

---@param text string
---@return integer? ms
---@return string? message
function time.parse(text) end

---@param ms integer
---@param format string? as strftime
---@return string
function time.format(ms, format) end

return time
