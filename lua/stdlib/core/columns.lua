-- columns: which columns of a table are written, under which names, and which are masked. The
-- script uses source names. In an entry for an exact table name, each name must be a column of this
-- table; in an entry for a pattern, a column of at least one table that the pattern matches.
-- "mail?" may be absent. The question marks at the end of a column's own name are written twice.
-- Drops accumulate; a later rename or mask of a column replaces an earlier one. A function in rename
-- names all columns that its map does not.
local cbase = require "tideway.cbase"
local fault = require "tideway.core.fault"
local masks = require "tideway.core.masks"
local option = require "tideway.core.option"
local select_by = require "tideway.core.select"
local types = require "tideway.core.types"

local columns = {}

local KEYS = option.group("columns")

-- Parse a name as written. Return the name of the column, and whether the column may be absent.
local function read_name(written, place)
  local base, marks = written:match("^(.-)(%?*)$")
  local name = base .. ("?"):rep(#marks // 2)
  if name == "" then place:fail("%q is not the name of a column", written) end
  return name, #marks % 2 == 1
end

-- Return how to write the name of a column that may be absent.
local function optional(name)
  return (name:gsub("%?+$", "%0%0")) .. "?"
end

-- Make a use of a column, { name, optional, place, value, owner }, and add it to its entry.
-- owner: the entry.
local function use(owner, written, place, value)
  local name, may_lack = read_name(written, place)
  local one = { name = name, optional = may_lack, place = place, value = value, owner = owner }
  owner.uses[#owner.uses + 1] = one
  return one
end

local function use_list(owner, list, place)
  local uses = {}
  for i, written in ipairs(option.string_list(list, place)) do uses[i] = use(owner, written, place:child(i)) end
  return uses
end

-- Return the uses of a map by column name. what: how a user writes the map, for messages;
-- take(value, place): checks a value and returns that of the use.
local function use_map(owner, map, place, what, take)
  local uses, seen = {}, {}
  for _, written in ipairs(fault.sorted_keys(map)) do
    if type(written) ~= "string" then place:fail("must be a map { %s }", what) end
    local here = place:child(written)
    local one = use(owner, written, here, take(map[written], here))
    if seen[one.name] then place:fail("names the column %q twice", one.name) end
    seen[one.name] = true
    uses[#uses + 1] = one
  end
  return uses
end

local function destination_name(name, place)
  if type(name) ~= "string" or name == "" then place:fail("must be the name in the messages, not %s", fault.show(name)) end
  return name
end

-- Add `rename` to an entry: rename, a list of uses, and rename_rest, the function for the columns
-- that the list does not contain. value: function(name), a map, or a map that begins with the function.
local function read_rename(entry, value, place)
  if type(value) == "function" then value = { value } end
  local map = {}
  for written, name in pairs(value) do map[written] = name end
  if type(value[1]) == "function" then
    map[1] = nil
    entry.rename_rest = { fn = value[1], place = place }
  end
  entry.rename = use_map(entry, map, place, 'source = "destination"', destination_name)
end

-- Return an entry: drop, keep, order, rename, mask and type as lists of uses, and rename_rest. uses: all
-- uses of these lists.
local function check_entry(value, place)
  local item, entry = {}, { uses = {} }
  for key, part in pairs(value) do
    if key ~= "tables" then item[key] = part end
  end
  local checked = option.check("columns", item, place)
  if checked.rename then read_rename(entry, checked.rename, place:child("rename")) end
  if checked.mask then
    entry.mask = use_map(entry, checked.mask, place:child("mask"), "column = mask", masks.compile)
  end
  if checked.type then
    entry.type = use_map(entry, checked.type, place:child("type"), "column = settings", types.of_column)
  end
  for _, key in ipairs({ "drop", "keep", "order" }) do
    if checked[key] then entry[key] = use_list(entry, checked[key], place:child(key)) end
  end
  if checked.drop and checked.keep then place:fail("has both keep and drop: keep already defines what is written") end
  return entry
end

local function check_map_value(value, place)
  if type(value) ~= "table" then place:fail("must be a table { rename =, drop =, ... }, not %s", fault.show(value)) end
  return check_entry(value, place)
end

-- Return whether the value is one entry for every table, such as columns = { drop = ... }.
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

-- Raise if an entry has `type`, which has no meaning in this format.
function columns.refuse_types(selector, format)
  for _, entry in ipairs(selector:entries()) do
    if entry.value.type then
      entry.place:child("type"):fail("cannot be combined with format = %q, whose messages have only one form: remove it", format)
    end
  end
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
  return { t = t, index = index, names = names, drop = {}, rename = {}, mask = {}, type = {}, order = {} }
end

local function missing(one, t, names)
  one.place:as("E_COLUMN_UNKNOWN"):fail("the table %s.%s has no column %q%s; write %q if it may be absent", t.db, t.name, one.name,
    fault.hint(one.name, names, "its columns are"), optional(one.name))
end

local Work = {}
Work.__index = Work

-- Call fn(position, use) for each use whose column the table has. exact: raise for the others,
-- unless they may be absent.
function Work:each(uses, exact, fn)
  for _, one in ipairs(uses or {}) do
    local at = self.index[one.name]
    if at then fn(at, one) end
    if not at and exact and not one.optional then missing(one, self.t, self.names) end
  end
end

function Work:apply(entry)
  local value, place, exact = entry.value, entry.place, entry.exact
  self:each(value.drop, exact, function(at, one) self.drop[at] = one end)
  if value.keep then
    self.keep = {}
    self:each(value.keep, exact, function(at, one) self.keep[at] = one end)
    self.keep_place = place:child("keep")
  end
  if value.order then
    self.order = {}
    self:each(value.order, exact, function(at) self.order[#self.order + 1] = at end)
  end
  for at = 1, value.rename_rest and #self.names or 0 do self.rename[at] = value.rename_rest end
  self:each(value.rename, exact, function(at, one) self.rename[at] = one end)
  self:each(value.mask, exact, function(at, one) self.mask[at] = one end)
  self:each(value.type, exact, function(at, one) self.type[at] = one end)
end

function Work:is_written(at)
  local dropped, kept = self.drop[at], self.keep and self.keep[at]
  if dropped and kept then
    dropped.place:plain("the column %q of %s.%s is dropped here and kept by %s", self.names[at], self.t.db, self.t.name,
      kept.place:line_of_path())
  end
  return not dropped and (not self.keep or kept ~= nil)
end

-- Return the positions of the written columns, in the order in which they are written.
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

-- Return the name that a rename function gives a column; nil: it keeps its own.
function Work:name_by_function(rest, at)
  local ok, name = pcall(rest.fn, self.names[at])
  if ok and (name == nil or type(name) == "string" and name ~= "" and utf8.len(name)) then return name end
  local why = not ok and tostring(name)
    or ("must return a name, or nil to keep it, and returned %s"):format(fault.show(name))
  rest.place:fail("the function for the column %q of %s.%s: %s", self.names[at], self.t.db, self.t.name, why)
end

function Work:destination(at)
  local one = self.rename[at]
  if one and one.fn then
    one = { place = one.place, value = self:name_by_function(one, at) }
    self.rename[at] = one
  end
  return one and one.value or self.names[at]
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

-- ---- names that no table has ----

-- Return whether the option names any column.
function columns.names_any(selector)
  return not selector:is_empty()
end

local function mark_seen(entry, index)
  for _, one in ipairs(entry.value.uses) do one.seen = one.seen or index[one.name] ~= nil end
end

local function is_open(entry)
  for _, one in ipairs(entry.value.uses) do
    if not one.seen then return true end
  end
  return false
end

-- Mark the uses whose column one of the tables has as seen. Return the entries that match one of
-- the tables by a pattern. all: these are all tables that the source has now. From then on the
-- selector is strict: columns.known raises for a table whose entry has an unseen use.
function columns.learn(selector, tables, all)
  local entries, met = {}, {}
  for _, t in ipairs(tables) do
    for _, entry in ipairs(selector:collect(t.db, t.name)) do
      if is_open(entry) then mark_seen(entry, (index_of(t))) end
      if not entry.exact and not met[entry.value] then entries[#entries + 1], met[entry.value] = entry.value, true end
    end
  end
  selector.strict = selector.strict or all
  return entries
end

-- Return the names of the columns of all tables that an entry applies to.
local function names_of(selector, value, tables)
  local names, seen = {}, {}
  for _, t in ipairs(tables) do
    for _, entry in ipairs(selector:collect(t.db, t.name)) do
      for _, column in ipairs(entry.value == value and t.columns or {}) do
        if not seen[column.name] then names[#names + 1] = column.name end
        seen[column.name] = true
      end
    end
  end
  return names
end

local function unknown(one, names)
  one.place:as("E_COLUMN_UNKNOWN"):fail("no table that it matches has a column %q%s; write %q if it may be absent", one.name,
    fault.hint(one.name, names, "their columns are"), optional(one.name))
end

-- ---- names in another case ----

-- Return the first use whose name differs only in case from a column of the table, and the name of
-- that column; nil when there is none, or an entry names that column too. had: the names of columns
-- that the table has or had.
local function find_other_case(selector, t, had)
  local entries, named = selector:collect(t.db, t.name), {}
  for _, entry in ipairs(entries) do
    for _, one in ipairs(entry.value.uses) do named[one.name] = true end
  end
  for _, entry in ipairs(entries) do
    for _, one in ipairs(entry.value.uses) do
      for _, column in ipairs(had[one.name] and {} or t.columns) do
        if not named[column.name] and cbase.same_name(column.name, one.name) then return one, column.name end
      end
    end
  end
end

local function refuse_other_case(selector, t, had)
  local one, name = find_other_case(selector, t, had)
  if one then
    one.place:fail("the table %s.%s has the column %q, which differs from %q only in letter case and would be written as it is: "
      .. "name it as well, %q (or rename = { [%q] = %q }, if it may be)", t.db, t.name, name, one.name, optional(name),
      optional(name), name)
  end
end

-- Raise for names that differ from a column only in case. A table may be in the list twice: as it
-- is now, and as it was at the position.
local function check_case(selector, tables)
  local had = {}
  for _, t in ipairs(tables) do
    local full_name = t.db .. "." .. t.name
    had[full_name] = had[full_name] or {}
    for _, column in ipairs(t.columns) do had[full_name][column.name] = true end
  end
  for _, t in ipairs(tables) do refuse_other_case(selector, t, had[t.db .. "." .. t.name]) end
end

-- Check the names in `columns`. Called once, with every selected table. Raise for a name that no
-- table of its entry has, or that a table has in another case. An entry that applies to no table
-- yet is checked by columns.known.
function columns.check(selector, tables)
  for _, value in ipairs(columns.learn(selector, tables, true)) do
    for _, one in ipairs(value.uses) do
      if not one.seen and not one.optional then unknown(one, names_of(selector, value, tables)) end
    end
  end
  check_case(selector, tables)
end

-- Return whether an entry matches the table by a pattern and has a use whose column has never been
-- seen.
local function has_unseen(selector, entry, index)
  if entry.exact or not selector.strict then return false end
  mark_seen(entry, index)
  for _, one in ipairs(entry.value.uses) do
    if not one.seen and not one.optional then return true end
  end
  return false
end

-- Raise if an entry of the table still has an unseen use, or a name that differs from a column only
-- in case. Called before the first row of the table and not earlier: a table that is created while
-- the sync runs may appear before the table that has the column.
function columns.known(selector, t)
  if selector.strict then refuse_other_case(selector, t, (index_of(t))) end
  for _, entry in ipairs(selector:collect(t.db, t.name)) do
    local index, names = index_of(t)
    for _, one in ipairs(has_unseen(selector, entry, index) and entry.value.uses or {}) do
      if not one.seen and not one.optional then unknown(one, names) end
    end
  end
end

-- Return what columns.resolve returns for a table to which no entry applies: each column is written under its own name.
local function unchanged(t)
  local index, names = index_of(t)
  local result = { columns = {}, dest = names, index = index, names = names, masks = {}, unseen = false, destination = index,
    conversions = {} }
  for at, column in ipairs(t.columns) do
    result.columns[at] = { column = at, name = column.name, transport = column.transport, scale = column.scale }
  end
  return result
end

-- Return the conversions by position. A column whose mask makes text of every value has none: the text is written.
local function conversions_of(type_selector, t, work)
  local conversions = types.resolve(type_selector, t, work.type)
  for at, one in pairs(work.mask) do
    if one.value.text then conversions[at] = nil end
  end
  return conversions
end

-- Return columns (for core.prepare), destination (destination name -> position), dest (position
-- -> destination name, nil when not written), index (source name -> position), names (position ->
-- source name), masks (a list in table order), unseen (columns.known must be called before the
-- first row), conversions (a list for core.prepare). type_selector: the option `types`.
function columns.resolve(selector, t, type_selector)
  local entries = selector:collect(t.db, t.name)
  if #entries == 0 and type_selector:is_empty() then return unchanged(t) end
  local work = setmetatable(new_work(t), Work)
  local index, names, unseen = work.index, work.names, false
  for _, entry in ipairs(entries) do
    work:apply(entry)
    unseen = unseen or has_unseen(selector, entry, index)
  end
  unseen = unseen or selector.strict == true and find_other_case(selector, t, index) ~= nil
  local written = work:positions()
  if #written == 0 and #names > 0 then
    (work.keep_place or selector.rest and selector.rest.place or select(2, next(work.drop)).place):plain(
      "nothing of the table %s.%s would be written: no column is left", t.db, t.name)
  end
  local result = { columns = {}, dest = {}, index = index, names = names, masks = {}, unseen = unseen,
    destination = work:check_names(written), conversions = {} }
  local conversions = conversions_of(type_selector, t, work)
  for i, at in ipairs(written) do
    local name, one, column, conversion = work:destination(at), work.mask[at], t.columns[at], conversions[at]
    local transport = one and one.value:becomes_text(column) and "STRING" or conversion and conversion.transport
      or column.transport
    result.columns[i] = { column = at, name = name, transport = transport, scale = column.scale }
    result.dest[at] = name
  end
  for at = 1, #names do
    local one, conversion = work.mask[at], conversions[at]
    if conversion and conversion.kind then
      result.conversions[#result.conversions + 1] = { column = at, kind = conversion.kind, zero = conversion.zero,
        offset_ms = conversion.offset_ms, remedy = conversion.remedy }
    end
    if one then
      one.value:check(t.columns[at], conversion and conversion.reads, one.place, t)
      result.masks[#result.masks + 1] = { column = names[at], mask = one.value, place = one.place }
    end
  end
  return result
end

-- ---- a column under another name ----

-- Apply the entries of a table without raising for missing columns. Return the work, and the set
-- of the names that the entries contain: for these columns the user has decided what to write.
local function lenient(selector, t)
  local work, spoken = setmetatable(new_work(t), Work), {}
  work.owners = {}
  for _, entry in ipairs(selector:collect(t.db, t.name)) do
    local value = entry.value
    work:apply { value = value, place = entry.place, exact = false }
    for _, uses in ipairs { value.drop or {}, value.keep or {}, value.rename or {}, value.mask or {} } do
      for _, one in ipairs(uses) do spoken[one.name] = true end
    end
    work.owners[value] = entry
  end
  return work, spoken
end

-- Return the place of the mask, drop or keep that prevents a column from being written unchanged;
-- "masked", "dropped" or "not kept"; and the use. Return nil when the column is written unchanged.
function Work:shelter(at)
  if self.mask[at] then return self.mask[at].place, "masked", self.mask[at] end
  if self.drop[at] then return self.drop[at].place, "dropped", self.drop[at] end
  if self.keep and not self.keep[at] then return self.keep_place, "not kept" end
end

-- Return the first column of `work` that is not in `old`, is written unchanged, and is named by no
-- entry; or nil.
local function newcomer(work, spoken, old)
  for at, name in ipairs(work.names) do
    if not old.index[name] and not work:shelter(at) and not spoken[name] then return name end
  end
end

-- Return mask = { ["mail?"] = mask.email, ["post?"] = mask.email }, as a text. It contains both
-- names, since rows from before the statement may follow.
local function part_to_write(one, names)
  local items = {}
  for i, name in ipairs(names) do
    local written = ("%q"):format(optional(name))
    items[i] = one and one.value and ("[%s] = %s"):format(written, one.value:written()) or written
  end
  return ("%s = { %s }"):format(one and one.value and "mask" or "drop", table.concat(items, ", "))
end

-- Return the pattern of a table, "shop.users". For a renamed table with an exact entry, returns
-- "shop.{users,people}", since an exact name without a table is an error.
local function pattern_to_write(before, after, exact)
  local function both(a, b) return (a == b or not exact) and b or ("{%s,%s}"):format(a, b) end
  return ("%s.%s"):format(both(before.db, after.db), both(before.name, after.name))
end

-- Return the text that the user must write so that the column stays masked or dropped.
local function remedy(old, new, one, names)
  local part, entry = part_to_write(one, names), one and old.owners[one.owner]
  if entry and new.owners[one.owner] then return ("%s in %s"):format(part, entry.place:name()) end
  local tables = ("%q"):format(pattern_to_write(old.t, new.t, entry and entry.exact))
  if entry and entry.list then return ("{ tables = %s, %s } in columns"):format(tables, part) end
  return ("[%s] = { %s } in columns"):format(tables, part)
end

-- Raise when a column of `before` that is masked or not written would be written unchanged in
-- `after`, because the column or the table has a new name that no entry contains. renames: old ->
-- new name of columns. nil: the renames are unknown; then a new column counts as the column that
-- has disappeared.
function columns.guard(selector, before, after, renames)
  local old = lenient(selector, before)
  local new, spoken = lenient(selector, after)
  for at, name in ipairs(old.names) do
    local place, how, one = old:shelter(at)
    local to = renames and renames[name] or name
    if place and not renames and not new.index[to] then to = newcomer(new, spoken, old) or to end
    local there = place and new.index[to]
    if there and not new:shelter(there) and not spoken[to] then
      place:as("E_CAPTURED_COLUMN"):fail("the column %q of %s.%s, which is %s, is now %q of %s.%s, and nothing in "
        .. "`columns` names it: its values would be written as they are. Write %s "
        .. "(or rename = { [%q] = %q }, if they may be), and start again",
        name, before.db, before.name, how, to, after.db, after.name,
        remedy(old, new, one, name == to and { to } or { name, to }), optional(to), to)
    end
  end
end

return columns
