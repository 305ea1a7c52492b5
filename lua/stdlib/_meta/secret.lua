---@meta tideway.secret
-- luacheck: ignore

---@class tideway.secret

---Reads a secret from a file, for a password or a client property. It prints as ***.
---@param path string relative to the script
---@return tideway.secret
local function secret(path) end

return secret
