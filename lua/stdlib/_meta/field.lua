---@meta tideway.field
-- luacheck: ignore

---An additional field with a declared type.
---@class tideway.field

local field = {}

---A LONG: an integer, "${EXECUTE_TIME}", "${UPDATE_TIME}" or a function.
---@param value integer|string|fun(change: tideway.change): integer?
---@param options { default: any }? for nil, and when the function raises an error
---@return tideway.field
function field.long(value, options) end

---A DOUBLE: a number or a function.
---@param value number|fun(change: tideway.change): number?
---@param options { default: any }? for nil, and when the function raises an error
---@return tideway.field
function field.double(value, options) end

---A DOUBLE with exactly `scale` digits after the decimal point.
---@param scale integer
---@param fn fun(change: tideway.change): any
---@param options { default: any }? for nil, and when the function raises an error
---@return tideway.field
function field.decimal(scale, fn, options) end

---A STRING: a text, which may contain variables, or a function.
---@param value string|fun(change: tideway.change): string?
---@param options { default: any }? for nil, and when the function raises an error
---@return tideway.field
function field.string(value, options) end

---A BOOLEAN: true, false or a function.
---@param value boolean|fun(change: tideway.change): boolean?
---@param options { default: any }? for nil, and when the function raises an error
---@return tideway.field
function field.boolean(value, options) end

---A DATE: the milliseconds since 1970, "${EXECUTE_TIME}", "${UPDATE_TIME}" or a function.
---@param value integer|string|fun(change: tideway.change): integer? ms
---@param options { default: any }? for nil, and when the function raises an error
---@return tideway.field
function field.date(value, options) end

---BYTES: a function that returns raw bytes.
---@param fn fun(change: tideway.change): string? raw bytes
---@param options { default: any }? for nil, and when the function raises an error
---@return tideway.field
function field.bytes(fn, options) end

return field
