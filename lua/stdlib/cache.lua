-- tideway.cache: values that a script keeps, limited in number and age. The entry that was not used for the longest time makes
-- room. Each lane has caches of its own, which a restart empties, so topic and key functions must not use them.
local cbase = require "tideway.cbase"
local fault = require "tideway.core.fault"
local time = require "tideway.time"

local cache = {}

local Cache = {}
Cache.__index = Cache
Cache.__name = "cache"

-- The entries are a ring of { key, value, at, newer, older } around `ring`: ring.newer is the oldest entry, ring.older the
-- newest.
local function unlink(entry)
  entry.older.newer, entry.newer.older = entry.newer, entry.older
end

local function link(ring, entry)
  entry.older, entry.newer = ring.older, ring
  ring.older.newer, ring.older = entry, entry
end

local function remove(self, entry)
  unlink(entry)
  self.entries[entry.key] = nil
  self.count = self.count - 1
end

local function is_old(self, entry)
  if not self.seconds then return false end
  local age = time.now() - entry.at
  return age < 0 or age >= self.seconds * 1000 -- below 0: the clock was set back
end

local function find(self, key)
  local entry = self.entries[key]
  if entry and is_old(self, entry) then
    remove(self, entry)
    return nil
  end
  return entry
end

local function check_key(key, method)
  if key == nil or key ~= key then
    fault.raise("E_OPTION_VALUE", "cache:%s: a key cannot be %s", method, key == nil and "nil" or "NaN")
  end
end

-- get(key): the value, or nil when there is none, or it is too old.
function Cache:get(key)
  cbase.refuse("cache:get")
  check_key(key, "get")
  local entry = find(self, key)
  if not entry then return nil end
  unlink(entry)
  link(self.ring, entry)
  return entry.value
end

-- set(key, value): keep the value; nil removes the key.
function Cache:set(key, value)
  check_key(key, "set")
  local entry = self.entries[key]
  if entry then remove(self, entry) end
  if value == nil then return end
  if self.count >= self.max then remove(self, self.ring.newer) end
  entry = { key = key, value = value, at = time.now() }
  link(self.ring, entry)
  self.entries[key] = entry
  self.count = self.count + 1
end

-- size(): the number of entries, also of those that are too old and were not looked for since.
function Cache:size()
  return self.count
end

-- clear(): remove all entries.
function Cache:clear()
  self.entries, self.count, self.ring = {}, 0, {}
  self.ring.newer, self.ring.older = self.ring, self.ring
end

local OPTIONS = { "max", "seconds" }

local function check_options(options)
  if type(options) ~= "table" then
    fault.raise("E_OPTION_TYPE", "cache.new { max = ..., seconds = ... } needs a table, not %s", fault.show(options))
  end
  for _, key in ipairs(fault.sorted_keys(options)) do
    if key ~= "max" and key ~= "seconds" then
      fault.raise("E_OPTION_UNKNOWN", "cache.new: there is no option %s%s", tostring(key), fault.hint(key, OPTIONS))
    end
  end
  if math.type(options.max) ~= "integer" or options.max < 1 then
    fault.raise("E_OPTION_VALUE", "cache.new: max must be the number of entries that are kept, an integer from 1, not %s",
      fault.show(options.max))
  end
  local seconds = options.seconds
  if seconds ~= nil and (type(seconds) ~= "number" or seconds <= 0 or seconds ~= seconds) then
    fault.raise("E_OPTION_VALUE", "cache.new: seconds must be a number above 0, not %s", fault.show(seconds))
  end
end

-- new { max =, seconds = }: an empty cache. max: entries; seconds: their age, without it no limit.
function cache.new(options)
  check_options(options)
  local self = setmetatable({ max = options.max, seconds = options.seconds }, Cache)
  self:clear()
  return self
end

return cache
