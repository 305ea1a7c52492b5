---@meta tideway.mask
-- luacheck: ignore

---Edits the value of a column before anything else reads it. NULL stays NULL, except with
---mask.const.
---@class tideway.mask

---@class tideway.mask_hash: tideway.mask
---@overload fun(options: { key: string }): tideway.mask

local mask = {}

---a***@example.com; *** for a text that is not an address
---@type tideway.mask
mask.email = nil

---+** *** ***4567: hides all digits except the last four.
---@type tideway.mask
mask.phone = nil

---SHA-256 in hex: short values can be guessed. mask.hash { key = ... } is HMAC-SHA-256, which needs
---the key.
---@type tideway.mask_hash
mask.hash = nil

---NULL in every row.
---@type tideway.mask
mask.null = nil

---Hides all characters except the last n.
---@param count integer
---@return tideway.mask
function mask.last(count) end

---Applies the masks and functions one after another. A value that becomes nil stays NULL.
---@param list (tideway.mask|fun(value: any, row: tideway.row): any)[]
---@return tideway.mask
function mask.chain(list) end

---The value in every row, including rows whose column is NULL.
---@param value tideway.scalar
---@return tideway.mask
function mask.const(value) end

return mask
