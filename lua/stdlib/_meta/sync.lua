---@meta tideway.sync
-- luacheck: ignore
-- Definitions for editors (LuaLS): add this folder to Lua.workspace.library. These files are never
-- run.

---One pattern or a list: "db.table", with * ? {00..15} {a,b} !exclude /regex/ and backquotes.
---@alias tideway.patterns string|string[]

---@alias tideway.scalar string|number|boolean

---@class tideway.row
---@field [string] any the value by source column name; NULL is nil

---@class tideway.record
---@field topic string
---@field key any a text, or json.null for a null key
---@field value any a JSON text, or json.null for a tombstone
---@field op string?
---@field headers table<string, string>?
---@field partition integer?

---@class tideway.change
---@field op "insert"|"update"|"delete"|"read"|"ddl"|"heartbeat"
---@field is_new boolean whether op is insert or read
---@field row tideway.row the current image
---@field image "before"|"after"
---@field before tideway.row?
---@field after tideway.row?
---@field db string
---@field table string
---@field source string
---@field time integer commit time, ms
---@field gtid string?
---@field file string?
---@field pos integer?
---@field full boolean whether the full sync has read the row
---@field topic string? for on_change to set; replaces the topic of the rules
---@field key any for on_change to set; replaces the key of the rules
---@field headers table<string, string|integer>? for on_change to set
local change = {}

---Whether the source's values of a column differ. Always true when op is not update.
---@param column string
---@return boolean
function change:changed(column) end

---Adds a record after the records of the change. topic, key and value are required. `change` as one
---of them is that of the change itself; json.null is a null key as the key, a tombstone as the
---value.
---@param record { topic: string|tideway.change, key: any, value: any, headers: table?, partition: integer? }
function change:emit(record) end

---Iterates over the records that the options make from the change.
---@return fun(): tideway.record?
function change:records() end

---Returns the text of each record of the change.
---@return string ...
function change:json() end

---Returns a plain table that the script may keep after the function has returned. NULL in row,
---before and after is json.null.
---@return table
function change:copy() end

---@class tideway.table_info
---@field db string
---@field name string
---@field columns { name: string, type: string, sql_type: string, nullable: boolean }[]
---@field key string[]
---@field rows integer?

---@class tideway.topic_rule
---@field tables tideway.patterns?
---@field prefix string?
---@field regex string?
---@field to string|fun(change: tideway.change): string|string[]|nil
---@field name nil|fun(t: tideway.table_info): string
---@field final boolean?

---@class tideway.topic_rules
---@field [integer] tideway.topic_rule
---@field template string?
---@field db { regex: string?, prefix: string?, to: string }[]?
---@field name nil|fun(t: tideway.table_info): string

---All names are source names of columns. A name with a question mark, "mail?", may be absent.
---@class tideway.columns
---@field tables tideway.patterns? list form only
---@field rename table<string, string>?
---@field drop string|string[]|nil
---@field keep string|string[]|nil
---@field order string|string[]|nil
---@field mask table<string, tideway.mask|fun(value: any, row: tideway.row): any>?

---@alias tideway.key string|string[]|fun(change: tideway.change): string|integer|(string|integer)[]
---@alias tideway.on_row fun(row: tideway.row, change: tideway.change)
---@alias tideway.on_change fun(change: tideway.change): boolean?
---@alias tideway.filter fun(row: tideway.row, change: tideway.change): any

---@class tideway.options
---@field name string identifies the checkpoint: [A-Za-z0-9._-], at most 48 characters
---@field description string?
---@field source tideway.source|tideway.source[]
---@field sink tideway.sink
---@field mode "full_then_stream"|"full"|"stream"|nil
---@field checkpoint { topic: string?, file: string? }?
---@field heartbeat number|false|{ seconds: number?, topic: string? }|tideway.heartbeat|nil
---@field loop nil|fun(changes: (fun(): tideway.change?), out: tideway.out)
---@field topic string|tideway.topic_rules|nil|fun(change: tideway.change): string|string[]
---@field key tideway.key|table<string, tideway.key>|nil
---@field key_format "text"|"json"|nil
---@field key_change "split"|"after"|nil
---@field no_primary_key string|table<string, string>|nil
---@field fields table?
---@field columns tideway.columns|tideway.columns[]|table<string, tideway.columns>|nil
---@field filter tideway.filter|table<string, tideway.filter>|nil
---@field unmatched "warn"|"error"|nil
---@field update "two"|"one"|table<string, "two"|"one">|nil
---@field full { parallel: integer?, rows_per_second: number? }?
---@field limits { row_max: integer|string|nil }?
---@field topics "existing"|tideway.topics|nil
---@field on_failure "exit"|"isolate"|nil
---@field on_start fun()|nil
---@field on_stop nil|fun(reason: "stopped"|"finished"|"failed", message: string?)
---@field every table? { seconds = 60, function() ... end }, or a list of them
---@field on_row tideway.on_row|table|nil
---@field on_change tideway.on_change|table|nil

---@class tideway.topics
---@field create boolean?
---@field partitions integer|"adopt"|nil
---@field partitions_without_key integer?
---@field replication integer?
---@field config table<string, tideway.scalar>?
---@field max integer?

---@class tideway.out
local out = {}

---Sends a record, or any table with topic, key, value, headers and partition. json.null is a null
---key as the key, a tombstone as the value.
---@param record tideway.record|table
function out:send(record) end

local sync = {}

---Registers a sync. It starts when the script ends.
---@param options tideway.options
function sync.run(options) end

---Whether the table has the column and this image contains it (a NULL is contained).
---@param row tideway.row
---@param column string
---@return boolean
function sync.has(row, column) end

---Returns the value, or the default when the value is NULL, the table has no such column, or this
---image does not contain it.
---@param row tideway.row
---@param column string
---@param default any
---@return any
function sync.get(row, column, default) end

---Returns a plain table that the script may keep after the function has returned. NULL is
---json.null.
---@param row tideway.row
---@return table
function sync.copy(row) end

return sync
