-- key: the message key of a table. A key of the script (columns, fields that are constants or texts
-- with variables, or a function) takes precedence over the primary key. A table with neither gets
-- the key that no_primary_key selects. The script names the parts of a key by source column or by
-- field.
local cbase = require "tideway.cbase"
local fault = require "tideway.core.fault"
local option = require "tideway.core.option"
local select_by = require "tideway.core.select"

local key = {}

local function check_value(value, place)
  if type(value) == "function" then return { fn = value, where = (cbase.function_where(value)) } end
  if type(value) ~= "string" and type(value) ~= "table" then
    place:fail("must be a column, a list of columns and fields, or a function(change), not %s", fault.show(value))
  end
  local parts, seen = option.string_list(value, place), {}
  for _, name in ipairs(parts) do
    if seen[name] then place:fail("names %q twice", name) end
    seen[name] = true
  end
  return { parts = parts }
end

local function is_value(value)
  if type(value) ~= "table" then return true end
  return fault.has_items(value) or next(value) == nil
end

function key.compile(value, place, registry)
  return select_by.one(value, place, is_value, check_value, registry)
end

local function check_mode(value, place)
  option.check_choice(option.group("sync.run").map.no_primary_key, value, place)
  return value
end

function key.compile_modes(value, place, registry)
  return select_by.one(value, place, function(v) return type(v) == "string" end, check_mode, registry)
end

local function field_named(fields, name)
  for i, field in ipairs(fields) do
    if field.name == name then return i, field end
  end
end

local function unknown_part(place, name, t, columns, fields)
  local at = columns.destination[name]
  if at then
    place:fail("%q is the new name of the column %q of %s.%s: a key names the source column", name, columns.names[at],
      t.db, t.name)
  end
  local names = table.move(columns.names, 1, #columns.names, 1, {})
  for _, field in ipairs(fields) do names[#names + 1] = field.name end
  local near = fault.nearest(name, names)
  place:as("E_COLUMN_UNKNOWN"):fail("the table %s.%s has no column or field %q for its key%s; there are: %s", t.db, t.name, name,
    near and (", did you mean %q?"):format(near) or "", table.concat(names, ", "))
end

local function field_part(place, index, field, t)
  if field.source == "function" then
    place:fail("the key of %s.%s names the field %q, which is a function: write key = function(change) ... instead",
      t.db, t.name, field.name)
  end
  if field.source == "update_time" or field.template and field.template:find("${UPDATE_TIME}", 1, true) then
    place:fail("the key of %s.%s names the field %q, which contains the time of processing: a change that is replayed "
      .. "would get another key", t.db, t.name, field.name)
  end
  return { field = index }
end

local function resolve_parts(entry, t, columns, fields)
  local parts, primary = {}, {}
  for i, name in ipairs(entry.value.parts) do
    local at = columns.index[name]
    if at then
      parts[i] = { column = at }
      primary[#primary + 1] = columns.dest[at]
    else
      local index, field = field_named(fields, name)
      if not index then unknown_part(entry.place, name, t, columns, fields) end
      parts[i] = field_part(entry.place, index, field, t)
      primary[#primary + 1] = name
    end
  end
  return parts, primary
end

-- Return the destination names of key columns. Omit columns that are not written.
local function written_names(positions, columns)
  local names = {}
  for _, at in ipairs(positions or {}) do names[#names + 1] = columns.dest[at] end
  return names
end

local function column_parts(positions)
  local parts = {}
  for i, at in ipairs(positions) do parts[i] = { column = at } end
  return parts
end

local function own_key(t, columns, place)
  for _, at in ipairs(t.pk) do
    if not columns.dest[at] then
      place:plain("the key column %q of %s.%s is dropped: say what the key is, key = { [%q] = ... }", columns.names[at],
        t.db, t.name, t.db .. "." .. t.name)
    end
  end
  return { kind = "parts", parts = column_parts(t.pk), primary = written_names(t.pk, columns) }
end

local function without_key(mode, t, columns)
  if mode ~= "unique" and mode ~= "unique_or_empty" then return { kind = mode, parts = {}, primary = {} } end
  if t.unique and #t.unique > 0 then
    return { kind = "parts", parts = column_parts(t.unique), primary = written_names(t.unique, columns), unique = true }
  end
  return { kind = mode == "unique" and "reject" or "empty", parts = {}, primary = {} }
end

-- Set the name of each part, for a key that is a JSON object: the name of the field, or the
-- destination name of the column, or the source name of a column that is not written.
local function name_parts(parts, t, columns, fields, place)
  local taken = {}
  for _, part in ipairs(parts) do
    part.name = part.field and fields[part.field].name or columns.dest[part.column] or columns.names[part.column]
    if taken[part.name] then
      place:fail("two parts of the key of %s.%s would have the name %q in key_format = \"json\"", t.db, t.name, part.name)
    end
    taken[part.name] = true
  end
end

local function resolve(keys, modes, t, columns, fields, place)
  local entry = keys:pick(t.db, t.name)
  if entry and entry.value.fn then
    return { kind = "function", parts = {}, primary = written_names(t.pk, columns), fn = entry.value.fn,
      where = entry.value.where }
  end
  if entry then
    local parts, primary = resolve_parts(entry, t, columns, fields)
    return { kind = "parts", parts = parts, primary = primary }
  end
  if t.pk and #t.pk > 0 then return own_key(t, columns, place) end
  local mode = modes:pick(t.db, t.name)
  return without_key(mode.value, t, columns)
end

-- Return { kind, parts, primary, fn, where }. kind: "parts", "function", or a choice of
-- no_primary_key; parts: the columns and fields; primary: the destination names of the key columns;
-- fn, where: the key function and its file:line.
-- json: key_format is "json".
function key.resolve(keys, modes, t, columns, fields, json, place)
  local resolved = resolve(keys, modes, t, columns, fields, place:child("columns"))
  if json then name_parts(resolved.parts, t, columns, fields, place:child("key")) end
  return resolved
end

-- Return the signature of a key: which of its parts are constant. constants: the text of each
-- constant part, false for a part that differs from row to row; shape: which parts are constant;
-- text: the constant texts, joined. Return nil for a key function, since its result is unknown
-- here.
function key.signature(t, resolved, fields)
  if resolved.kind == "function" then return nil end
  local constants, shape = {}, { resolved.kind }
  if resolved.kind == "table" then constants[1] = t.name end
  for i, part in ipairs(resolved.parts) do
    local field = part.field and fields[part.field]
    constants[i] = field and field.source == "constant" and tostring(field.value) or false
  end
  local texts = {}
  for i, text in ipairs(constants) do
    shape[#shape + 1] = text and "=" or "."
    if text then texts[#texts + 1] = ("%d:%s"):format(i, text) end
  end
  return { constants = constants, shape = table.concat(shape), text = table.concat(texts, "\0"),
    full_name = t.db .. "." .. t.name }
end

-- Return whether a constant part differs in two signatures. Then no rows of the two tables have
-- the same key.
function key.tells_apart(a, b)
  for i = 1, math.min(#a.constants, #b.constants) do
    if a.constants[i] and b.constants[i] and a.constants[i] ~= b.constants[i] then return true end
  end
  return false
end

-- Make a group: the key signatures of the tables of one topic. shapes: shape -> text -> signature;
-- members: full name -> signature.
function key.new_group()
  return { shapes = {}, members = {} }
end

function key.forget(group, full_name)
  local old = group.members[full_name]
  if not old then return end
  group.members[full_name] = nil
  local same = group.shapes[old.shape]
  if same[old.text] == old then same[old.text] = nil end
end

-- Add a table's signature to the group. Return the full name of a table of the group whose keys
-- could equal this table's keys, or nil.
function key.meet(group, signature)
  key.forget(group, signature.full_name)
  local same = group.shapes[signature.shape] or {}
  local other = same[signature.text]
  for shape, list in pairs(group.shapes) do
    if shape ~= signature.shape then
      for _, one in pairs(list) do
        if not other and not key.tells_apart(one, signature) then other = one end
      end
    end
  end
  group.shapes[signature.shape] = same
  same[signature.text] = same[signature.text] or signature
  group.members[signature.full_name] = signature
  return other and other.full_name
end

-- Return whether two different rows could have the same text key "a,b": two or more parts may
-- contain a comma.
function key.is_ambiguous(t, resolved)
  local texts = 0
  for _, part in ipairs(resolved.parts) do
    if part.column and t.columns[part.column].free_text then texts = texts + 1 end
  end
  return resolved.kind == "parts" and texts > 1
end

return key
