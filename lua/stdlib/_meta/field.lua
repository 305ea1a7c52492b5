---@meta tideway.field
-- luacheck: ignore

---An additional field with a declared type.
---@class tideway.field

local field = {}

---A LONG: an integer, "${EXECUTE_TIME}", "${UPDATE_TIME}" or a function.
---@param value integer|string|fun(change: tideway.change): integer?
---@return tideway.field
function field.long(value) end

---A DOUBLE: a number or a function.
---@param value number|fun(change: tideway.change): number?
---@return tideway.field
function field.double(value) end

---A DOUBLE with exactly `scale` digits after the decimal point.
---@param scale integer
---@param fn fun(change: tideway.change): any
---@return tideway.field
function field.decimal(scale, fn) end

---A STRING: a text, which may contain variables, or a function.
---@param value string|fun(change: tideway.change): string?
---@return tideway.field
function field.string(value) end

---A BOOLEAN: true, false or a function.
---@param value boolean|fun(change: tideway.change): boolean?
---@return tideway.field
function field.boolean(value) end

---A DATE: the milliseconds since 1970, "${EXECUTE_TIME}", "${UPDATE_TIME}" or a function.
---@param value integer|string|fun(change: tideway.change): integer? ms
---@return tideway.field
function field.date(value) end

---BYTES: a function that returns raw bytes.
---@param fn fun(change: tideway.change): string? raw bytes
---@return tideway.field
function field.bytes(fn) end

return field
