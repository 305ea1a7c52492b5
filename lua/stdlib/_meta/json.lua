---@meta tideway.json
-- luacheck: ignore

local json = {}

---null inside JSON, and a tombstone as the value of a record.
json.null = nil

---Text; object keys sorted.
---@param value any
---@param options { indent: integer }?
---@return string
function json.encode(value, options) end

---The value, or nil and a message.
---@param text string
---@return any value
---@return string? message
function json.decode(text) end

---One value by JSON pointer, "/a/b/0".
---@param text string
---@param pointer string
---@return any
function json.get(text, pointer) end

---@param t table
---@return table
function json.array(t) end

---@param t table
---@return table
function json.object(t) end

return json
