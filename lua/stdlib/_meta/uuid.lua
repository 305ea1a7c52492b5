---@meta tideway.uuid
-- luacheck: ignore

---UUIDs. `DNS`, `URL` and `OID` are namespaces for v5.
local uuid = { DNS = "", URL = "", OID = "" }

---The UUID in lower case with hyphens, or nil and a message.
---@param text string
---@return string? uuid
---@return string? message
function uuid.parse(text) end

---The text of 16 bytes, as BIN_TO_UUID(bytes) gives it; with "swap" as BIN_TO_UUID(bytes, 1).
---@param bytes string
---@param variant "swap"?
---@return string? uuid
---@return string? message
function uuid.text(bytes, variant) end

---The 16 bytes of a UUID, as UUID_TO_BIN(text) gives them; with "swap" as UUID_TO_BIN(text, 1).
---@param text string
---@param variant "swap"?
---@return string? bytes
---@return string? message
function uuid.bytes(text, variant) end

---A random UUID. Not in topic and key functions.
---@return string
function uuid.v4() end

---The UUID of a name, which is the same in each run.
---@param namespace string a UUID, such as uuid.URL
---@param name string
---@return string
function uuid.v5(namespace, name) end

return uuid
