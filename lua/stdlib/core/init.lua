-- tideway.core: the interface through which C reads the syncs of a script. core.register, called by
-- sync.run, checks everything that can be checked without a server. core.check checks a sync
-- against the tables of the server. core.prepare returns the mapping of one definition of one
-- table. The argument `i` is the number of a sync.
local callbacks = require "tideway.core.callbacks"
local columns = require "tideway.core.columns"
local copies = require "tideway.core.copies"
local fault = require "tideway.core.fault"
local fields = require "tideway.core.fields"
local hooks = require "tideway.core.hooks"
local key = require "tideway.core.key"
local records = require "tideway.core.records"
local select_by = require "tideway.core.select"
local settings = require "tideway.core.settings"
local topic = require "tideway.core.topic"

local core = {}

-- in the order of the sync.run calls, with one entry for each source of a list
local syncs = {}

function core.register(options, place)
  for _, sync in ipairs(settings.compile(options, place)) do
    for _, other in ipairs(syncs) do
      if other.name == sync.name then
        place:as("E_SYNC_NAME"):fail("a sync named %q exists already (%s): the name is the identity of its checkpoint", other.name,
          other.place.where)
      end
    end
    syncs[#syncs + 1] = sync
  end
end

function core.count()
  return #syncs
end

function core.config(i)
  return syncs[i].config
end

function core.loop(i)
  return syncs[i].loop
end

-- Call a function that runs outside of the lanes. name: "on_start", "on_stop", "on_alert", or the
-- number of a timer.
function core.callback(i, name, ...)
  callbacks.call(syncs[i].callbacks, name, ...)
end

-- Forget all syncs. Only for tests of these modules.
function core.clear()
  syncs = {}
end

local SYSTEM = { mysql = true, information_schema = true, performance_schema = true, sys = true }
-- work tables of gh-ost and pt-online-schema-change
local SHADOWS = { "^_.+_gho$", "^_.+_ghc$", "^_.+_del$", "^_.+_new$", "^_.+_old$" }

local function is_shadow(name)
  for _, shape in ipairs(SHADOWS) do
    if name:find(shape) then return true end
  end
  return false
end

local function names_database(include, db)
  for _, pair in ipairs(include.pairs or {}) do
    if pair.db.literal == db then return true end
  end
  return false
end

-- Return whether the source's patterns select a table. A pattern selects a table of a system
-- database only when it contains the name of the database without wildcards ("mysql.*"), and a work
-- table of a schema-change tool only when it is an exact db.table.
local function selects(sync, db, name)
  local hit = sync.tables:match(db, name)
  if not hit then return false end
  if hit.exact then return true end
  if SYSTEM[db] and not names_database(hit, db) then return false end
  return not is_shadow(name)
end

-- Return whether a table is captured: by a command, else by the source's patterns. A pattern with ! takes
-- precedence over a command that has added the table.
local function wants(sync, db, name)
  local choice = sync.chosen[db] and sync.chosen[db][name]
  if not choice then return selects(sync, db, name) end
  return choice == "added" and not sync.tables:is_excluded(db, name)
end

function core.wants(i, db, name)
  return wants(syncs[i], db, name)
end

-- Return whether the source's patterns alone select a table, and whether one with ! names it.
function core.naming(i, db, name)
  return selects(syncs[i], db, name), syncs[i].tables:is_excluded(db, name)
end

-- Set the tables that commands have chosen, a list of { db, name, removed }.
function core.choose(i, list)
  local chosen = {}
  for _, one in ipairs(list) do
    chosen[one.db] = chosen[one.db] or {}
    chosen[one.db][one.name] = one.removed and "removed" or "added"
  end
  syncs[i].chosen = chosen
end

-- Return the databases that may have captured tables, or { "*" }.
function core.databases(i)
  local list, seen = syncs[i].tables:databases(), {}
  for _, db in ipairs(list) do seen[db] = true end
  if seen["*"] then return list end
  for _, db in ipairs(fault.sorted_keys(syncs[i].chosen)) do
    if not seen[db] then list[#list + 1] = db end
  end
  return list
end

-- Return the captured tables and those that commands have removed: the patterns that name these match a table.
local function with_removed(sync, tables)
  local list = table.move(tables, 1, #tables, 1, {})
  for db, names in pairs(sync.chosen) do
    for name, choice in pairs(names) do
      if choice == "removed" then list[#list + 1] = { db = db, name = name } end
    end
  end
  return list
end

local function add_all(list, more)
  for _, item in ipairs(more) do list[#list + 1] = item end
end

-- Add a table to the group of its topic. Return a warning when the keys of another table there may
-- equal its keys, else nil; and the group.
local function meeting(sync, result, signature)
  if not signature or not result.topic then return end
  local group = sync.groups[result.topic] or key.new_group()
  sync.groups[result.topic] = group
  local other = key.meet(group, signature)
  return other and ("the tables %s and %s meet in the topic %q and their keys do not distinguish them: "
    .. "add a field such as origin = \"${DB_NAME_SRC}.${TABLE_NAME_SRC}\" and name it in `key`"):format(other,
    signature.full_name, result.topic), group
end

-- Return why compaction would lose rows of a table under this key (consistency rule: compacted-keys), or nil
-- when it loses none. met: the text from met_in_topic; how: why the topic counts as compacted.
local function compaction_problem(t, resolved, met, json, how)
  local name = t.db .. "." .. t.name
  if resolved.kind == "empty" then
    return ("the table %s has an empty key, and %s: every row would replace the one before it; give it a key"):format(
      name, how)
  end
  if not json and key.is_ambiguous(t, resolved) then
    return ('the key of %s joins several texts with commas, and %s: two rows could get the same key; write '
      .. 'key_format = "json", which distinguishes all rows'):format(name, how)
  end
  return met and ("%s (%s: rows would delete each other)"):format(met, how)
end

-- Return the name of the option that makes the topic a compacted one when it is created, or false. topic: nil if a
-- function decides.
local function compacting_setting(sync, name)
  local named = name and sync.compaction.named[name]
  if named ~= nil then return named end
  return sync.compaction.rest
end

-- Add the warning `met`, once for each topic.
local function warn_meeting(sync, met, group, full_name, warnings)
  if not met or group.warned and group.warned ~= full_name then return end
  group.warned = full_name
  warnings[#warnings + 1] = sync.place.where .. ": " .. met
end

-- Warn when the topic collides with another: Kafka refuses to create the second of two topics whose
-- names differ only in "." and "_".
local function warn_collision(sync, t, result, warnings)
  if not result.topic or sync.config.sink.kind ~= "kafka" then return end
  local table_there, other = topic.collides(sync.shapes, sync.taken, result.topic)
  if table_there then
    warnings[#warnings + 1] = ('%s: the topics %q (of %s.%s) and %q (of %s) collide in Kafka, which treats "." and "_" '
      .. "as the same in topic names: give one of them another name with a rule of topic"):format(sync.place.where,
      result.topic, t.db, t.name, other, table_there)
  end
end

-- Return the topic function, key function and field functions, in slot order, and a list of their
-- file:line.
local function image_functions(result, resolved_key, field_functions)
  local functions, wheres = {}, {}
  local function add(fn, where)
    functions[#functions + 1], wheres[#wheres + 1] = fn, where
  end
  if result.fn then add(result.fn, result.where) end
  if resolved_key.fn then add(resolved_key.fn, resolved_key.where) end
  for _, item in ipairs(field_functions) do add(item.fn, item.where) end
  return functions, wheres
end

local function public_key(resolved)
  return { kind = resolved.kind, parts = resolved.parts }
end

local function is_json(sync)
  return sync.config.key_format == "json"
end

local function resolve_all(sync, t)
  local result = sync.topics:resolve(t)
  local cols = columns.resolve(sync.columns, t, sync.types)
  local list, functions = fields.resolve(sync.fields, t, sync.names, result, cols)
  local resolved = key.resolve(sync.keys, sync.modes, t, cols, list, is_json(sync), sync.place)
  return result, cols, list, functions, resolved
end

-- Return the other sources of the list whose patterns select a table of that name.
local function others_with(sync, db, name)
  local others = {}
  for _, other in ipairs(sync.group) do
    if other ~= sync and wants(other, db, name) then others[#others + 1] = other end
  end
  return others
end

-- Return another source of the list whose table of the same name would go to the same topic with
-- keys that may equal this table's keys; nil when there is none. Do not query the other server: a
-- table counts if its patterns select the name.
local function elsewhere(sync, t, result, signature)
  if not signature or not result.topic then return nil end
  for _, other in ipairs(others_with(sync, t.db, t.name)) do
    local there, _, list, _, resolved = resolve_all(other, t)
    local its = key.signature(t, resolved, list)
    if its and there.topic == result.topic and not key.tells_apart(its, signature) then return other end
  end
end

-- Return a warning when the topic of a table has another table, of this source or another one,
-- whose keys may equal its keys, else nil; and the group of the topic.
local function met_in_topic(sync, t, result, signature)
  local met, group = meeting(sync, result, signature)
  local other = not met and elsewhere(sync, t, result, signature)
  if other then
    met = ("the tables %s of the sources %q and %q meet in the topic %q and their keys do not distinguish "
      .. "them: add a field such as origin = \"${DATASOURCE_NAME_SRC}\" and name it in `key`"):format(
      signature.full_name, sync.names.source, other.names.source, result.topic)
  end
  return met, group
end

-- Return the mapping of one definition of one table, which script_prepare reads.
function core.prepare(i, t)
  local sync = syncs[i]
  if not core.wants(i, t.db, t.name) then return { wanted = false, warnings = {} } end
  local result, cols, list, functions, resolved = resolve_all(sync, t)
  hooks.on_table(sync.hooks, t, result.topic)
  local mapping = {
    wanted = true, topic = result.topic, topic_function = result.fn ~= nil, key = public_key(resolved),
    primary = #resolved.primary > 0 and resolved.primary or nil, columns = cols.columns,
    conversions = cols.conversions, fields = list, key_change = sync.config.key_change,
    warnings = {}, unseen = cols.unseen,
  }
  mapping.headers = fields.resolve_headers(sync.headers, t, sync.names, result, functions)
  mapping.slots = #functions
  for name, value in pairs(records.resolve(sync.records, t, resolved, cols, list, mapping.warnings)) do mapping[name] = value end
  mapping.image, mapping.image_where = image_functions(result, resolved, functions)
  mapping.event, mapping.shown = hooks.resolve(sync.hooks, t, cols, resolved)
  mapping.shown.where, mapping.shown.skips = copies.shown(sync.copies, t.db, t.name)
  copies.warn(sync.copies, t, mapping.shown.filter, mapping.warnings)
  mapping.shown.topic, mapping.shown.key = result.where, resolved.where
  topic.meet(sync.taken, t, result, sync.place:child("topic"))
  warn_collision(sync, t, result, mapping.warnings)
  local met, group = met_in_topic(sync, t, result, key.signature(t, resolved, list))
  local setting = compacting_setting(sync, result.topic)
  local problem = compaction_problem(t, resolved, met, is_json(sync), ("%s compacts the topic"):format(setting))
  if problem and setting then sync.place:as("E_COMPACTED"):plain("%s", problem) end
  mapping.not_compacted = problem ~= nil
  warn_meeting(sync, met, group, t.db .. "." .. t.name, mapping.warnings)
  return mapping
end

-- Raise if rows of the table would be lost because the topic `name` is compacted. Called for a
-- mapping with not_compacted when the broker reports that the topic is compacted.
function core.compacted(i, t, name)
  local sync = syncs[i]
  local result, _, list, _, resolved = resolve_all(sync, t)
  local met = met_in_topic(sync, t, result, key.signature(t, resolved, list))
  local problem = compaction_problem(t, resolved, met, is_json(sync), ("the topic %q is compacted"):format(name))
  if problem then sync.place:as("E_COMPACTED"):plain("%s", problem) end
end

-- Return whether `columns` names any column. If not, there is nothing to check or to learn.
function core.names_columns(i)
  return columns.names_any(syncs[i].columns)
end

-- Raise when a name in `columns` is not the name of a column. Called once, after core.check, with
-- every selected table as it is now and as it was at the position.
function core.check_columns(i, tables)
  columns.check(syncs[i].columns, tables)
end

-- Report tables that exist, so that the names in `columns` may refer to their columns. all: these
-- are all tables that the source has now.
function core.learn(i, tables, all)
  columns.learn(syncs[i].columns, tables, all)
end

-- Raise when a name in `columns` is still unknown. Called before the first row of a table whose
-- mapping is `unseen`.
function core.known(i, t)
  columns.known(syncs[i].columns, t)
end

-- Raise when a masked or dropped column of `before` would be written unchanged in `after`: a later
-- definition of the same table, or another table with the same rows. renames: old -> new name of
-- columns; nil when they are unknown.
function core.guard(i, before, after, renames)
  columns.guard(syncs[i].columns, before, after, renames)
end

-- Forget a table that no longer exists: remove it from its topic.
function core.forget(i, full_name)
  local sync = syncs[i]
  topic.forget(sync.taken, full_name)
  for _, group in pairs(sync.groups) do key.forget(group, full_name) end
end

-- Return where rows of a table go that core.check has seen last: topic (nil: a function decides), whether a function
-- decides, whether its key is empty, and whether rows are lost when the topic is compacted. nil when it is not selected.
function core.destination(i, full_name)
  local found = syncs[i].destinations[full_name]
  if found then return found.topic, found.topic_function, found.empty, found.not_compacted end
end

-- Return how a table is copied, as copies.resolve does.
function core.copy(i, db, name)
  return copies.resolve(syncs[i].copies, db, name)
end

local function refuse_keyless(sync, names)
  if #names == 0 then return end
  table.sort(names)
  local what = #names == 1 and "the table %s has no primary key" or "these tables have no primary key: %s"
  sync.place:as("E_NO_KEY"):plain(what .. '; say what their key is with key = { ["db.table"] = "column" }, take '
    .. 'no_primary_key = "empty" | "unique" | "row" | "table", or exclude them in source.tables',
    table.concat(names, ", "))
end

local function check_topic_count(sync)
  local count = 0
  for _, group in pairs(sync.taken) do
    if group.count > 0 then count = count + 1 end
  end
  if count > sync.config.topics.max then
    sync.place:child("topics"):fail("the tables go to %d topics, and max is %d: raise it if this is intended", count,
      sync.config.topics.max)
  end
end

-- Return the topics that the sync writes to, as a set and as a sorted list; nil if a function decides.
local function topics_of(sync)
  local set, list = {}, {}
  for _, destination in pairs(sync.destinations) do
    if destination.topic_function then return nil end
    set[destination.topic] = true
  end
  if sync.config.heartbeat_topic then set[sync.config.heartbeat_topic] = true end
  if sync.config.ddl_topic then set[sync.config.ddl_topic] = true end
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return set, list
end

-- Return warnings of the names in topics.named to which no table goes. With unmatched = "error", raise for the first one.
-- Of the tables of other sources nothing is known.
local function unused_names(sync)
  local warnings = {}
  local used, list = topics_of(sync)
  if #sync.group > 1 or not used or #list == 0 then return warnings end
  for _, one in ipairs(sync.config.topics.named) do
    if not used[one.name] then
      local place = sync.place:child("topics"):child("named"):child(one.name)
      local text = "no table goes to this topic" .. fault.hint(one.name, list, "they go to")
      if sync.unmatched == "error" then place:fail("%s", text) end
      warnings[#warnings + 1] = place.where .. ": " .. place:name() .. ": " .. text
    end
  end
  return warnings
end

-- Check a sync against its tables. Called once, with every selected table. folded: the server
-- stores names in lower case. Return a list of warnings. Raise when the script does not fit the
-- tables.
function core.check(i, tables, folded)
  local sync = syncs[i]
  local warnings = {}
  local named = with_removed(sync, tables)
  add_all(warnings, select_by.unmatched(sync.source_patterns, named, sync.unmatched, "source", folded))
  add_all(warnings, select_by.unmatched(sync.registry, named, sync.unmatched, "selected", folded, function(db, name)
    return #others_with(sync, db, name) > 0
  end))
  local keyless = {}
  sync.destinations = {}
  for _, t in ipairs(tables) do
    local mapping = core.prepare(i, t)
    sync.destinations[t.db .. "." .. t.name] = mapping.wanted and { topic = mapping.topic, topic_function = mapping.topic_function,
      empty = mapping.key.kind == "empty", not_compacted = mapping.not_compacted } or nil
    if mapping.wanted then
      add_all(warnings, mapping.warnings)
      if mapping.key.kind == "reject" then keyless[#keyless + 1] = t.db .. "." .. t.name end
    end
  end
  refuse_keyless(sync, keyless)
  check_topic_count(sync)
  add_all(warnings, unused_names(sync))
  return warnings
end

return core
