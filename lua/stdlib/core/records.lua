-- records: the options that decide which records a change becomes, for each table: update,
-- tombstones and dml.
local fault = require "tideway.core.fault"
local option = require "tideway.core.option"
local select_by = require "tideway.core.select"

local records = {}

-- Set the value for tables that no key of the map names, if the map has no `default`.
local function with_rest(selector, rest, place)
  if not selector.rest then selector.rest = { value = rest, raw = rest, place = place } end
  return selector
end

local function compile_update(value, place, registry)
  local entry = option.group("sync.run").map.update
  local function check(one, here)
    option.check_choice(entry, one, here)
    return one
  end
  return select_by.one(value, place, function(v) return type(v) == "string" end, check, registry)
end

local function check_boolean(value, place)
  if type(value) ~= "boolean" then place:as("E_OPTION_TYPE"):fail("must be true or false, not %s", fault.show(value)) end
  return value
end

local function compile_tombstones(value, place, registry)
  return select_by.one(value, place, function(v) return type(v) == "boolean" end, check_boolean, registry)
end

local DML = option.group("dml")

-- Return whether the value is one policy for every table.
local function is_policy(value)
  for key in pairs(value) do
    if DML.map[key] then return true end
  end
  return type(value) == "table" and next(value) == nil
end

local function check_policy(value, place)
  local checked = option.check("dml", value, place)
  local flag = checked.flag
  if checked.delete == "logical" and not flag then
    place:as("E_OPTION_MISSING"):fail('needs the name of a field that delete = "logical" sets, such as flag = "deleted"')
  end
  if flag and checked.delete ~= "logical" then place:child("flag"):fail('does nothing without delete = "logical"') end
  if flag == "" then place:child("flag"):fail("must be the name of a field") end
  return checked
end

local function compile_dml(value, place, registry)
  for key in pairs(value or {}) do
    if type(key) == "string" and key ~= "default" and not DML.map[key] and not key:find("[.`/]") then
      place:child(key):as("E_OPTION_UNKNOWN"):fail("is neither db.table nor one of its options%s", fault.hint(key, DML.names, "they are"))
    end
  end
  return select_by.one(value, place, is_policy, check_policy, registry)
end

-- format: the defaults of the message format, for options that the script does not have.
function records.compile(options, format, place, registry)
  local tombstones = compile_tombstones(options.tombstones, place:child("tombstones"), registry)
  return {
    update = with_rest(compile_update(options.update, place:child("update"), registry), format.update, place),
    tombstones = tombstones,
    tombstones_by_default = format.tombstones,
    dml = compile_dml(options.dml, place:child("dml"), registry),
  }
end

local WITHOUT_KEY = { empty = "has no key", row = "has the hash of the row as its key", table = "has the table's name as its key" }

-- Return whether no two rows of the table have this key.
local function is_unique(t, resolved)
  local columns = {}
  for _, part in ipairs(resolved.parts) do columns[part.column or 0] = true end
  local function covers(index)
    for _, at in ipairs(index or {}) do
      if not columns[at] then return false end
    end
    return index ~= nil and #index > 0
  end
  return covers(t.pk) or covers(t.unique)
end

-- Return whether each deleted row is followed by a tombstone. Raise where a tombstone could not name the row; add a warning
-- where it may name others, too.
local function tombstones_of(compiled, t, resolved, warnings)
  local entry = compiled.tombstones:pick(t.db, t.name)
  if not entry then return compiled.tombstones_by_default end
  if not entry.value then return false end
  local full_name = t.db .. "." .. t.name
  if WITHOUT_KEY[resolved.kind] then
    entry.place:as("E_NO_KEY"):fail("%s %s, which other rows share: a tombstone would delete them. Give it a key, or write [%q] = false",
      full_name, WITHOUT_KEY[resolved.kind], full_name)
  end
  if resolved.kind == "parts" and not is_unique(t, resolved) then
    warnings[#warnings + 1] = ("%s: %s: several rows of %s may have the same key, and the tombstone of one deletes the others from a "
      .. "compacted topic: name all columns of its primary key in `key`"):format(entry.place.where, entry.place:name(), full_name)
  end
  return true
end

local function has_field(list, name)
  for _, field in ipairs(list) do
    if field.name == name then return true end
  end
  return false
end

-- Add the field that a logical delete sets to the fields of a table. Return its index, nil without one.
local function add_flag(entry, t, columns, list)
  local name = entry and entry.value.flag
  if not name then return nil end
  if columns.destination[name] or has_field(list, name) then
    entry.place:child("flag"):plain("%s.%s has a column or field %q already: take another name for the flag", t.db, t.name, name)
  end
  list[#list + 1] = { name = name, source = "constant", value = false, transport = "BOOLEAN" }
  return #list
end

-- Return { update, tombstones, dml, flag } for a table: dml, its policies or nil; flag, the index of the field that a
-- logical delete sets, which is added to `fields`. resolved: its key; warnings: a list to which warnings are added.
function records.resolve(compiled, t, resolved, columns, fields, warnings)
  local dml = compiled.dml:pick(t.db, t.name)
  return {
    update = compiled.update:pick(t.db, t.name).value,
    tombstones = tombstones_of(compiled, t, resolved, warnings),
    dml = dml and dml.value, flag = add_flag(dml, t, columns, fields),
  }
end

return records
