---@meta tideway.text
-- luacheck: ignore

---Unicode text. All functions raise for a string that is not valid UTF-8. The functions of Lua's
---string library work on bytes: they change ASCII letters only.
local text = {}

---Each letter in lower case, if that is one character.
---@param s string
---@return string
function text.lower(s) end

---Each letter in upper case, if that is one character.
---@param s string
---@return string
function text.upper(s) end

---The string without white space at its ends, also that of Unicode such as the no-break space.
---@param s string
---@return string
function text.trim(s) end

---The normal form C: a letter and its accent are one character if there is one.
---@param s string
---@return string
function text.nfc(s) end

---The words of a name in camelCase: "user_id" and "USER_ID" give "userId".
---@param name string
---@return string
function text.camel(name) end

---The words of a name in snake_case: "userId" gives "user_id".
---@param name string
---@return string
function text.snake(name) end

return text
