---@meta tideway.source
-- luacheck: ignore

---@class tideway.source
local described = {}

---Executes a statement. Returns the rows as tables of texts by column name, or nil and a message.
---Only in `tideway exec`.
---@param sql string
---@return table<string, string>[]
function described:query(sql) end

---Returns an iterator over the row changes in the binlog, or nil and a message. Only in `tideway
---exec`.
---@param options tideway.changes_options?
---@return fun(): tideway.change?
function described:changes(options) end

local source = {}

---Describes a MySQL or MariaDB server. Nothing connects.
---@param options tideway.mysql_options
---@return tideway.source
function source.mysql(options) end

return source
