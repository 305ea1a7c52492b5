---@meta tideway.url
-- luacheck: ignore

---@class tideway.url_parts
---@field scheme string in lower case
---@field user string?
---@field host string? in lower case
---@field port integer?
---@field path string
---@field query string?
---@field fragment string?

local url = {}

---The parts of a URL, not decoded, or nil and a message.
---@param text string
---@return tideway.url_parts? parts
---@return string? message
function url.parse(text) end

---Every byte except A-Z a-z 0-9 - . _ ~ as %XX.
---@param text string
---@return string
function url.encode(text) end

---The text with each %XX as its byte, or nil and a message.
---@param text string
---@return string? text
---@return string? message
function url.decode(text) end

---The names and values of a query, decoded. The value of a name that occurs several times is a list.
---@param text string
---@return table<string, string|string[]>? values
---@return string? message
function url.query(text) end

return url
