-- select: settings by table. A selector holds the values of one option for all tables.
-- Selector:pick returns one value for a table: that of the exact name, else that of a pattern, else
-- `default`. Two patterns that match a table with different values are an error, so that the order
-- of a Lua table never matters. Selector:collect returns all values for a table, for options that
-- combine (on_row, on_change, fields, columns): first that for all tables, then that of a pattern,
-- then that of the exact name. Patterns may overlap only in the list form, which has an order.
local fault = require "tideway.core.fault"
local pattern = require "tideway.core.pattern"

local select = {}

local function same(a, b)
  if a == b then return true end
  if type(a) ~= "table" or type(b) ~= "table" then return false end
  for key, value in pairs(a) do
    if not same(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

local function quoted(text)
  return ("%q"):format(text)
end

local function disagree(entries, full_name)
  entries[2].place:as("E_TABLES_OVERLAP"):plain("%s and %s both match the table %s and differ: name the table itself, or "
    .. "make the patterns disjoint", quoted(entries[1].pattern.text), quoted(entries[2].pattern.text), full_name)
end

local function overlap(entries, full_name)
  entries[2].place:as("E_TABLES_OVERLAP"):plain("%s and %s both match the table %s: overlapping patterns are written as a list, "
    .. "{ { tables = { ... }, ... }, { tables = { ... }, ... } }, which has an order",
    quoted(entries[1].pattern.text), quoted(entries[2].pattern.text), full_name)
end

local Selector = {}
Selector.__index = Selector

local function matching(list, db, name)
  local found = {}
  for _, entry in ipairs(list) do
    if entry.pattern:matches(db, name) then found[#found + 1] = entry end
  end
  return found
end

local function exact_of(self, db, name)
  return matching(self.exact, db, name)[1]
end

-- Return the entry { value, place, pattern } for a table, or nil.
function Selector:pick(db, name)
  local exact = exact_of(self, db, name)
  if exact then return exact end
  local found = matching(self.patterns, db, name)
  for i = 2, #found do
    if not same(found[1].raw, found[i].raw) then disagree({ found[1], found[i] }, db .. "." .. name) end
  end
  return found[1] or self.rest
end

local function collect_list(self, db, name)
  local found = {}
  for _, entry in ipairs(self.list) do
    local hit = not entry.patterns or entry.patterns:match(db, name)
    if hit then
      found[#found + 1] = { value = entry.value, place = entry.place, exact = hit ~= true and hit.exact, list = true }
    end
  end
  return found
end

-- Return every entry for a table, in the order in which they apply.
function Selector:collect(db, name)
  if self.list then return collect_list(self, db, name) end
  local found = matching(self.patterns, db, name)
  if #found > 1 then overlap(found, db .. "." .. name) end
  local exact = exact_of(self, db, name)
  if exact then found[#found + 1] = exact end
  if #found == 0 and self.rest then found[1] = self.rest end
  if self.all then table.insert(found, 1, self.all) end
  return found
end

-- Return whether no table has a value.
function Selector:is_empty()
  return not (self.rest or self.all or self.exact[1] or self.patterns[1] or self.list and self.list[1])
end

-- Return every entry, whether it applies to a table or not.
function Selector:entries()
  if self.list then return self.list end
  local entries = table.move(self.patterns, 1, #self.patterns, 1, {})
  table.move(self.exact, 1, #self.exact, #entries + 1, entries)
  entries[#entries + 1] = self.rest
  return entries
end

local function new()
  return setmetatable({ patterns = {}, exact = {} }, Selector)
end

-- Return a selector with one value for all tables; nil: no value.
function select.constant(value, place)
  local self = new()
  if value ~= nil then self.rest = { value = value, raw = value, place = place } end
  return self
end

local function add_key(self, key, raw, value, place, registry)
  local one = pattern.compile(key, place)
  if one.exclude then place:fail("an exclude cannot be a key here: name the tables instead") end
  local entry = { value = value, raw = raw, place = place, pattern = one, exact = one.exact }
  local side = one.exact and self.exact or self.patterns
  for _, other in ipairs(self.exact) do
    if one.exact and other.pattern:matches(one.pairs[1].db.literal, one.pairs[1].name.literal) then
      place:as("E_TABLES_OVERLAP"):fail("%q and %q name the same table", other.pattern.text, one.text)
    end
  end
  side[#side + 1] = entry
  registry[#registry + 1] = one
end

-- Return a selector for a map by table, whose keys are patterns or "default". check(value, place)
-- checks a value and returns what the selector holds.
function select.map(map, place, check, registry)
  local self = new()
  for _, key in ipairs(fault.sorted_keys(map)) do
    local here = place:child(key)
    if type(key) ~= "string" then place:fail("mixes a list and a map by table") end
    if key == "default" then
      self.rest = { value = check(map[key], here), raw = map[key], place = here }
    else
      add_key(self, key, map[key], check(map[key], here), here, registry)
    end
  end
  return self
end

-- Return a selector for the list form, { { tables = ..., ... }, ... }. take(item, place) checks an
-- item and returns its value.
function select.list(list, place, take, registry)
  local self = new()
  self.list = {}
  for key in pairs(list) do
    if math.type(key) ~= "integer" then place:fail("mixes a list and the name %q", tostring(key)) end
  end
  for i = 1, fault.list_size(list, place) do
    local here, item = place:child(i), list[i]
    if type(item) ~= "table" then here:fail("must be a table { tables = ..., ... }, not %s", fault.show(item)) end
    local patterns = item.tables ~= nil and pattern.list(item.tables, here:child("tables")) or nil
    self.list[i] = { value = take(item, here), place = here, patterns = patterns }
    select.register(patterns, registry)
  end
  return self
end

-- Add the include patterns of a list to the registry, for the check that each pattern matches a
-- table.
function select.register(patterns, registry)
  for _, include in ipairs(patterns and patterns.includes or {}) do registry[#registry + 1] = include end
end

-- Return a selector for an option that takes one value, or a map of values by table.
-- is_value(value): whether it is one value.
function select.one(value, place, is_value, check, registry)
  if value == nil then return select.constant(nil, place) end
  if is_value(value) then return select.constant(check(value, place), place) end
  if type(value) ~= "table" then check(value, place) end
  return select.map(value, place, check, registry)
end

-- Return a hint for a pattern with capital letters when the server stores table names in lower
-- case (folded); else "".
local function lower_hint(one, folded)
  local lower = one.text:lower()
  if not folded or lower == one.text or one.text:match "^!?/" then return "" end
  return (": the server keeps names in lower case (lower_case_table_names = 1): write %q"):format(lower)
end

-- Report patterns that match none of the tables. Return warnings. When policy is "error", raise for
-- every such pattern. Otherwise raise for an exact name, unless elsewhere(db, name) returns true:
-- another source of the list may have this table. Without any tables, raise only for a pattern with
-- capital letters, and only when `folded` is set: the caller reports a source without tables.
-- folded: the server stores names in lower case; what: "source" or "selected", for the texts.
function select.unmatched(registry, tables, policy, what, folded, elsewhere)
  local warnings, seen = {}, {}
  for _, one in ipairs(registry) do
    local hit = false
    for _, t in ipairs(tables) do hit = hit or one:matches(t.db, t.name) end
    local text = one.exact and ("%q is not the name of a %s table"):format(one.text, what)
      or ("%q matches no %s table"):format(one.text, what)
    local hint = lower_hint(one, folded)
    text = text .. hint
    local refused = policy == "error" or one.exact and
      not (elsewhere and elsewhere(one.pairs[1].db.literal, one.pairs[1].name.literal))
    if #tables == 0 then refused = hint ~= "" end
    if not hit and refused then
      local names = {}
      for _, t in ipairs(tables) do names[#names + 1] = t.db .. "." .. t.name end
      one.place:as("E_TABLE_UNMATCHED"):fail("%s%s", text,
        one.exact and hint == "" and #names > 0 and fault.hint(one.text, names, "they are") or "")
    end
    if not hit and not seen[text] then
      seen[text] = true
      warnings[#warnings + 1] = one.place.where .. ": " .. one.place:name() .. ": " .. text
    end
  end
  return warnings
end

return select
