---@meta tideway.sync
-- luacheck: ignore
-- Stubs for editors (LuaLS): add this folder to Lua.workspace.library. They are never run.

---A pattern list: "db.table", with * ? {00..15} {a,b} !exclude /regex/ and backquotes.
---@alias tideway.patterns string|string[]

---@alias tideway.scalar string|number|boolean

---@class tideway.row
---@field [string] any the value by source column name; NULL is nil

---@class tideway.record
---@field topic string
---@field key any text; json.null: null key
---@field value any JSON text; json.null: tombstone
---@field op string?
---@field headers table<string, string>?
---@field partition integer?

---@class tideway.change
---@field op "insert"|"update"|"delete"|"read"|"ddl"|"heartbeat"
---@field is_new boolean insert or read
---@field row tideway.row the image at hand
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
---@field full boolean read by the full sync
---@field topic string? set in on_change: beats the rules
---@field key any set in on_change: beats the rules
---@field headers table<string, string|integer>? set in on_change
local change = {}

---Whether the source's values of a column differ; true but for an equal update.
---@param column string
---@return boolean
function change:changed(column) end

---Adds a record after the change's own. topic, key and value are required: `change` in any of them is the change's own,
---json.null a null key or a tombstone.
---@param record { topic: string|tideway.change, key: any, value: any, headers: table?, partition: integer? }
function change:emit(record) end

---The records as the options write them.
---@return fun(): tideway.record?
function change:records() end

---The text of each record.
---@return string ...
function change:json() end

---A plain table that outlives the function; NULL in row, before and after is json.null.
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

---Names are those of columns of the source; "mail?" may be absent.
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
---@field name string identity of the checkpoint, [A-Za-z0-9._-], at most 48 characters
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

---Sends a record, or any table with topic, key and value (json.null: a null key, a tombstone), headers, partition.
---@param record tideway.record|table
function out:send(record) end

local sync = {}

---Registers a sync; it starts when the script ends.
---@param options tideway.options
function sync.run(options) end

---Whether the image carries the column (NULL counts as carried).
---@param row tideway.row
---@param column string
---@return boolean
function sync.has(row, column) end

---The value, or the default where it is NULL, not a column or not carried.
---@param row tideway.row
---@param column string
---@param default any
---@return any
function sync.get(row, column, default) end

---A plain table that outlives the function; NULL is json.null.
---@param row tideway.row
---@return table
function sync.copy(row) end

return sync
