---@meta tideway.sync
-- luacheck: ignore
-- Definitions for editors (LuaLS): add this folder to Lua.workspace.library. These files are never
-- run. The tables of options are in options.lua, which is generated.

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
---@field effect "insert"|"update"|"delete" what is left of the change after the filter; insert for a row of the full sync
---@field is_new boolean whether effect is insert
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

---@class tideway.alert
---@field sync string name of the sync; for a list of sources, "name.source"
---@field kind "retrying"|"retention"|"source_away"|"kafka_away"|"failover"|"ddl"|"jump"|"quarantine"|"failed"
---@field severity "warning"|"critical"
---@field resolved boolean whether the condition is over
---@field text string one line for people
---@field code string? code of the error, such as "E-301"
---@field table string? db.table
---@field time integer when the alert was raised, ms
---@field since integer when the condition began, ms

---@class tideway.table_info
---@field db string
---@field name string
---@field columns { name: string, type: string, sql_type: string, nullable: boolean }[]
---@field key string[]
---@field rows integer? number of rows, as the server estimates it
---@field topic string? in on_table: its topic; nil if a function decides

---@alias tideway.key string|string[]|fun(change: tideway.change): string|integer|(string|integer)[]
---@alias tideway.on_table fun(t: tideway.table_info)
---@alias tideway.on_row fun(row: tideway.row, change: tideway.change)
---@alias tideway.on_change fun(change: tideway.change): boolean?
---@alias tideway.filter fun(row: tideway.row, change: tideway.change): any

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

---Returns a function that calls fn. If fn raises an error, the result is the fallback, or what
---fallback(message, ...) returns for the message and the same arguments.
---@generic F: function
---@param fn F
---@param fallback any a value, nil, or function(message, ...)
---@return F
function sync.try(fn, fallback) end

return sync
