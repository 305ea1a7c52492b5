---@meta tideway.env
-- luacheck: ignore

---@class tideway.env
---@field [string] string? the NAME=value of the command line, else the environment variable; nil when neither is set
local env = {}

---The value of a variable. Raises when the variable is not set.
---@param name string
---@return string
function env.need(name) end

return env
