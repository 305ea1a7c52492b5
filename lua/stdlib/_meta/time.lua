---@meta tideway.time
-- luacheck: ignore

local time = {}

---Returns the current time, in milliseconds since 1970.
---@return integer ms
function time.now() end

---Parses a text by a pattern such as "%d.%m.%Y %H:%M"; without a pattern "2024-01-31",
---"2024-01-31 10:00:00.5" or RFC 3339. Returns the milliseconds since 1970, or nil and a message.
---@param text string
---@param pattern string?
---@param zone string? of a text without an offset, such as "Europe/Berlin"; default: UTC
---@return integer? ms
---@return string? message
function time.parse(text, pattern, zone) end

---Formats a time, as RFC 3339 or by a pattern of strftime. %L are the milliseconds.
---@param ms integer
---@param pattern string?
---@param zone string? such as "Europe/Berlin"; default: UTC
---@return string
function time.format(ms, pattern, zone) end

return time
