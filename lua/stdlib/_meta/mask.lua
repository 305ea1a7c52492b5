---@meta tideway.mask
-- luacheck: ignore

---@class tideway.mask

---@class tideway.mask_hash: tideway.mask
---@overload fun(options: { key: string }): tideway.mask

local mask = {}

---a***@example.com
---@type tideway.mask
mask.email = nil

---+** *** ***4567
---@type tideway.mask
mask.phone = nil

---SHA-256 in hex; mask.hash { key = ... } is HMAC.
---@type tideway.mask_hash
mask.hash = nil

---NULL in every row.
---@type tideway.mask
mask.null = nil

---All but the last n characters.
---@param count integer
---@return tideway.mask
function mask.last(count) end

---The value in every row.
---@param value tideway.scalar
---@return tideway.mask
function mask.const(value) end

return mask
