---@meta tideway.yaml
-- luacheck: ignore

local yaml = {}

---Decodes YAML text. Returns the value, or nil and a message when the text is not valid YAML.
---@param text string
---@return any value
---@return string? message
function yaml.decode(text) end

---Encodes a value as YAML text.
---@param value any
---@return string
function yaml.encode(value) end

return yaml
