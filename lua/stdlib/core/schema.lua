-- schema: every option of sync.run and of the functions that make sources, sinks and clients, as data.
-- It requires nothing, so that any Lua 5.4 can read it. From it come the checks, the defaults and the
-- "did you mean" hints (core/option.lua), the members of the configuration structs and their reader
-- (src/model/options.def), the completion stubs (_meta/options.lua) and docs/options.md.
-- After a change run scripts/dev/gen-options.
--
-- A group has: name, title, list; class: of its table in the stubs, with items: the class of its list
-- part, and fields: lines for fields that are not options; struct: the configuration struct of its
-- members (model/config.h); call: it is the argument of a function, and its error texts are like
-- those of other functions.
--
-- An option has:
--   [1]        its name
--   help       one sentence
--   type       alternatives separated by |: string, number, integer, boolean, false, function, table;
--              secret: a string or a secret; list: a string or a list of strings;
--              properties: a table of names and strings, numbers or booleans; hosts: a list of hosts
--   default, min, max, choices, required
--   later      a later version will have it: it is refused by name, never ignored
--   by_table   the value may also be a map by table; combines: all functions that match are called
--   group      the group that checks the value if it is a table;
--              spread: its options become options of this group, with this prefix
--   convert    "bytes": the member is the number of a text such as "16MiB"; "auto": the text "auto" is 0
--   equals     the member is whether the value is this one
--   stub       its type in the completion stubs, if `type` does not determine it
--   member     the member of the struct, and the name of its value in the table that C reads
--   c          the kind of the member (script/config.c), if `type` does not determine it
--   enum       the member's enum type, whose constants are its choices after `prefix` (default: enum)
--   absent     the member's value if the script gives none; without it zero, NULL or false

local BROKERS = { "brokers", type = "list", required = true, member = "brokers", c = "TEXT",
  help = "Bootstrap brokers as host:port, comma-separated or a list." }
local PROPERTIES = { "properties", type = "properties", member = "properties",
  help = "Client settings: names of the Java client are translated, those of librdkafka are passed on, others are refused." }

-- Return the option of one kind of schema changes.
local function policy(name, help)
  return { name, type = "string", default = "normal", choices = { "normal", "ignore", "alert", "error" }, help = help }
end

local schema = {}

-- type -> how errors of sync.run name it, and how other errors and docs/options.md do
schema.kinds = {
  string = { "a string", "string" },
  number = { "a number", "number" },
  integer = { "an integer", "integer" },
  boolean = { "true or false", "boolean" },
  ["false"] = { "false", "false" },
  ["function"] = { "a function", "function" },
  table = { "a table", "table" },
  secret = { "a string or a secret", "string or secret" },
  list = { "a string or a list of strings", "string or list of strings" },
  properties = { "a table of names and values", "table of name = string, number or boolean" },
  hosts = { "a list of hosts", "list of host or host:port" },
}

schema.groups = {
  { name = "sync.run", struct = "SYNC", class = "tideway.options",
    title = "A sync: what a script asks for.", list = {
    { "name", type = "string", required = true, member = "name",
      help = "Identity of the checkpoint, [A-Za-z0-9._-], at most 48 characters: another name is another sync." },
    { "description", type = "string", member = "description", help = "For people; shown by plan." },
    { "source", type = "table", required = true, stub = "tideway.source|tideway.source[]",
      help = "Where rows come from: source.mysql { ... }, or a list of them, each with a name." },
    { "sink", type = "table", required = true, stub = "tideway.sink",
      help = "Where messages go: kafka.sink { ... } or kafka.lines { ... }." },
    { "mode", type = "string", default = "full_then_stream", choices = { "full_then_stream", "full", "stream" },
      member = "mode", enum = "sync_mode", prefix = "MODE",
      help = "Copy the tables and follow the binlog, only the copy, or only the binlog from now on." },
    { "start", type = "string|table", group = "start", member = "start_earliest", c = "BOOLEAN", equals = "earliest",
      stub = '"now"|"earliest"|tideway.start',
      help = 'Where the first start begins, with mode = "stream": "now" (default), "earliest" (the oldest binlog), { gtid = ... } or '
        .. "{ file =, pos = }. A saved position takes precedence." },
    { "checkpoint", type = "table", group = "checkpoint", help = "Where the position is kept: { topic = ... } or { file = ... }." },
    { "format", type = "string", default = "dataworks", choices = { "dataworks", "debezium" },
      member = "format", c = "TEXT", absent = "dataworks",
      help = 'What messages look like: "dataworks" (docs/messages.md), or "debezium" as its connectors write them by default '
        .. "(docs/debezium-format.md)." },
    { "heartbeat", type = "number|false|table", default = 5, min = 0.1, max = 3600, group = "heartbeat",
      stub = "number|false|tideway.heartbeat_options|tideway.heartbeat",
      help = 'Seconds between heartbeats on every destination topic; false: none; or { seconds =, topic = }. With format = '
        .. '"debezium" none by default, and one topic, "__debezium-heartbeat.<name>".' },
    { "loop", type = "function", stub = "fun(changes: (fun(): tideway.change?), out: tideway.out)",
      help = "loop(changes, out): the script itself sends the records; one lane." },
    { "topic", type = "string|function|table",
      stub = "string|tideway.topic_rules|fun(change: tideway.change): string|string[]",
      help = 'Topic rules; without one a table goes to the topic of its name, or with format = "debezium" to '
        .. '"<name>.<database>.<table>".' },
    { "key", type = "string|function|table", by_table = true, stub = "tideway.key",
      help = "Message key: a column or field, a list of them, or a function of the change." },
    { "key_format", type = "string", default = "text", choices = { "text", "json" },
      member = "key_format", enum = "key_format",
      help = 'How the parts of a key become one: "text" joins them with commas (`7,a`), "json" makes an object of columns and '
        .. 'fields (`{"id":7,"code":"a"}`) and an array of a function\'s list; different parts never make the same key.' },
    { "key_null", type = "string", default = "null", choices = { "null", "error" },
      member = "key_null", enum = "key_null",
      help = 'A NULL in a key column: "null" writes it as `null`, "error" stops the sync at the row.' },
    { "key_change", type = "string", default = "split", choices = { "split", "after" },
      help = 'An update in one record that changes key or topic: "split" into DELETE and INSERT, or only "after".' },
    { "no_primary_key", type = "string|table", default = "reject", by_table = true,
      choices = { "reject", "empty", "unique", "row", "table" },
      help = "Key of a table without a primary key: refused, empty text, first NOT NULL unique index, hash of "
        .. 'the row, or the table\'s name. With format = "debezium" the default is that index, or else a null key.' },
    { "fields", type = "table", help = "Additional fields after the columns: constants, variables, functions." },
    { "headers", type = "table",
      help = "Headers of the messages of rows: constants, variables, functions, like `fields`; nil from a function: no header." },
    { "columns", type = "table", by_table = true, group = "columns", stub = "tideway.columns|tideway.columns[]",
      help = "rename, drop, keep, order and mask columns." },
    { "filter", type = "function|table", by_table = true, stub = "tideway.filter", help = "filter(row, change): which images pass." },
    { "unmatched", type = "string", default = "warn", choices = { "warn", "error" },
      help = "A pattern that matches no selected table. An exact name without a table is always an error." },
    { "update", type = "string|table", default = "two", by_table = true, choices = { "two", "one" },
      help = "Records for one update: UPDATE_BEFOR and UPDATE_AFTER, or UPDATE_AFTER with both images." },
    { "op_names", type = "string", default = "dataworks", choices = { "dataworks", "canonical" },
      member = "op_names", enum = "op_names",
      help = 'Spelling of op: "dataworks" has UPDATE_BEFOR, as consumers of that format expect, "canonical" has UPDATE_BEFORE.' },
    { "dml", type = "table", by_table = true, group = "dml", stub = "tideway.dml",
      help = 'What becomes of inserts, updates and deletes of the stream: { insert =, update =, delete = "normal" | "ignore" }, '
        .. 'delete also "logical".' },
    { "tombstones", type = "boolean|table", default = false, by_table = true,
      help = 'A message with a null value and the key after each deleted row, so that compaction removes the row. With format = '
        .. '"debezium" the default is true.' },
    { "transactions", later = true, help = "Records at the begin and end of a transaction." },
    { "ddl", type = "table", group = "ddl", stub = "tideway.ddl",
      help = 'What becomes of schema changes, by their kind, such as { drop_table = "alert" }: "normal", "ignore", "alert" or "error".' },
    { "ddl_topic", type = "string", member = "ddl_topic",
      help = "Topic for statements that concern a whole database, instead of each topic of its tables." },
    { "ddl_partitions", type = "string", default = "first", choices = { "first", "all" }, member = "ddl_partitions",
      enum = "ddl_partitions", help = 'Partitions of a topic that get the message of a schema change: "first" or "all".' },
    { "types", type = "table", stub = "tideway.types|tideway.types[]|table<string, tideway.types|string>",
      help = "How column types are written: { tinyint1 = \"boolean\" }, for all tables or by table." },
    { "full", type = "table", group = "full", help = "The full sync." },
    { "topics", type = "string|table", group = "topics", stub = '"existing"|tideway.topics',
      help = 'Creation of topics; "existing" is { create = false }.' },
    { "dirty", later = true, help = "Policy for dirty data." },
    { "delivery", later = true, help = "Delivery guarantee." },
    { "alerts", later = true, help = "Alerts." },
    { "admin", type = "false|table", group = "admin", member = "admin_off", c = "BOOLEAN", stub = "false|tideway.admin",
      help = "How the running process takes commands (docs/admin.md): { socket =, http =, token = }; false: not at all. "
        .. "It holds for the process, so of several syncs one may have it." },
    { "limits", type = "table", group = "limits", help = "What is refused for its size." },
    { "on_failure", type = "string", default = "exit", choices = { "exit", "isolate" },
      member = "isolated", c = "BOOLEAN", equals = "isolate",
      help = 'What the failure of this sync does to the other syncs of the script: "exit" stops them and ends the process, '
        .. '"isolate" lets them continue.' },
    { "on_purged", type = "string", default = "stop", choices = { "stop", "jump", "resync" }, member = "on_purged", enum = "on_purged",
      help = "What happens when the server no longer has the binlog that the stream needs, or reports that its binlog lacks "
        .. 'changes (an Incident event): "stop" ends the sync with an error, "jump" continues at the present end of the binlog '
        .. 'without the changes before it, "resync" does so, copies all tables again, and deletes rows in their topics '
        .. "that they do not have any more." },
    { "on_table_error", type = "string", default = "stop", choices = { "stop", "quarantine" }, member = "quarantines", c = "BOOLEAN",
      equals = "quarantine",
      help = 'What an error does that concerns one table alone: "stop" ends the sync, "quarantine" sends no more of that table, and '
        .. "the others continue." },
    { "on_row", type = "function|table", by_table = true, combines = true, stub = "tideway.on_row|table",
      help = "on_row(row, change): edits an image before anything else sees it." },
    { "on_change", type = "function|table", by_table = true, combines = true, stub = "tideway.on_change|table",
      help = "on_change(change): once for each change; false drops it, change:emit{} adds records." },
    { "on_table", type = "function|table", by_table = true, combines = true, stub = "tideway.on_table|table",
      help = "on_table(t): before the first row of a table, and when its definition changes; an error refuses the table." },
    { "on_start", type = "function", stub = "fun()",
      help = "on_start(): before any sync starts; an error prevents the start." },
    { "on_stop", type = "function", stub = 'fun(reason: "stopped"|"finished"|"failed", message: string?)',
      help = 'on_stop(reason, message): after the sync has ended: "stopped", "finished", or "failed" with the error.' },
    { "on_ddl", later = true, help = "For each DDL statement." },
    { "on_commit", later = true, help = "For each transaction." },
    { "on_alert", type = "function", stub = "fun(alert: tideway.alert)",
      help = "on_alert(alert): when a person should know that something is wrong, and when it is over (docs/operations.md)." },
    { "every", type = "table", group = "every", stub = "tideway.timer|tideway.timer[]",
      help = "A function to call at intervals, { seconds = 60, function() ... end }, or a list of them." },
  } },
  { name = "heartbeat", struct = "SYNC", class = "tideway.heartbeat_options",
    title = "`heartbeat` of sync.run as a table.", list = {
    { "seconds", type = "number", default = 5, min = 0.1, max = 3600, member = "heartbeat_s", help = "Seconds between two heartbeats." },
    { "topic", type = "string", member = "heartbeat_topic", help = "One topic instead of every destination topic." },
  } },
  { name = "every", class = "tideway.timer", items = "fun()",
    title = "`every` of sync.run: a function, and this option.", list = {
    { "seconds", type = "number", required = true, min = 0.1, max = 86400, help = "Seconds between two calls." },
  } },
  { name = "start", struct = "SYNC", class = "tideway.start",
    title = "`start` of sync.run as a table: a place in the binlog.", list = {
    { "gtid", type = "string", member = "start_gtid", help = "GTID set: the transactions before the start." },
    { "file", type = "string", member = "start_file", help = "Binlog file, as SHOW BINARY LOGS lists it." },
    { "pos", type = "integer", min = 4, max = 9007199254740991, member = "start_pos", c = "U64",
      help = "Offset in the file, where a transaction begins." },
  } },
  { name = "checkpoint", struct = "SYNC", class = "tideway.checkpoint",
    title = "`checkpoint` of sync.run: where the position is kept.", list = {
    { "topic", type = "string", member = "checkpoint_topic", help = 'Compacted topic; default "tideway.<name>".' },
    { "file", type = "string", member = "checkpoint_file", c = "PATH", help = "A file instead of a topic; relative to the script." },
  } },
  { name = "full", struct = "SYNC", class = "tideway.full",
    title = "`full` of sync.run: the copy before the stream.", list = {
    { "parallel", type = "integer|string", default = "auto", min = 1, max = 256, member = "full_parallel", c = "UNSIGNED",
      convert = "auto", stub = 'integer|"auto"',
      help = 'Lanes that read and write; "auto": what the cores here, the free connections of the server and the tables allow.' },
    { "rows_per_second", type = "number", default = 0, min = 0, member = "full_rows_per_second",
      help = "Limit over all lanes; 0: none." },
    { "yield_lag_s", type = "number", default = 30, min = 1, member = "full_yield_lag_s",
      help = "A copy beside the stream pauses while the stream is further back than this many seconds." },
    { "where", type = "table", stub = "table<string, string>",
      help = "Conditions in SQL by table: only these rows are copied. The stream does not know them: a filter does the same there." },
    { "order", type = "list", help = "Patterns of the tables that are copied first, in this order." },
    { "skip", type = "list", help = "Patterns of tables that are not copied: only their changes are written." },
    { "columns", later = true, help = "Columns that are read." },
    { "chunk_rows", type = "integer", default = 200000, min = 1, max = 4294967295, member = "full_chunk_rows", c = "U64",
      help = "Maximum rows of a chunk, the part of a table that is read in one go. A chunk has fewer rows if it would take "
        .. "longer than about 1.5 s." },
    { "chunk_bytes", type = "integer|string", default = "64MiB", member = "full_chunk_bytes", c = "U64", convert = "bytes",
      help = 'Approximate maximum bytes of a chunk, such as 67108864 or "64MiB".' },
  } },
  { name = "admin", struct = "SYNC", class = "tideway.admin",
    title = "`admin` of sync.run: how the running process takes commands.", list = {
    { "socket", type = "string", member = "admin_socket", c = "PATH",
      help = "Path of the Unix socket, relative to the script; without it NAME.sock in the runtime folder." },
    { "http", type = "string", member = "admin_http",
      help = 'Address of a TCP port, "127.0.0.1:8080"; one that other machines reach needs a token.' },
    { "token", type = "secret", member = "admin_token",
      help = "Token that requests to the TCP port must have; without it they can only read." },
  } },
  { name = "limits", struct = "SYNC", class = "tideway.limits",
    title = "`limits` of sync.run: what is refused for its size.", list = {
    { "row_max", type = "integer|string", member = "row_max", c = "U64", convert = "bytes",
      help = 'Maximum bytes of a row (each image) as the server sends it, such as 16777216 or "16MiB": a larger row stops '
        .. "the sync. Without it there is no limit." },
    { "memory", type = "integer|string", default = "64MiB", member = "script_memory", c = "U64", convert = "bytes",
      help = 'Maximum bytes of the Lua heap of a lane, such as 67108864 or "64MiB".' },
    { "instructions", type = "integer", default = 10000000, min = 10000, max = 1000000000000, member = "script_instructions",
      c = "U64", help = "Maximum instructions of one call of a function." },
    { "regex_steps", type = "integer", default = 1000000, min = 1000, max = 4294967295, member = "script_regex_steps", c = "U64",
      help = "Maximum steps of one search with a regular expression, which backtracking can make very many." },
  } },
  { name = "topics", struct = "TOPICS", class = "tideway.topics",
    title = "`topics` of sync.run: how topics are created.", list = {
    { "create", type = "boolean", default = true, member = "create", help = "Create missing topics; false: they must exist." },
    { "partitions", type = "integer|string", default = 6, min = 1, max = 100000, member = "partitions", c = "INT",
      stub = 'integer|"adopt"',
      help = 'Partitions of a new topic whose tables have keys; "adopt": 6, and from this start on, older topics use the '
        .. "partitions that were added to them." },
    { "partitions_without_key", type = "integer", default = 1, min = 1, max = 100000,
      member = "partitions_without_key", c = "INT",
      help = "Partitions of a new topic whose tables have no keys." },
    { "replication", type = "integer", min = 1, max = 32767, member = "replication", c = "INT", absent = "-1",
      help = "Replicas; without it the broker's default." },
    { "config", type = "table", member = "config", c = "PROPERTIES", stub = "table<string, tideway.scalar>",
      help = 'Settings of new topics: { ["cleanup.policy"] = "delete" }.' },
    { "max", type = "integer", default = 1000, min = 1, max = 1000000, member = "max",
      help = "Maximum number of topics of this sync, so that a typo does not create thousands." },
    { "description", later = true, help = "For people." },
    { "grow", later = true, help = "More partitions later." },
    { "named", type = "table", stub = "table<string, tideway.named_topic>",
      help = "Settings of single topics when they are created: { [topic] = { ... } }. The others come from `topics`." },
  } },
  { name = "named topic", class = "tideway.named_topic", title = "One topic of `topics.named`.", list = {
    { "partitions", type = "integer", min = 1, max = 100000, help = "Partitions, whether its tables have keys or not." },
    { "replication", type = "integer", min = 1, max = 32767, help = "Replicas." },
    { "config", type = "table", stub = "table<string, tideway.scalar>",
      help = "Settings, beside those of topics.config. The same setting here takes precedence." },
  } },
  { name = "topic", class = "tideway.topic_rules", items = "tideway.topic_rule",
    title = "`topic` of sync.run as a table: a list of rules, and these names.", list = {
    { "template", type = "string", help = "The topic, made of text and variables; one of them is the name that the rules gave." },
    { "db", type = "table", stub = "tideway.topic_db_rule[]", help = "Rules for ${db_name_src_transed}: { regex | prefix =, to = }." },
    { "name", type = "function", stub = "fun(t: tideway.table_info): string", help = "name(t): once for a table that no rule matches." },
  } },
  { name = "topic rule", class = "tideway.topic_rule",
    title = "One rule of `topic`. The first rule that matches a table gives the topic its name.", list = {
    { "tables", type = "string|table", stub = "tideway.patterns", help = "Matches db.table by patterns." },
    { "prefix", type = "string", help = "Matches table names with this prefix." },
    { "regex", type = "string", help = "Matches the table's name, PCRE2; groups are $1, $2 in `to`." },
    { "to", type = "string|function", stub = "string|fun(change: tideway.change): string|string[]",
      help = "The name, the new prefix, or function(change) for each record." },
    { "name", type = "function", stub = "fun(t: tideway.table_info): string", help = "name(t): once for a table, instead of `to`." },
    { "final", type = "boolean", default = false, help = "The template is not applied to the name." },
  } },
  { name = "topic db rule", class = "tideway.topic_db_rule", title = "One rule of `topic.db`.", list = {
    { "regex", type = "string", help = "Matches the database's name." },
    { "prefix", type = "string", help = "Matches database names with this prefix." },
    { "to", type = "string", required = true, help = "The name, or the new prefix." },
  } },
  { name = "columns", class = "tideway.columns", fields = { "tables tideway.patterns|nil only in the form of a list" },
    title = '`columns` of sync.run for a table, with source names. The column of "mail?" may be absent.', list = {
    { "rename", type = "table|function", stub = "table<string|1, string|fun(name: string): string?>|fun(name: string): string?",
      help = '{ source = "destination" }, or a function of the name such as text.camel; both: { text.camel, source = "destination" }.' },
    { "drop", type = "string|table", stub = "string|string[]", help = "Columns that are not written; functions still read them." },
    { "keep", type = "string|table", stub = "string|string[]", help = "Write these columns only. A column added later is left out." },
    { "order", type = "string|table", stub = "string|string[]", help = "Columns that are written first, in this order." },
    { "mask", type = "table", stub = "table<string, tideway.mask|fun(value: any, row: tideway.row): any>",
      help = "{ column = mask.email }, or a function(value, row)." },
    { "type", type = "table", stub = "table<string, string|tideway.types>",
      help = "Another transport type, or settings of `types`, for single columns: { column = \"STRING\" }." },
  } },
  { name = "types", class = "tideway.types", fields = { "tables tideway.patterns|nil only in the form of a list" },
    title = "`types` of sync.run: how column types are written (docs/types.md). Without a setting, a column has the form "
      .. "of its default.", list = {
    { "tinyint1", type = "string", default = "long", choices = { "long", "boolean" },
      help = "TINYINT(1), which is BOOL: a number, or false and true for 0 and 1." },
    { "bigint_unsigned", type = "string", default = "long", choices = { "long", "string" },
      help = "BIGINT UNSIGNED: a number, or its digits as text." },
    { "decimal", type = "string", default = "double", choices = { "double", "string" },
      help = "DECIMAL: a number, or the same digits as text." },
    { "bit", type = "string", default = "bytes", choices = { "bytes", "long" },
      help = "BIT(n): bytes (BIT(1): false and true), or a number." },
    { "datetime", type = "string", default = "ms", choices = { "ms", "string" },
      help = "DATE, DATETIME and TIMESTAMP: milliseconds since 1970, or text with all fractional digits." },
    { "time", type = "string", default = "string", choices = { "string", "date" },
      help = "TIME: text, or milliseconds since midnight, below 0 for a negative TIME." },
    { "zero_date", type = "string", default = "null", choices = { "null", "string", "epoch", "dirty" },
      help = "Zero dates: null, their text (with datetime = \"string\"), 1970-01-01, or an error." },
    { "timezone", type = "string", default = "UTC",
      help = "The time zone of DATE and DATETIME: \"UTC\", or an offset from UTC such as \"+08:00\"." },
    { "geometry", type = "string", default = "srid_wkb", choices = { "srid_wkb", "wkb", "wkt" },
      help = "GEOMETRY and its family: bytes as stored (SRID and WKB), WKB alone, or text." },
  } },
  { name = "dml", class = "tideway.dml",
    title = "`dml` of sync.run, for all tables or by table: what becomes of the changes of the stream.", list = {
    { "insert", type = "string", default = "normal", choices = { "normal", "ignore" },
      help = 'Inserts: "ignore" writes nothing for them.' },
    { "update", type = "string", default = "normal", choices = { "normal", "ignore" },
      help = 'Updates: "ignore" writes nothing for them.' },
    { "delete", type = "string", default = "normal", choices = { "normal", "ignore", "logical" },
      help = 'Deletes: "ignore" writes nothing for them, "logical" writes an update that sets the field `flag`.' },
    { "flag", type = "string",
      help = 'The field that delete = "logical" adds to the table: false, and true in a row that was deleted.' },
  } },
  { name = "ddl", class = "tideway.ddl",
    title = '`ddl` of sync.run: what becomes of the message of a schema change. "normal" writes it; "ignore" does not; "alert" does not, '
      .. 'and raises an alert; "error" stops the sync before the statement. A statement of several kinds takes the last of these.', list = {
    policy("create_table", "A table is created."),
    policy("drop_table", "A table is dropped."),
    policy("add_column", "ALTER TABLE adds columns."),
    policy("drop_column", "ALTER TABLE drops columns."),
    policy("rename_column", "ALTER TABLE renames columns."),
    policy("modify_column", "ALTER TABLE changes the definition of columns."),
    policy("rename_table", "A table is renamed."),
    policy("truncate", "A table is truncated."),
    policy("create_index", "An index or key is added, also by ALTER TABLE."),
    policy("drop_index", "An index or key is dropped, also by ALTER TABLE."),
    policy("other", "Any other statement about a captured table, or a database that has one."),
  } },
  { name = "source.mysql", call = true, struct = "SOURCE", class = "tideway.mysql_options",
    title = "A MySQL or MariaDB server to read from.", list = {
    { "host", type = "string", default = "127.0.0.1", member = "host", help = "Name or address of the server." },
    { "hosts", type = "hosts", member = "hosts",
      help = 'Several servers of one replication set, tried in order, instead of host and socket: "db1", "db2:3307", '
        .. '"[::1]:3306"; those without a port use port.' },
    { "port", type = "integer", default = 3306, min = 1, max = 65535, member = "port", help = "TCP port." },
    { "socket", type = "string", member = "socket", help = "Path of a Unix socket, instead of host and port." },
    { "user", type = "string", required = true, member = "user",
      help = "Account, with the privileges of docs/operations.md." },
    { "password", type = "secret", member = "password", help = "Password: a string, env.need or secret(path)." },
    { "tls", type = "boolean|table", default = false, group = "source.mysql tls", spread = "tls_", member = "tls",
      c = "BOOLEAN", stub = "boolean|tideway.tls", help = "TLS: true, or a table with ca, cert, key and verify." },
    { "tables", type = "list", member = "tables", stub = "tideway.patterns",
      help = 'Patterns of the tables to copy; "!" in front excludes.' },
    { "server_id", type = "integer", default = 0, min = 0, max = 4294967295, member = "server_id",
      help = "Tideway's id among the server's replicas; 0: derived from the sync's name." },
    { "name", type = "string", member = "name", absent = "mysql",
      help = 'The value of DATASOURCE_NAME_SRC and change.source; default "mysql". Required in a list of sources.' },
    { "connect_timeout_s", type = "integer", default = 10, min = 1, max = 600, member = "connect_timeout_s",
      help = "Seconds to wait for a connection." },
  } },
  { name = "source.mysql tls", call = true, struct = "SOURCE", class = "tideway.tls",
    title = "TLS to the server.", list = {
    { "ca", type = "string", member = "tls_ca", c = "PATH", help = "File with the certificates that sign the server's." },
    { "cert", type = "string", member = "tls_cert", c = "PATH",
      help = "File with the client's certificate, if the server requires one." },
    { "key", type = "string", member = "tls_key", c = "PATH", help = "File with the key of the client's certificate." },
    { "verify", type = "boolean", default = true, member = "tls_verify", absent = "true",
      help = "Whether the server's certificate and name are checked." },
  } },
  { name = "source.mysql{...}:changes", call = true, class = "tideway.changes_options",
    title = "The stream of changes, in `tideway exec`.", list = {
    { "from", type = "string", default = "now",
      help = '"now", "earliest" or "<binlog file>:<position>", where a transaction begins.' },
    { "wait_s", type = "number", default = -1, min = -1, max = 86400,
      help = "At the end of the binlog, wait this many seconds for a change; -1: for ever." },
  } },
  { name = "kafka.sink", call = true, struct = "SINK", class = "tideway.sink_options",
    title = "A Kafka cluster to write to.", list = {
    BROKERS,
    PROPERTIES,
    { "name", type = "string", default = "kafka", member = "name", help = "The value of DATASOURCE_NAME_DEST." },
  } },
  { name = "kafka.lines", call = true, struct = "SINK", class = "tideway.lines_options",
    title = "Messages as lines instead of Kafka, for trying things out.", list = {
    { "file", type = "string", member = "file", c = "PATH",
      help = "File to write each message to, one a line; default: stdout." },
    { "name", type = "string", default = "lines", member = "name", help = "The value of DATASOURCE_NAME_DEST." },
  } },
  { name = "kafka.producer", call = true, class = "tideway.client_options", title = "A producer, in `tideway exec`.",
    list = { BROKERS, PROPERTIES } },
  { name = "kafka.consumer", call = true, class = "tideway.consumer_options", title = "A consumer, in `tideway exec`.",
    list = {
    BROKERS,
    PROPERTIES,
    { "topics", type = "list", required = true, help = "Topics to read." },
    { "group", type = "string", help = "Consumer group; without one, all partitions are read and no offsets are stored." },
    { "from_beginning", type = "boolean", default = true, help = "Where to begin without stored offsets." },
  } },
  { name = "kafka.topics", call = true, class = "tideway.admin_options",
    title = "Topics of a cluster, in `tideway exec`.", list = { BROKERS, PROPERTIES } },
  { name = "kafka.topics{...}:create", call = true, class = "tideway.new_topic",
    title = "One topic to create.", list = {
    { "name", type = "string", required = true, help = "Name of the topic." },
    { "partitions", type = "integer", default = 1, min = 1, max = 100000, help = "Number of partitions." },
    { "replication", type = "integer", default = -1, min = -1, max = 1000,
      help = "Copies of each partition; -1: the broker's default." },
    { "config", type = "properties", help = "Settings of the topic, such as cleanup.policy." },
  } },
  { name = "heartbeat.new", call = true, class = "tideway.new_heartbeat", title = "Heartbeats.", list = {
    { "interval", type = "number", default = 5, min = 0.1, max = 86400, help = "Seconds between two heartbeats." },
    { "topic", type = "string", help = "One topic for the heartbeats; default: every destination topic." },
  } },
}

return schema
