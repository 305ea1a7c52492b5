---@meta tideway.json
-- luacheck: ignore

local json = {}

---null in JSON. As the key of a record it is a null key, as the value a tombstone.
json.null = nil

---Encodes a value as JSON text. Object keys are sorted; those of a row are in column order.
---@param value any
---@param options { indent: integer }?
---@return string
function json.encode(value, options) end

---Decodes JSON text. Returns the value, or nil and a message when the text is not valid JSON.
---@param text string
---@return any value
---@return string? message
function json.decode(text) end

---Finds one value by a JSON pointer such as "/a/b/0", without decoding the rest. Returns nil when
---it is missing.
---@param text string
---@param pointer string
---@return any
function json.get(text, pointer) end

---Marks a table as an array, so that it is written as [] when it is empty. Returns the table.
---@param t table
---@return table
function json.array(t) end

---Marks a table as an object, so that it is written as {} when it is empty. Returns the table.
---@param t table
---@return table
function json.object(t) end

return json
