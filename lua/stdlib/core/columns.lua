-- columns: what of a table is written, under which names, and what is masked. Everything is said with source
-- names. An entry for a table by its exact name must fit: a column that is not there is refused. An entry by a pattern
-- attaches where the column is. Drops add up; a later rename or mask of the same column replaces an earlier one.
local fault = require "tideway.core.fault"
local masks = require "tideway.core.masks"
local option = require "tideway.core.option"
local select_by = require "tideway.core.select"

local columns = {}

local KEYS = option.group("columns")

local function string_map(map, place)
  for _, key in ipairs(fault.sorted_keys(map)) do
    if type(key) ~= "string" then place:fail("must be a map { source = \"destination\" }") end
    local name = map[key]
    if type(name) ~= "string" or name == "" then
      place:child(key):fail("must be the name in the messages, not %s", fault.show(name))
    end
  end
  return map
end

local function mask_map(map, place)
  local result = {}
  for _, key in ipairs(fault.sorted_keys(map)) do
    if type(key) ~= "string" then place:fail("must be a map { column = mask }") end
    result[key] = masks.compile(map[key], place:child(key))
  end
  return result
end

local function check_entry(value, place)
  local item = {}
  for key, part in pairs(value) do
    if key ~= "tables" then item[key] = part end
  end
  local checked = option.check("columns", item, place)
  if checked.rename then string_map(checked.rename, place:child("rename")) end
  if checked.mask then checked.mask = mask_map(checked.mask, place:child("mask")) end
  for _, key in ipairs({ "drop", "keep", "order" }) do
    if checked[key] then checked[key] = option.string_list(checked[key], place:child(key)) end
  end
  if checked.drop and checked.keep then place:fail("has both keep and drop: keep already says what is written") end
  return checked
end

local function check_map_value(value, place)
  if type(value) ~= "table" then place:fail("must be a table { rename =, drop =, ... }, not %s", fault.show(value)) end
  return check_entry(value, place)
end

-- columns = { drop = ... } without tables: for every table.
local function is_plain(value)
  for key in pairs(value) do
    if KEYS.map[key] then return true end
  end
  return false
end

function columns.compile(value, place, registry)
  if value == nil then return select_by.constant(nil, place) end
  if fault.has_items(value) then return select_by.list(value, place, check_entry, registry) end
  if is_plain(value) then return select_by.constant(check_entry(value, place), place) end
  for key in pairs(value) do
    if type(key) == "string" and key ~= "default" and not key:find("[.`/]") then
      place:child(key):fail("is neither db.table nor one of its options%s", fault.hint(key, KEYS.names, "they are"))
    end
  end
  return select_by.map(value, place, check_map_value, registry)
end

local function index_of(t)
  local index, names = {}, {}
  for i, column in ipairs(t.columns) do
    index[column.name], names[i] = i, column.name
  end
  return index, names
end

local function new_work(t)
  local index, names = index_of(t)
  return { t = t, index = index, names = names, drop = {}, rename = {}, mask = {}, order = {} }
end

local function missing(place, name, t, names)
  place:fail("the table %s.%s has no column %q%s", t.db, t.name, name, fault.hint(name, names, "its columns are"))
end

local Work = {}
Work.__index = Work

-- The position of a column that an entry names; nil where a pattern meets a table without it.
function Work:column(name, place, exact)
  local at = self.index[name]
  if not at and exact then missing(place, name, self.t, self.names) end
  return at
end

function Work:each(list, place, exact, fn)
  for i, name in ipairs(list or {}) do
    local at = self:column(name, place:child(i), exact)
    if at then fn(at, place) end
  end
end

function Work:apply(entry)
  local value, place, exact = entry.value, entry.place, entry.exact
  self:each(value.drop, place:child("drop"), exact, function(at, here) self.drop[at] = here end)
  if value.keep then
    self.keep = {}
    self:each(value.keep, place:child("keep"), exact, function(at, here) self.keep[at] = here end)
    self.keep_place = place:child("keep")
  end
  if value.order then
    self.order = {}
    self:each(value.order, place:child("order"), exact, function(at) self.order[#self.order + 1] = at end)
  end
  for _, name in ipairs(fault.sorted_keys(value.rename or {})) do
    local here = place:child("rename"):child(name)
    local at = self:column(name, here, exact)
    if at then self.rename[at] = { name = value.rename[name], place = here } end
  end
  for _, name in ipairs(fault.sorted_keys(value.mask or {})) do
    local here = place:child("mask"):child(name)
    local at = self:column(name, here, exact)
    if at then self.mask[at] = { mask = value.mask[name], place = here } end
  end
end

function Work:is_written(at)
  local dropped, kept = self.drop[at], self.keep and self.keep[at]
  if dropped and kept then
    dropped:plain("the column %q of %s.%s is dropped here and kept by %s", self.names[at], self.t.db, self.t.name,
      kept:line_of_path())
  end
  return not dropped and (not self.keep or kept ~= nil)
end

-- Positions in the order in which they are written.
function Work:positions()
  local list, seen = {}, {}
  local function add(at)
    if not seen[at] and self:is_written(at) then list[#list + 1] = at end
    seen[at] = true
  end
  for _, at in ipairs(self.order) do add(at) end
  for at = 1, #self.names do add(at) end
  return list
end

function Work:destination(at)
  return self.rename[at] and self.rename[at].name or self.names[at]
end

function Work:check_names(written)
  local taken = {}
  for _, at in ipairs(written) do
    local name = self:destination(at)
    if taken[name] then
      local place = (self.rename[at] or self.rename[taken[name]]).place
      place:fail("the columns %q and %q of %s.%s would both be written as %q", self.names[taken[name]],
        self.names[at], self.t.db, self.t.name, name)
    end
    taken[name] = at
  end
  return taken
end

-- out: columns (as core.prepare gives them), destination (name -> position), dest (position -> name or nil),
-- index, names, masks (list in table order).
function columns.resolve(selector, t)
  local work = setmetatable(new_work(t), Work)
  local index, names = work.index, work.names
  for _, entry in ipairs(selector:collect(t.db, t.name)) do work:apply(entry) end
  local written = work:positions()
  if #written == 0 and #names > 0 then
    (work.keep_place or selector.rest and selector.rest.place or select(2, next(work.drop))):plain(
      "nothing of the table %s.%s would be written: no column is left", t.db, t.name)
  end
  local result = { columns = {}, dest = {}, index = index, names = names, masks = {},
    destination = work:check_names(written) }
  for i, at in ipairs(written) do
    local name, one, column = work:destination(at), work.mask[at], t.columns[at]
    local transport = one and one.mask:becomes_text(column) and "STRING" or column.transport
    result.columns[i] = { column = at, name = name, transport = transport, scale = column.scale }
    result.dest[at] = name
  end
  for at = 1, #names do
    local one = work.mask[at]
    if one then
      one.mask:check(t.columns[at], one.place, t)
      result.masks[#result.masks + 1] = { column = names[at], mask = one.mask, place = one.place }
    end
  end
  return result
end

-- ---- a column under another name ----

-- What the entries say of a table whatever they lack there; the names that they speak of, by which the user has decided.
local function lenient(selector, t)
  local work, spoken = setmetatable(new_work(t), Work), {}
  for _, entry in ipairs(selector:collect(t.db, t.name)) do
    local value = entry.value
    work:apply { value = value, place = entry.place, exact = false }
    for _, list in ipairs { value.drop or {}, value.keep or {} } do
      for _, name in ipairs(list) do spoken[name] = true end
    end
    for _, map in ipairs { value.rename or {}, value.mask or {} } do
      for name in pairs(map) do spoken[name] = true end
    end
    work.by_name = work.by_name or entry.exact
  end
  return work, spoken
end

-- The place that keeps a column's values from being written as they are, and how; nil: nothing does.
function Work:shelter(at)
  if self.mask[at] then return self.mask[at].place, "masked" end
  if self.drop[at] then return self.drop[at], "dropped" end
  if self.keep and not self.keep[at] then return self.keep_place, "not kept" end
end

-- The first column of `work` that `old` does not have, that is written as it is and of which nobody speaks.
local function newcomer(work, spoken, old)
  for at, name in ipairs(work.names) do
    if not old.index[name] and not work:shelter(at) and not spoken[name] then return name end
  end
end

-- Raises when a column of `before` that is masked or not written stands in `after` under a name (or in a table of a name)
-- of which nothing is said: its values would go out as they are. renames: source name -> new name; nil: they are not
-- known, only both definitions, and then a new column counts as the one that is gone.
function columns.guard(selector, before, after, renames)
  local old = lenient(selector, before)
  local new, spoken = lenient(selector, after)
  for at, name in ipairs(old.names) do
    local place, how = old:shelter(at)
    local to = renames and renames[name] or name
    if place and not renames and not new.index[to] then to = newcomer(new, spoken, old) or to end
    local there = place and new.index[to]
    if there and not new:shelter(there) and not spoken[to] then
      place:fail("the column %q of %s.%s, which is %s, is now %q of %s.%s, and nothing in `columns` speaks of that: its "
        .. "values would be written as they are. Say the same of %q (or rename = { %s = %q }, if they may be), and start "
        .. "again%s", name, before.db, before.name, how, to, after.db, after.name, to, to, to, old.by_name
        and (("; rows from before still have %q: %q takes both names, for a pattern attaches where a column is")
          :format(name, after.db .. ".{" .. after.name .. "}")) or "")
    end
  end
end

return columns
