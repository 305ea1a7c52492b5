-- settings: checks and compiles the argument of sync.run when the script is loaded. Every mistake
-- that can be found without the server's tables is an error here.
local callbacks = require "tideway.core.callbacks"
local columns = require "tideway.core.columns"
local copies = require "tideway.core.copies"
local fault = require "tideway.core.fault"
local fields = require "tideway.core.fields"
local hooks = require "tideway.core.hooks"
local key = require "tideway.core.key"
local option = require "tideway.core.option"
local pattern = require "tideway.core.pattern"
local records = require "tideway.core.records"
local select_by = require "tideway.core.select"
local topic = require "tideway.core.topic"
local topicname = require "tideway.core.topicname"
local types = require "tideway.core.types"

local settings = {}

local MAX_NAME = 48

local function check_name(name, place)
  if not name:find("^[%w._-]+$") or #name > MAX_NAME then
    place:as("E_SYNC_NAME"):fail("%q is not a name: A-Z a-z 0-9 . _ -, at most %d characters", name, MAX_NAME)
  end
end

-- Return the kind of a descriptor made by a function such as source.mysql or kafka.sink; nil for
-- other values.
local function kind_of(value)
  local kind = type(value) == "table" and rawget(value, "kind")
  return type(kind) == "string" and kind or nil
end

local function check_source(value, place)
  local kind = kind_of(value)
  if kind == "mysql" then return value end
  if kind == "binlog" or kind == "lines" then place:as("E_NOT_IN_VERSION"):plain("source.%s is not in this version yet", kind) end
  place:fail("must be source.mysql { ... }%s", kind and (", not the options of a %s"):format(kind) or
    ": a plain table of options does not name the kind of server")
end

local function check_sink(value, place)
  local kind = kind_of(value)
  if kind == "kafka" or kind == "lines" then return value end
  place:fail("must be kafka.sink { ... } or kafka.lines { ... }%s", kind and (", not the options of a %s"):format(kind) or "")
end

local function check_topic_name(name, place)
  local problem = name and topicname.problem(name)
  if problem then place:as("E_TOPIC_NAME"):fail("%q %s", name, problem) end
  return name
end

local function heartbeat_of(value, place)
  if value == false then return 0, nil end
  if type(value) == "number" then return value, nil end
  if kind_of(value) == "heartbeat" then return value.interval or 5, check_topic_name(value.topic, place) end
  if kind_of(value) then place:fail("must be seconds, false, a table or heartbeat.new { ... }") end
  local checked = option.check("heartbeat", value, place)
  return checked.seconds, check_topic_name(checked.topic, place:child("topic"))
end

-- What differs by format from the defaults of the options. refused: options that only say how
-- messages of another format look.
local FORMATS = {
  dataworks = { refused = {}, no_primary_key = "reject", update = "two", tombstones = false },
  debezium = {
    refused = { "update", "op_names", "key_format", "key_change", "types", "ddl_topic", "ddl_partitions" },
    heartbeat_s = 0, no_primary_key = "unique_or_empty",
    refuses_types = true, update = "one", tombstones = true, key_format = "json",
    topic = function(name) return name .. ".${db_name_src}.${table_name_src}" end,
    heartbeat_topic = function(name) return "__debezium-heartbeat." .. name end,
  },
}

local function check_format(options, written, place)
  local format = FORMATS[options.format]
  for _, name in ipairs(format.refused) do
    if written[name] ~= nil then
      place:child(name):fail("cannot be combined with format = %q, whose messages have only one form: remove it",
        options.format)
    end
  end
  return format
end

-- Return the options with the defaults of the format in place of those of the options.
local function with_format(options, written, place)
  local format = check_format(options, written, place)
  local result = {}
  for name, value in pairs(options) do result[name] = value end
  for _, name in ipairs { "update", "no_primary_key", "tombstones" } do
    if written[name] == nil then result[name] = nil end
  end
  if format.key_format then result.key_format = format.key_format end
  if written.heartbeat == nil and format.heartbeat_s then result.heartbeat = format.heartbeat_s end
  return result, format
end

-- Complete the members of `checkpoint`. one: an item of sources_of.
local function complete_checkpoint(config, one, place)
  if config.checkpoint_topic and config.checkpoint_file then place:fail("is either a topic or a file, not both") end
  check_topic_name(config.checkpoint_topic, place:child("topic"))
  if config.checkpoint_file then
    config.checkpoint_file = config.checkpoint_file .. (one.suffix or "")
  else
    config.checkpoint_topic = config.checkpoint_topic or "tideway." .. one.name
  end
end

-- Return the settings of `topics.config` with those of one topic in place of equal ones, as a list.
local function combined_config(common, own)
  local map = {}
  for _, pair in ipairs(common) do map[pair[1]] = pair[2] end
  for _, pair in ipairs(own) do map[pair[1]] = pair[2] end
  local list = {}
  for _, name in ipairs(fault.sorted_keys(map)) do list[#list + 1] = { name, map[name] } end
  return list
end

-- Return `topics.named` as a list that is sorted by name. Each item has all that the topic is created with, but for
-- `partitions`, which may be nil. topics: the checked options of `topics`.
local function named_topics(topics, place)
  local list = {}
  if topics.named and not topics.create then place:fail("does nothing when topics.create is false: no topic is created") end
  for _, name in ipairs(fault.sorted_keys(topics.named or {})) do
    local here = place:child(name)
    if type(name) ~= "string" then place:fail("must be a map of topics and their settings, not a list") end
    check_topic_name(name, here)
    local own = option.check("named topic", topics.named[name], here)
    list[#list + 1] = { name = name, partitions = own.partitions, replication = own.replication or topics.replication,
      config = combined_config(topics.config, option.pairs_list(own.config, here:child("config"))) }
  end
  return list
end

local function topics_of(value, place)
  if value == "existing" then value = { create = false } end
  if type(value) == "string" then place:fail('must be "existing" or a table of options, not %q', value) end
  local checked = option.check("topics", value or {}, place)
  if type(checked.partitions) == "string" then
    local entry = option.group("topics").map.partitions
    if checked.partitions ~= "adopt" then
      place:child("partitions"):fail('must be an integer or "adopt", not %s', fault.show(checked.partitions))
    end
    checked.partitions, checked.adopt = entry.default, true
  end
  checked.config = option.pairs_list(checked.config, place:child("config"))
  checked.named = named_topics(checked, place:child("named"))
  return checked
end

local function compacts(config)
  for _, pair in ipairs(config) do
    if pair[1] == "cleanup.policy" and tostring(pair[2]):find("compact", 1, true) then return true end
  end
  return false
end

-- Return the settings that compact the topics of a sync: `rest` of the topics without settings of their own, and
-- `named` by topic. The values are the names of the options, or false.
local function compaction_of(topics)
  local found = { rest = compacts(topics.config) and "topics.config", named = {} }
  for _, one in ipairs(topics.named) do
    found.named[one.name] = compacts(one.config) and ("topics.config or topics.named[%q]"):format(one.name)
  end
  return found
end

-- Return the sources of a sync: { { source =, place =, name = name of its checkpoint, suffix = },
-- ... }. Each source of a list needs a name, which identifies its checkpoint. The order of the list
-- has no meaning, and sources may be added.
local function sources_of(options, place)
  local here = place:child("source")
  if kind_of(options.source) or #options.source == 0 then
    return { { source = check_source(options.source, here), place = here, name = options.name } }
  end
  local sources, seen = {}, {}
  for i = 1, fault.list_size(options.source, here) do
    local its = here:child(i)
    local source = check_source(options.source[i], its)
    if not source.name then
      its:as("E_SYNC_NAME"):fail("needs a name: in a list, the position of each source is saved under its name")
    end
    if seen[source.name] then its:as("E_SYNC_NAME"):fail("has the name %q, which another source of the list has", source.name) end
    seen[source.name] = true
    sources[i] = { source = source, place = its, name = options.name .. "." .. source.name,
      suffix = "." .. source.name }
    check_name(sources[i].name, its)
  end
  return sources
end

local function fill_admin(config, value, place)
  config.admin_off = value == false
  if not value then return end
  option.fill(config, "admin", option.check("admin", value, place), place)
  if config.admin_token and not config.admin_http then
    place:child("token"):fail("does nothing without http: the mode of the Unix socket protects it")
  end
end

-- The names that DataWorks has for kinds of statements and for policies.
local DDL_KINDS = { CREATETABLE = "create_table", DROPTABLE = "drop_table", ADDCOLUMN = "add_column", DROPCOLUMN = "drop_column",
  RENAMECOLUMN = "rename_column", MODIFYCOLUMN = "modify_column", RENAMETABLE = "rename_table", TRUNCATETABLE = "truncate" }
local DDL_POLICIES = { NORMAL = "normal", IGNORE = "ignore", WARNING = "alert", CRITICAL = "error" }

-- Return the policy of each kind of statements.
local function ddl_of(value, place)
  local written = {}
  for _, name in ipairs(fault.sorted_keys(value or {})) do
    local kind = DDL_KINDS[name] or name
    if written[kind] ~= nil then place:fail("has two names of one kind of statements, %s and another one: write one of them", kind) end
    written[kind] = DDL_POLICIES[value[name]] or value[name]
  end
  return option.check("ddl", written, place)
end

-- A place in a file is of one server, and a GTID set is usually, too.
local function check_start_source(start, one, place)
  if one.suffix then place:fail('names a place of one server, and source is a list: only "now" and "earliest" fit all') end
  if start.file and one.source.hosts then
    place:child("file"):fail("is a file of one server, and source has several hosts: use gtid")
  end
end

local function check_start(start, one, place)
  if start.gtid and (start.file or start.pos) then place:fail("is either gtid, or file and pos, not both") end
  if not start.gtid and not (start.file and start.pos) then place:fail("needs gtid, or file and pos") end
  for _, name in ipairs { "gtid", "file" } do
    if start[name] and not start[name]:find("%S") then
      place:child(name):fail('is empty: start = "earliest" begins with the oldest binlog')
    end
  end
  check_start_source(start, one, place)
end

local function fill_start(config, options, one, place)
  local start = options.start
  if start == nil then return end
  if options.mode ~= "stream" then place:fail('needs mode = "stream": the stream after a copy begins where the copy does') end
  if type(start) == "table" then
    local checked = option.check("start", start, place)
    check_start(checked, one, place)
    option.fill(config, "start", checked, place)
  elseif start ~= "now" and start ~= "earliest" then
    place:fail('must be "now", "earliest", { gtid = ... } or { file =, pos = }, not %s', fault.show(start))
  end
end

-- Return the configuration that C reads (model/config.h).
local function make_config(options, format, one, place)
  local config = { source = one.source, sink = check_sink(options.sink, place:child("sink")),
    topics = topics_of(options.topics, place:child("topics")),
    has_loop = options.loop ~= nil, key_change = options.key_change, line = place.line }
  option.fill(config, "sync.run", options, place)
  if options.on_table_error == "quarantine" and options.mode and options.mode ~= "full_then_stream" then
    place:child("on_table_error"):as("E_OPTION_VALUE"):fail('"quarantine" needs mode = "full_then_stream": a copy ends it')
  end
  if options.on_purged == "resync" and options.mode == "stream" then
    place:child("on_purged"):as("E_OPTION_VALUE"):fail('"resync" copies tables, and with mode = "stream" none is copied: use "jump"')
  end
  fill_start(config, options, one, place:child("start"))
  config.name = one.name
  config.heartbeat_s, config.heartbeat_topic = heartbeat_of(options.heartbeat, place:child("heartbeat"))
  if not config.heartbeat_topic and config.heartbeat_s > 0 and format.heartbeat_topic then
    config.heartbeat_topic = format.heartbeat_topic(one.name)
  end
  complete_checkpoint(config, one, place:child("checkpoint"))
  fill_admin(config, options.admin, place:child("admin"))
  check_topic_name(config.ddl_topic, place:child("ddl_topic"))
  config.ddl = ddl_of(options.ddl, place:child("ddl"))
  return config
end

local function compile_tables(source, place)
  local here = place:child("tables")
  if source.tables == nil or #source.tables == 0 then
    here:as("E_OPTION_MISSING"):fail('is missing: name the tables to copy, such as tables = { "db.*" }')
  end
  return pattern.list(source.tables, here)
end

-- Set the value for tables that no key of the map names, if the map has no `default`: the default
-- of the option.
local function with_rest(selector, rest, place)
  if not selector.rest then selector.rest = { value = rest, raw = rest, place = place } end
  return selector
end

local function compile_mapping(self, options, format, place)
  local registry = self.registry
  local rule = options.topic
  if rule == nil and format.topic then rule = format.topic(self.name) end
  self.topics = topic.compile(rule, place:child("topic"):as("E_TOPIC_RULE"), registry, self.names.source)
  self.types = types.compile(options.types, place:child("types"), registry)
  self.columns = columns.compile(options.columns, place:child("columns"):as("E_COLUMNS"), registry)
  if format.refuses_types then columns.refuse_types(self.columns, options.format) end
  self.fields = fields.compile(options.fields, place:child("fields"):as("E_FIELD"), registry)
  self.headers = fields.compile_headers(options.headers, place:child("headers"):as("E_HEADER"), registry)
  self.keys = key.compile(options.key, place:child("key"):as("E_KEY"), registry)
  self.modes = with_rest(key.compile_modes(options.no_primary_key, place:child("no_primary_key"), registry),
    format.no_primary_key, place)
  self.copies = copies.compile(options.full, place:child("full"), registry)
  self.records = records.compile(options, format, place, registry)
  self.hooks = hooks.compile(options, place, registry)
end

local function compile_one(options, format, one, place)
  local self = { place = place, name = one.name, loop = options.loop, registry = {}, source_patterns = {},
    taken = {}, groups = {}, destinations = {}, chosen = {}, unmatched = options.unmatched }
  self.config = make_config(options, format, one, place)
  self.names = { source = self.config.source.name or "mysql", sink = self.config.sink.name or self.config.sink.kind }
  self.tables = compile_tables(self.config.source, one.place)
  select_by.register(self.tables, self.source_patterns)
  self.compaction = compaction_of(self.config.topics)
  compile_mapping(self, options, format, place)
  return self
end

-- Return one sync for each source. They differ only in the source. place: the line of the sync.run
-- call.
function settings.compile(written, place)
  if type(written) ~= "table" then
    place:fail("sync.run needs a table: sync.run { name = ..., source = ..., sink = ... }, not %s", fault.show(written))
  end
  local options, format = with_format(option.check("sync.run", written, place), written, place)
  check_name(options.name, place:child("name"))
  local group = {}
  for i, one in ipairs(sources_of(options, place)) do
    group[i] = compile_one(options, format, one, place)
    group[i].group = group
  end
  -- they run once for the call of sync.run, not once for each source
  group[1].callbacks = callbacks.compile(options, place)
  group[1].config.callbacks = callbacks.config(group[1].callbacks)
  local shapes = {}
  for i, self in ipairs(group) do
    self.config.source_number, self.config.sources = i, #group
    self.shapes = shapes
  end
  return group
end

return settings
