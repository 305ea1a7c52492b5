---@meta tideway.env
-- luacheck: ignore

---@class tideway.env
---@field [string] string? the variable, or the NAME=value of the command line
local env = {}

---The variable; raises when there is none.
---@param name string
---@return string
function env.need(name) end

return env
