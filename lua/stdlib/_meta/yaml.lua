---@meta tideway.yaml
-- luacheck: ignore

local yaml = {}

---@param text string
---@return any value
---@return string? message
function yaml.decode(text) end

---@param value any
---@return string
function yaml.encode(value) end

return yaml
