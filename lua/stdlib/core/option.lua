-- option: every option as data. The checks, the defaults, the "did you mean" hints and
-- docs/options.md are made from this list. later = true marks an option that a later version will
-- have: it is refused by name, never ignored.
local fault = require "tideway.core.fault"

local option = {}

-- Fields of an entry: [1] name, type (alternatives separated by |), default, min, max, choices,
-- required, later, by_table (the value may also be a map by table), help.
local TABLE = "table"

option.groups = {
  { name = "sync.run", title = "A sync: what a script asks for.", list = {
    { "name", type = "string", required = true,
      help = "Identity of the checkpoint, [A-Za-z0-9._-], at most 48 characters: another name is another sync." },
    { "description", type = "string", help = "For people; shown by plan." },
    { "source", type = TABLE, required = true,
      help = "Where rows come from: source.mysql { ... }, or a list of them, each with a name." },
    { "sink", type = TABLE, required = true, help = "Where messages go: kafka.sink { ... } or kafka.lines { ... }." },
    { "mode", type = "string", default = "full_then_stream", choices = { "full_then_stream", "full", "stream" },
      help = "Copy the tables and follow the binlog, only the copy, or only the binlog from now on." },
    { "start", later = true, help = "Where the stream starts." },
    { "checkpoint", type = TABLE, help = "Where the position is kept: { topic = ... } or { file = ... }." },
    { "format", later = true, help = "Message format." },
    { "heartbeat", type = "number|false|table", default = 5, min = 0.1, max = 3600,
      help = "Seconds between heartbeats on every destination topic; false: none; or { seconds =, topic = }." },
    { "loop", type = "function", help = "loop(changes, out): the script sends by itself; one lane." },
    { "topic", type = "string|function|table", help = "Topic rules; without one a table goes to the topic of its name." },
    { "key", type = "string|function|table", by_table = true,
      help = "Message key: a column or field, a list of them, or a function of the change." },
    { "key_format", type = "string", default = "text", choices = { "text", "json" },
      help = 'How the parts of a key become one: "text" joins them with commas (`7,a`), "json" makes an object of columns and '
        .. 'fields (`{"id":7,"code":"a"}`) and an array of a function\'s list; it tells all rows apart.' },
    { "key_null", later = true, help = "What a NULL in a key column becomes." },
    { "key_change", type = "string", default = "split", choices = { "split", "after" },
      help = 'An update in one record that changes key or topic: "split" into DELETE and INSERT, or only "after".' },
    { "no_primary_key", type = "string|table", default = "reject", by_table = true,
      choices = { "reject", "empty", "unique", "row", "table" },
      help = "Key of a table without a primary key: refused, empty text, first NOT NULL unique index, hash of "
        .. "the row, or the table's name." },
    { "fields", type = TABLE, help = "Additional fields behind the columns: constants, variables, functions." },
    { "headers", later = true, help = "Message headers." },
    { "columns", type = TABLE, by_table = true, help = "rename, drop, keep, order and mask columns." },
    { "filter", type = "function|table", by_table = true, help = "filter(row, change): which images pass." },
    { "unmatched", type = "string", default = "warn", choices = { "warn", "error" },
      help = "A pattern that matches no selected table. An exact name without a table is always an error." },
    { "update", type = "string|table", default = "two", by_table = true, choices = { "two", "one" },
      help = "Records for one update: UPDATE_BEFOR and UPDATE_AFTER, or UPDATE_AFTER with both images." },
    { "op_names", later = true, help = "Spelling of op." },
    { "dml", later = true, help = "Policy for inserts, updates and deletes." },
    { "tombstones", later = true, help = "A null value after each delete." },
    { "transactions", later = true, help = "Records at the begin and end of a transaction." },
    { "ddl", later = true, help = "Policy for each kind of DDL." },
    { "ddl_topic", later = true, help = "Topic for DDL of a database." },
    { "ddl_partitions", later = true, help = "Partitions that get DDL." },
    { "types", later = true, help = "How column types are written." },
    { "full", type = TABLE, help = "The full sync." },
    { "topics", type = "string|table", help = 'Creation of topics; "existing" is { create = false }.' },
    { "dirty", later = true, help = "Policy for dirty data." },
    { "delivery", later = true, help = "Delivery guarantee." },
    { "alerts", later = true, help = "Alerts." },
    { "admin", later = true, help = "Admin interface." },
    { "limits", type = TABLE, help = "What is refused for its size." },
    { "on_failure", type = "string", default = "exit", choices = { "exit", "isolate" },
      help = 'What the failure of this sync does to the other syncs of the script: "exit" stops them and ends the process, '
        .. '"isolate" lets them continue.' },
    { "on_row", type = "function|table", by_table = true, combines = true,
      help = "on_row(row, change): edits an image before anything else sees it." },
    { "on_change", type = "function|table", by_table = true, combines = true,
      help = "on_change(change): once for each change; false drops it, change:emit{} adds records." },
    { "on_table", later = true, help = "Once for each table." },
    { "on_start", type = "function", help = "on_start(): before the sync starts; an error refuses the start." },
    { "on_stop", type = "function",
      help = 'on_stop(reason, message): when it has ended: "stopped", "finished", or "failed" with the error.' },
    { "on_ddl", later = true, help = "For each DDL statement." },
    { "on_commit", later = true, help = "For each transaction." },
    { "on_alert", later = true, help = "For each alert." },
    { "every", type = TABLE, help = "A function by the clock, { seconds = 60, function() ... end }, or a list of them." },
  } },
  { name = "heartbeat", title = "`heartbeat` of sync.run as a table.", list = {
    { "seconds", type = "number", default = 5, min = 0.1, max = 3600, help = "Seconds between two." },
    { "topic", type = "string", help = "One topic instead of every destination topic." },
  } },
  { name = "every", title = "`every` of sync.run: the function, and this.", list = {
    { "seconds", type = "number", required = true, min = 0.1, max = 86400, help = "Seconds between two calls." },
  } },
  { name = "checkpoint", title = "`checkpoint` of sync.run: where the position is kept.", list = {
    { "topic", type = "string", help = 'Compacted topic; default "tideway.<name>".' },
    { "file", type = "string", help = "A file instead of a topic; relative to the script." },
  } },
  { name = "full", title = "`full` of sync.run: the copy before the stream.", list = {
    { "parallel", type = "integer", default = 4, min = 1, max = 256, help = "Lanes that read and write." },
    { "rows_per_second", type = "number", default = 0, min = 0, help = "Limit over all lanes; 0: none." },
    { "where", later = true, help = "SQL condition for each table." },
    { "skip", later = true, help = "Tables that are not copied." },
    { "columns", later = true, help = "Columns that are read." },
    { "chunk_rows", later = true, help = "Rows of a chunk." },
  } },
  { name = "limits", title = "`limits` of sync.run: what is refused for its size.", list = {
    { "row_max", type = "integer|string",
      help = 'Most bytes of a row (each image) as the server sends it, 16777216 or "16MiB": a larger one stops the sync. '
        .. "Without it: any." },
    { "memory", later = true, help = "Most memory of the script in a lane." },
    { "instructions", later = true, help = "Most instructions of one call of a function." },
  } },
  { name = "topics", title = "`topics` of sync.run: how topics are created.", list = {
    { "create", type = "boolean", default = true, help = "Create missing topics; false: they must exist." },
    { "partitions", type = "integer|string", default = 6, min = 1, max = 100000,
      help = 'Of a new topic whose tables have keys; "adopt": 6, and topics that have got more partitions since use them, '
        .. "from this start on." },
    { "partitions_without_key", type = "integer", default = 1, min = 1, max = 100000,
      help = "Of a topic whose tables have none." },
    { "replication", type = "integer", min = 1, max = 32767, help = "Replicas; without it the broker's default." },
    { "config", type = TABLE, help = 'Settings of new topics: { ["cleanup.policy"] = "delete" }.' },
    { "max", type = "integer", default = 1000, min = 1, max = 1000000,
      help = "Most topics that this sync may write to: a typo does not make thousands." },
    { "description", later = true, help = "For people." },
    { "grow", later = true, help = "More partitions later." },
    { "named", later = true, help = "Settings of single topics." },
  } },
  { name = "topic", title = "`topic` of sync.run as a table: a list of rules, and these names.", list = {
    { "template", type = "string", help = "The topic from variables, around what the rules gave." },
    { "db", type = TABLE, help = "Rules for ${db_name_src_transed}: { regex | prefix =, to = }." },
    { "name", type = "function", help = "name(t): once for a table that no rule matches." },
  } },
  { name = "topic rule", title = "One rule of `topic`. The first that matches a table gives its name.", list = {
    { "tables", type = "string|table", help = "Matches db.table by patterns." },
    { "prefix", type = "string", help = "Matches table names that begin so." },
    { "regex", type = "string", help = "Matches the table's name, PCRE2; groups are $1, $2 in `to`." },
    { "to", type = "string|function", help = "The name, the new prefix, or function(change) for each record." },
    { "name", type = "function", help = "name(t): once for a table, instead of `to`." },
    { "final", type = "boolean", default = false, help = "The template is not applied to it." },
  } },
  { name = "topic db rule", title = "One rule of `topic.db`.", list = {
    { "regex", type = "string", help = "Matches the database's name." },
    { "prefix", type = "string", help = "Matches database names that begin so." },
    { "to", type = "string", required = true, help = "The name, or the new prefix." },
  } },
  { name = "columns", title = '`columns` of sync.run for a table, all by source names. "mail?" may be absent.', list = {
    { "rename", type = TABLE, help = "{ source = \"destination\" }." },
    { "drop", type = "string|table", help = "Columns that are not written; functions still read them." },
    { "keep", type = "string|table", help = "The only columns that are written: one added later stays out." },
    { "order", type = "string|table", help = "Columns that come first, in this order." },
    { "mask", type = TABLE, help = "{ column = mask.email }, or a function(value, row)." },
    { "type", later = true, help = "Another transport type." },
  } },
}

local by_name = {}
for _, group in ipairs(option.groups) do
  group.map, group.names = {}, {}
  for _, entry in ipairs(group.list) do
    group.map[entry[1]] = entry
    group.names[#group.names + 1] = entry[1]
  end
  by_name[group.name] = group
end

function option.group(name)
  return assert(by_name[name], name)
end

local type_words = {
  string = "a string", number = "a number", integer = "an integer", boolean = "true or false",
  ["function"] = "a function", table = "a table", ["false"] = "false",
}

local function has_type(value, kind)
  if kind == "integer" then return math.type(value) == "integer" end
  if kind == "false" then return value == false end
  return type(value) == kind
end

local function words_of(types)
  local words = {}
  for kind in types:gmatch("[^|]+") do words[#words + 1] = type_words[kind] end
  if #words == 1 then return words[1] end
  return table.concat(words, ", ", 1, #words - 1) .. " or " .. words[#words]
end

local function check_type(entry, value, place)
  for kind in entry.type:gmatch("[^|]+") do
    if has_type(value, kind) then return end
  end
  place:as("E_OPTION_TYPE"):fail("must be %s, not %s", words_of(entry.type), fault.show(value))
end

local function check_range(entry, value, place)
  if type(value) ~= "number" then return end
  if value ~= value or (entry.min and value < entry.min) or (entry.max and value > entry.max) then
    if entry.max then place:fail("must be from %s to %s, not %s", entry.min, entry.max, value) end
    place:fail("must be at least %s, not %s", entry.min, value)
  end
end

-- Raise unless the value is one of the choices of the option.
function option.check_choice(entry, value, place)
  for _, choice in ipairs(entry.choices) do
    if value == choice then return end
  end
  for _, choice in ipairs(entry.later_choices or {}) do
    if value == choice then place:as("E_NOT_IN_VERSION"):plain("%s = %q is not in this version yet", place:name(), value) end
  end
  if type(value) ~= "string" then
    place:fail("must be one of %s, not %s", table.concat(entry.choices, ", "), fault.show(value))
  end
  place:fail("%q is not one of its values%s", value, fault.hint(value, entry.choices, "they are"))
end

local function check_key(group, key, place)
  if type(key) ~= "string" then
    place:fail("has a value without a name (number %s); options are written name = value", tostring(key))
  end
  local entry = group.map[key]
  if not entry then
    place:child(key):as("E_OPTION_UNKNOWN"):fail("there is no such option in %s%s", group.name, fault.hint(key, group.names, "there are"))
  end
  local here = place:child(key)
  if entry.later then here:as("E_NOT_IN_VERSION"):plain("%s is not in this version yet", here:name()) end
  return entry
end

-- Check names, types and ranges of `values`. Return a new table with the defaults filled in.
function option.check(group_name, values, place)
  local group = option.group(group_name)
  local result = {}
  if type(values) ~= "table" then place:as("E_OPTION_TYPE"):fail("must be a table of options, not %s", fault.show(values)) end
  for _, key in ipairs(fault.sorted_keys(values)) do
    local entry = check_key(group, key, place)
    local value, here = values[key], place:child(key)
    check_type(entry, value, here)
    check_range(entry, value, here)
    if entry.choices and not (entry.by_table and type(value) == "table") then
      option.check_choice(entry, value, here)
    end
    result[key] = value
  end
  for _, entry in ipairs(group.list) do
    local name = entry[1]
    if result[name] == nil then
      if entry.required then place:fail("%s is missing: %s", name, entry.help) end
      result[name] = entry.default
    end
  end
  return result
end

-- Return a list of strings. The value is one string or a list of them.
function option.string_list(value, place)
  if type(value) == "string" then return { value } end
  local list = {}
  for _, key in ipairs(fault.sorted_keys(value)) do
    if math.type(key) ~= "integer" then place:fail("must be a list, but has the name %q", tostring(key)) end
    if type(value[key]) ~= "string" then
      place:child(key):as("E_OPTION_TYPE"):fail("must be a string, not %s", fault.show(value[key]))
    end
  end
  for i = 1, fault.list_size(value, place) do list[i] = value[i] end
  if #list == 0 then place:fail("is an empty list") end
  return list
end

local function property_text(value, place)
  if type(value) == "string" or type(value) == "userdata" then return value end
  if type(value) == "boolean" or math.type(value) == "integer" then return tostring(value) end
  if type(value) == "number" then
    return value == math.floor(value) and ("%d"):format(value) or ("%.14g"):format(value)
  end
  place:as("E_OPTION_TYPE"):fail("must be a string, number or boolean, not %s", fault.show(value))
end

-- Return { name = value } as a list of pairs sorted by name, with the values as text.
function option.pairs_list(map, place)
  local list = {}
  for _, key in ipairs(fault.sorted_keys(map or {})) do
    if type(key) ~= "string" then place:fail("must be a map of names and values, not a list") end
    list[#list + 1] = { key, property_text(map[key], place:child(key)) }
  end
  return list
end

local function choices_text(entry)
  local words = {}
  for i, choice in ipairs(entry.choices) do words[i] = '`"' .. choice .. '"`' end
  return table.concat(words, ", ")
end

local function type_text(entry)
  if entry.later then return "not in this version yet" end
  local text = entry.choices and choices_text(entry) or (words_of(entry.type):gsub("%f[%w]an? ", ""))
  return text .. (entry.by_table and entry.choices and ", or a map by table" or "")
end

local function default_text(entry)
  if entry.required then return "required" end
  if entry.default == nil then return "" end
  return type(entry.default) == "string" and '`"' .. entry.default .. '"`' or "`" .. tostring(entry.default) .. "`"
end

local function range_text(entry)
  if entry.min and entry.max then return ("%s to %s"):format(entry.min, entry.max) end
  return entry.min and "from " .. entry.min or ""
end

-- Return every option as a row of texts: section, title, name, type, default, range, help.
function option.rows()
  local rows = {}
  for _, group in ipairs(option.groups) do
    for _, entry in ipairs(group.list) do
      rows[#rows + 1] = { section = group.name, title = group.title, name = entry[1], type = type_text(entry),
        default = default_text(entry), range = range_text(entry), help = entry.help }
    end
  end
  return rows
end

-- Return the rows as Markdown, for `tideway options` and docs/options.md.
function option.markdown()
  local lines, section = {}, nil
  for _, row in ipairs(option.rows()) do
    if row.section ~= section then
      section = row.section
      lines[#lines + 1] = ("## %s\n\n%s\n\n| option | type | default | range | |\n|---|---|---|---|---|"):format(
        section, row.title)
    end
    lines[#lines + 1] = ("| `%s` | %s | %s | %s | %s |"):format(row.name, row.type, row.default, row.range, row.help)
  end
  return (table.concat(lines, "\n"):gsub("\n## ", "\n\n## ")) .. "\n"
end

return option
