-- hooks: combines the masks, on_row, filter and on_change of a table into one event function.
-- Order: first masks and on_row for each image, then filter for each image, then on_change once. A
-- table may have several on_row and on_change functions: those of patterns run before that of the
-- exact name. It has at most one filter.
local cbase = require "tideway.cbase"
local closure = require "tideway.core.closure"
local fault = require "tideway.core.fault"
local select_by = require "tideway.core.select"
local topic = require "tideway.core.topic"

local hooks = {}

local function check_function(value, place)
  if type(value) ~= "function" then place:as("E_OPTION_TYPE"):fail("must be a function, not %s", fault.show(value)) end
  return { fn = value, where = (cbase.function_where(value)) }
end

local function is_function(value)
  return type(value) == "function"
end

local function list_item(item, place)
  for key in pairs(item) do
    if key ~= "tables" and key ~= 1 then
      place:fail("has %q; an item is { tables = ..., function ... }", tostring(key))
    end
  end
  return check_function(item[1], place)
end

local function compile_combined(value, place, registry)
  if type(value) == "table" and fault.has_items(value) then
    return select_by.list(value, place, list_item, registry)
  end
  return select_by.one(value, place, is_function, check_function, registry)
end

function hooks.compile(options, place, registry)
  return {
    on_table = compile_combined(options.on_table, place:child("on_table"), registry),
    on_row = compile_combined(options.on_row, place:child("on_row"), registry),
    on_change = compile_combined(options.on_change, place:child("on_change"), registry),
    filter = select_by.one(options.filter, place:child("filter"), is_function, check_function, registry),
  }
end

local function functions_of(entries)
  local list, wheres = {}, {}
  for i, entry in ipairs(entries) do list[i], wheres[i] = entry.value.fn, entry.value.where end
  return list, wheres
end

local function refuse(t, where, why)
  if type(why) == "table" or why == nil then why = where .. ": raised " .. fault.show(why) end
  cbase.raise("E_TABLE_REFUSED", ("on_table refuses %s.%s: %s"):format(t.db, t.name, tostring(why)))
end

-- Call on_table for one definition of a table. name: its topic; nil if a function decides.
function hooks.on_table(compiled, t, name)
  for _, entry in ipairs(compiled.on_table:collect(t.db, t.name)) do
    local info = topic.describe(t)
    info.topic = name
    local ok, result = pcall(entry.value.fn, info)
    if not ok then refuse(t, entry.value.where, result) end
    if result ~= nil then
      cbase.raise("E_FUNCTION_RESULT", ("%s: on_table must return nothing for %s.%s, not %s; to refuse the table, raise an error"):format(
        entry.value.where, t.db, t.name, fault.show(result)))
    end
  end
end

local function is_key(key, at)
  for _, part in ipairs(key.parts) do
    if part.column == at then return true end
  end
  return false
end

-- Return a function that raises, to be called when the mask of a key column returns nil; nil for
-- other columns. Raise at once when the mask always returns nil.
local function key_keeper(item, at, t, key)
  if not is_key(key, at) then return nil end
  local function fail()
    item.place:as("E_MASK"):fail("the mask gives nil for the key column %q of %s.%s, and its rows would share the key null: "
      .. "return a value, or take another key, key = { [%q] = ... }", item.column, t.db, t.name, t.db .. "." .. t.name)
  end
  if item.mask.always and item.mask.value == nil then fail() end
  return fail
end

local function mask_function(columns, t, key)
  local list = {}
  for i, item in ipairs(columns.masks) do
    local mask, at = item.mask, columns.index[item.column]
    local keeper = key_keeper(item, at, t, key)
    list[i] = { column = item.column, apply = mask.apply, always = mask.always, bad_key = not mask.always and keeper,
      text = mask:becomes_text(t.columns[at]) }
  end
  return closure.masks(list)
end

-- Return what `plan` shows of the masks: a text for each column, "" for a column without a mask.
-- Return nil when no column has a mask.
local function mask_texts(columns)
  if #columns.masks == 0 then return nil end
  local texts = {}
  for at in ipairs(columns.names) do texts[at] = "" end
  for _, item in ipairs(columns.masks) do texts[columns.index[item.column]] = item.mask:describe() end
  return texts
end

-- Return the event function of a table, nil when no mask, filter or hook applies to it; and what
-- `plan` shows of it.
function hooks.resolve(compiled, t, columns, key)
  local on_row, row_wheres = functions_of(compiled.on_row:collect(t.db, t.name))
  local on_change, change_wheres = functions_of(compiled.on_change:collect(t.db, t.name))
  local filter = compiled.filter:pick(t.db, t.name)
  return closure.event {
    masks = mask_function(columns, t, key), on_row = on_row, on_change = on_change, filter = filter and filter.value.fn,
    bad_row = function(i)
      cbase.raise("E_FUNCTION_RESULT", row_wheres[i] .. ": on_row must return nothing: it edits the row, row.column = value")
    end,
    bad_change = function(i, got)
      cbase.raise("E_FUNCTION_RESULT", ("%s: on_change must return nothing, true (keep) or false (drop), not %s"):format(
        change_wheres[i], fault.show(got)))
    end,
  }, { masks = mask_texts(columns), on_row = row_wheres, on_change = change_wheres, filter = filter and filter.value.where }
end

return hooks
