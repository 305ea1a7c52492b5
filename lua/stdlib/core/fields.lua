-- fields: additional fields, which follow a table's columns in the messages, and headers of messages.
-- Each is a constant, a text with variables or a function(change), for all tables or for some. They
-- are sorted by name; in the list form they have the order of the list. Variables are replaced here,
-- once for a table, except EXECUTE_TIME, UPDATE_TIME and the topic of a topic function: these differ
-- from message to message.
local cbase = require "tideway.cbase"
local fault = require "tideway.core.fault"
local fieldtype = require "tideway.core.fieldtype"
local pattern = require "tideway.core.pattern"
local select_by = require "tideway.core.select"
local vars = require "tideway.core.vars"

local fields = {}

local RUN_TIME = { EXECUTE_TIME = "execute_time", UPDATE_TIME = "update_time", TABLE_NAME_DEST = "topic" }

local function constant_transport(value)
  if math.type(value) == "integer" then return "LONG" end
  return ({ number = "DOUBLE", boolean = "BOOLEAN", string = "STRING" })[type(value)]
end

-- What errors say about a field, or about a header: what it is, and what its value must be.
local FIELD = { word = "field", must = "a constant, a text with variables, a function(change) or field.long(fn) and the like" }
local HEADER = { word = "header", must = "a text, a number or a function(change): headers have no types" }

local function check_header_name(name, place)
  if name:find("^tideway%-") then
    place:fail("the names of headers that begin with tideway- are those that Tideway itself writes: take another one")
  end
end

-- Return { value | parts | fn, transport, scale, place }.
local function compile_field(kind, written, place)
  local value, field = written, { place = place }
  if kind == HEADER and (fieldtype.is(written) or type(written) == "boolean") then
    place:fail("must be %s, not %s", kind.must, fault.show(written))
  end
  if fieldtype.is(written) then
    value, field.transport, field.scale, field.declared = written.value, written.transport, written.scale, true
  end
  if type(value) == "function" then
    field.fn, field.where = value, (cbase.function_where(value))
  elseif type(value) == "string" then
    field.parts = vars.parse(value, { names = vars.field_names }, place)
  elseif constant_transport(value) then
    field.value, field.transport = value, field.transport or constant_transport(value)
  else
    place:fail("must be %s, not %s", kind.must, fault.show(value))
  end
  return field
end

local function check_name(kind, name, place)
  if type(name) ~= "string" or name == "" then place:fail("the name of a %s must be a string", kind.word) end
  if kind == HEADER then check_header_name(name, place) end
  if pattern.looks_like(name) then
    place:fail("looks like a table: its value must be a table { name = value } of %ss", kind.word)
  end
end

local function compile_group(kind, map, place)
  local group = {}
  for _, name in ipairs(fault.sorted_keys(map)) do
    if name ~= "tables" then
      local here = place:child(name)
      check_name(kind, name, here)
      if type(map[name]) == "table" and not fieldtype.is(map[name]) then
        here:fail("is a table; groups of %ss for tables belong one level higher, as [\"db.table\"] = { ... }", kind.word)
      end
      group[#group + 1] = { name = name, field = compile_field(kind, map[name], here) }
    end
  end
  return group
end

local function compile_map_group(kind, value, place)
  if type(value) ~= "table" or fieldtype.is(value) then
    place:fail("looks like a table: its value must be a table { name = value } of %ss", kind.word)
  end
  if value.tables ~= nil then place:fail("`tables` belongs to the list form { { tables = ..., name = value } }") end
  return compile_group(kind, value, place)
end

local function is_group(key, value)
  return type(key) == "string" and (pattern.looks_like(key) or type(value) == "table" and not fieldtype.is(value))
end

local function check_group_key(kind, key, place)
  if not pattern.looks_like(key) then
    place:fail("is a table but %q is not a pattern: tables are named db.table; a %s is name = value", key, kind.word)
  end
end

local function compile(kind, value, place, registry)
  local function group_of(item, here) return compile_group(kind, item, here) end
  local function map_group_of(item, here) return compile_map_group(kind, item, here) end
  if value == nil then return select_by.constant(nil, place) end
  if fault.has_items(value) then return select_by.list(value, place, group_of, registry) end
  local common, groups = {}, {}
  for _, key in ipairs(fault.sorted_keys(value)) do
    if is_group(key, value[key]) then
      check_group_key(kind, key, place:child(key))
      groups[key] = value[key]
    else
      common[key] = value[key]
    end
  end
  if common.tables ~= nil then place:fail("`tables` belongs to the list form { { tables = ..., name = value } }") end
  local selector = select_by.map(groups, place, map_group_of, registry)
  if next(common) then selector.all = { value = compile_group(kind, common, place), place = place } end
  return selector
end

function fields.compile(value, place, registry)
  return compile(FIELD, value, place, registry)
end

function fields.compile_headers(value, place, registry)
  return compile(HEADER, value, place, registry)
end

-- Return all fields of the table, or all headers. A later one replaces an earlier one of the same name.
local function merged(selector, t)
  local list, at = {}, {}
  for _, entry in ipairs(selector:collect(t.db, t.name)) do
    for _, item in ipairs(entry.value) do
      if not at[item.name] then
        at[item.name] = #list + 1
      end
      list[at[item.name]] = item
    end
  end
  if not selector.list then table.sort(list, function(a, b) return a.name < b.name end) end
  return list
end

-- Return the text of a template, with known variables replaced; and how many variables remain.
local function resolve_parts(parts, values)
  local out, rest = {}, 0
  for i, part in ipairs(parts) do
    if type(part) == "string" then
      out[i] = part
    elseif values[part.var] then
      out[i] = values[part.var]
    else
      out[i], rest = "${" .. part.var .. "}", rest + 1
    end
  end
  return table.concat(out), rest
end

local function resolve_text(out, field, values)
  local only = #field.parts == 1 and type(field.parts[1]) == "table" and field.parts[1].var
  local text, rest = resolve_parts(field.parts, values)
  out.transport = field.transport or "STRING"
  if rest == 0 then
    out.source, out.value = "constant", text
  elseif only and RUN_TIME[only] == "topic" then
    out.source = "topic"
  elseif only and field.transport ~= "STRING" then
    out.source, out.transport = RUN_TIME[only], field.transport or "LONG"
  else
    out.source, out.template = "template", text
  end
end

local function resolve_field(item, values, functions)
  local field = item.field
  local out = { name = item.name, scale = field.scale, place = field.place }
  if field.fn then
    functions[#functions + 1] = { fn = field.fn, where = field.where }
    out.source, out.slot, out.transport, out.where = "function", #functions, field.transport, field.where
  elseif field.parts then
    resolve_text(out, field, values)
  else
    out.source, out.value, out.transport = "constant", field.value, field.transport
  end
  return out
end

-- Return the variables of one table. TABLE_NAME_DEST is missing when a function returns the topic.
local function variables(t, names, topic)
  return {
    DB_NAME_SRC = t.db, DB_NAME_SRC_TRANSED = topic.values.db_name_src_transed, TABLE_NAME_SRC = t.name,
    DATASOURCE_NAME_SRC = names.source, DB_NAME_DEST = "", TABLE_NAME_DEST = topic.topic,
    DATASOURCE_NAME_DEST = names.sink,
  }
end

-- Return the list of fields for core.prepare, and the field functions in slot order.
function fields.resolve(selector, t, names, topic, columns)
  local list, functions, values = {}, {}, variables(t, names, topic)
  for i, item in ipairs(merged(selector, t)) do
    local at = columns.destination[item.name]
    if at then
      item.field.place:plain("the field %q has the name of a column of the table %s.%s%s: rename the field, or rename "
        .. "or drop the column", item.name, t.db, t.name,
        columns.names[at] ~= item.name and (" (%s, renamed)"):format(columns.names[at]) or "")
    end
    list[i] = resolve_field(item, values, functions)
  end
  return list, functions
end

-- Return the list of headers for core.prepare. Add their functions to those of the fields.
function fields.resolve_headers(selector, t, names, topic, functions)
  local list, values = {}, variables(t, names, topic)
  for i, item in ipairs(merged(selector, t)) do list[i] = resolve_field(item, values, functions) end
  return list
end

return fields
