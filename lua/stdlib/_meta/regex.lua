---@meta tideway.regex
-- luacheck: ignore

---@class tideway.pattern
local re = {}

---Whether the text matches.
---@param text string
---@return boolean
function re:test(text) end

---Returns the groups of the first match, or the whole match of a pattern without groups; nil
---without a match.
---@param text string
---@param init integer?
---@return string? ...
function re:match(text, init) end

---Returns the first and last index of the first match, and its groups; nil without a match.
---@param text string
---@param init integer?
---@return integer? first
---@return integer? last
---@return string ...
function re:find(text, init) end

---Returns the groups of the first match as a list, false for an unset group; [0] is the whole
---match. Returns nil without a match.
---@param text string
---@return table?
function re:captures(text) end

---Iterates over the matches: the groups of each, or the whole match of a pattern without groups.
---@param text string
---@return fun(): string ...
function re:gmatch(text) end

---Replaces matches, at most n. In a replacement text $1 and ${1} are groups, and $$ is a dollar
---sign. Returns the text and the number of replacements.
---@param text string
---@param replacement string|table|fun(...): string
---@param n integer?
---@return string text
---@return integer count
function re:gsub(text, replacement, n) end

local regex = {}

---Compiles a PCRE2 pattern. Raises when it is not valid.
---@param pattern string PCRE2
---@param flags "i"?
---@return tideway.pattern
function regex.new(pattern, flags) end

return regex
