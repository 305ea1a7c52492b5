---@meta tideway.cache
-- luacheck: ignore

---@class tideway.cache
local Cache = {}

---The value, or nil when there is none, or it is too old. Not in topic and key functions.
---@param key any
---@return any
function Cache:get(key) end

---Keeps a value. nil removes the key.
---@param key any
---@param value any
function Cache:set(key, value) end

---The number of entries.
---@return integer
function Cache:size() end

---Removes all entries.
function Cache:clear() end

local cache = {}

---An empty cache, of at most `max` entries, which are kept for `seconds`.
---@param options { max: integer, seconds: number? }
---@return tideway.cache
function cache.new(options) end

return cache
