---@meta tideway.hash
-- luacheck: ignore

local hash = {}

---@param text string
---@return string hex
function hash.md5(text) end

---@param text string
---@return string hex
function hash.sha1(text) end

---@param text string
---@return string hex
function hash.sha256(text) end

---@param text string
---@return string hex
function hash.sha512(text) end

---XXH64 with the seed 0, as xxhsum prints it. Fast, but not for secrets.
---@param text string
---@return string hex
function hash.xxh64(text) end

---@param key string|tideway.secret
---@param text string
---@return string hex
function hash.hmac_sha256(key, text) end

---@param text string
---@return integer
function hash.crc32(text) end

---The hash by which Kafka's Java producer chooses the partition of a key.
---@param text string
---@return integer
function hash.murmur2(text) end

return hash
