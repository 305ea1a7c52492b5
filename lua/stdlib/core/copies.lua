-- copies: which tables and rows are copied, and in which order: full.skip, full.where and full.order.
local fault = require "tideway.core.fault"
local pattern = require "tideway.core.pattern"
local select_by = require "tideway.core.select"

local copies = {}

local function check_condition(value, place)
  if type(value) ~= "string" then
    place:as("E_OPTION_TYPE"):fail("must be a condition in SQL, such as \"created > '2020-01-01'\", not %s", fault.show(value))
  end
  if not value:find "%S" then place:as("E_OPTION_VALUE"):fail("is an empty condition: remove it to copy all rows") end
  return value
end

local function compile_order(value, place, registry)
  local list = {}
  if type(value) == "string" then value = { value } end
  for i, text in ipairs(value or {}) do
    local here = place:child(i)
    local one = pattern.compile(text, here)
    if one.exclude then here:as("E_TABLE_PATTERN"):fail("an exclude has no place in an order: name the tables that come first") end
    list[i], registry[#registry + 1] = one, one
  end
  return list
end

local function compile_skip(value, place, registry)
  local patterns = value ~= nil and pattern.list(value, place) or nil
  select_by.register(patterns, registry)
  return patterns
end

-- full: the checked options of `full`, or nil.
function copies.compile(full, place, registry)
  full = full or {}
  return {
    where = select_by.map(full.where or {}, place:child("where"), check_condition, registry),
    order = compile_order(full.order, place:child("order"), registry),
    skip = compile_skip(full.skip, place:child("skip"), registry),
  }
end

-- Return the condition for the rows of a table, nil for all rows; its place in the script; the table's place in the order, from 0;
-- and whether it is not copied.
function copies.resolve(compiled, db, name)
  local entry = compiled.where:pick(db, name)
  local order = #compiled.order
  for i = #compiled.order, 1, -1 do
    if compiled.order[i]:matches(db, name) then order = i - 1 end
  end
  local skips = compiled.skip and compiled.skip:match(db, name)
  return entry and entry.value, entry and entry.place.where .. ": " .. entry.place:name(), order, skips and true or false
end

-- Return the condition for the rows of a table, and whether it is not copied.
function copies.shown(compiled, db, name)
  local where, _, _, skips = copies.resolve(compiled, db, name)
  return where, skips
end

-- Warn if rows that are not copied may come later, because the stream knows no condition in SQL.
function copies.warn(compiled, t, filter, warnings)
  local where, place, _, skips = copies.resolve(compiled, t.db, t.name)
  if not where or filter or skips then return end
  warnings[#warnings + 1] = ("%s: rows of %s that do not fulfil the condition are not copied, but their changes are written: "
    .. "a filter leaves these out"):format(place, t.db .. "." .. t.name)
end

return copies
