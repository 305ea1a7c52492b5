-- What the unit tests of the core modules share: table descriptions as C gives them, and a sync that is
-- registered without connecting to anything.
local core = require "tideway.core"
local fault = require "tideway.core.fault"

local tables = {}

local TRANSPORT = { int = "LONG", bigint = "LONG", decimal = "DOUBLE", double = "DOUBLE", varchar = "STRING",
  text = "STRING", datetime = "DATE", blob = "BYTES", bit = "BOOLEAN", tinyint = "LONG" }

-- column "price decimal", "active tinyint(1)" or "note text null"
local function column(text)
  local name, sql_type, null = text:match("^(%S+)%s+(%S+)%s*(%S*)$")
  local kind = sql_type:match("^%a+")
  return { name = name, type = kind, sql_type = sql_type, transport = assert(TRANSPORT[kind], text),
    free_text = TRANSPORT[kind] == "STRING",
    nullable = null == "null", scale = kind == "decimal" and 2 or nil }
end

-- tables.make("shop.orders", { "id int", "note varchar" }, { pk = { 1 } })
function tables.make(full_name, columns, keys)
  local db, name = full_name:match("^(.-)%.(.*)$")
  local t = { db = db, name = name, columns = {}, pk = keys and keys.pk or { 1 }, unique = keys and keys.unique }
  for i, text in ipairs(columns or { "id int" }) do t.columns[i] = column(text) end
  return t
end

function tables.place()
  return fault.here()
end

-- Registers a sync with these options around a source and a sink, as sync.run does; returns its number.
function tables.sync(options, selected)
  core.clear()
  options.name = options.name or "unit"
  options.source = options.source or { kind = "mysql", name = "mysql", tables = selected or { "*.*" } }
  options.sink = options.sink or { kind = "kafka", name = "kafka" }
  core.register(options, fault.here())
  return 1
end

-- core.prepare of one table under these options.
function tables.prepare(options, t)
  return core.prepare(tables.sync(options), t)
end

-- core.check of several.
function tables.check(options, list, selected)
  local i = tables.sync(options, selected)
  core.check_columns(i, list)
  return core.check(i, list)
end

return tables
