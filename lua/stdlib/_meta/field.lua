---@meta tideway.field
-- luacheck: ignore

---@class tideway.field

local field = {}

---@param value integer|string|fun(change: tideway.change): integer?
---@return tideway.field
function field.long(value) end

---@param value number|fun(change: tideway.change): number?
---@return tideway.field
function field.double(value) end

---A DOUBLE with exactly `scale` digits behind the point.
---@param scale integer
---@param fn fun(change: tideway.change): any
---@return tideway.field
function field.decimal(scale, fn) end

---@param value string|fun(change: tideway.change): string?
---@return tideway.field
function field.string(value) end

---@param value boolean|fun(change: tideway.change): boolean?
---@return tideway.field
function field.boolean(value) end

---@param value integer|string|fun(change: tideway.change): integer? ms
---@return tideway.field
function field.date(value) end

---@param fn fun(change: tideway.change): string? raw bytes
---@return tideway.field
function field.bytes(fn) end

return field
