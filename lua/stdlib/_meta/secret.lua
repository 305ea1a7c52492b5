---@meta tideway.secret
-- luacheck: ignore

---@class tideway.secret

---The content of a file that prints as ***: a password or client property.
---@param path string relative to the script
---@return tideway.secret
local function secret(path) end

return secret
