---@meta tideway.regex
-- luacheck: ignore

---@class tideway.pattern
local re = {}

---@param text string
---@return boolean
function re:test(text) end

---The groups, or the whole match when there are none.
---@param text string
---@param init integer?
---@return string? ...
function re:match(text, init) end

---@param text string
---@param init integer?
---@return integer? first
---@return integer? last
---@return string ...
function re:find(text, init) end

---[0] is the whole match; false for an unset group.
---@param text string
---@return table?
function re:captures(text) end

---@param text string
---@return fun(): string ...
function re:gmatch(text) end

---@param text string
---@param replacement string|table|fun(...): string
---@param n integer?
---@return string text
---@return integer count
function re:gsub(text, replacement, n) end

local regex = {}

---@param pattern string PCRE2
---@param flags "i"?
---@return tideway.pattern
function regex.new(pattern, flags) end

return regex
