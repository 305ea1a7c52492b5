---@meta tideway.base64
-- luacheck: ignore

local base64 = {}

---Encodes bytes with the standard alphabet and padding, or with the alphabet for URLs (- and _)
---without padding.
---@param bytes string
---@param variant "url"? the alphabet for URLs
---@return string
function base64.encode(bytes, variant) end

---Decodes a text. White space is skipped. The padding must be complete; with "url" it may be
---absent. Returns nil and a message for a text that is not base64.
---@param text string
---@param variant "url"? the alphabet for URLs
---@return string? bytes
---@return string? message
function base64.decode(text, variant) end

return base64
