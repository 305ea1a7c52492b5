---@meta tideway.time
-- luacheck: ignore

local time = {}

---Returns the current time, in milliseconds since 1970.
---@return integer ms
function time.now() end

---Parses "2024-01-31", "2024-01-31 10:00:00.5" (UTC) or RFC 3339. Returns the milliseconds since
---1970, or nil and a message.
---@param text string
---@return integer? ms
---@return string? message
function time.parse(text) end

---Formats a time in UTC, as RFC 3339 or by a format of strftime.
---@param ms integer
---@param format string? a format of strftime
---@return string
function time.format(ms, format) end

return time
