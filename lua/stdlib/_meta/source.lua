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
---@param options { from: string?, wait_s: number? }? from: "now", "earliest" or "file:position"
---@return fun(): tideway.change?
function described:changes(options) end

---@class tideway.mysql_options
---@field host string?
---@field hosts string[]? "host" or "host:port", tried in order; replaces host and socket
---@field port integer?
---@field socket string?
---@field user string?
---@field password string|tideway.secret|nil
---@field tls boolean|{ ca: string?, cert: string?, key: string?, verify: boolean? }|nil
---@field tables tideway.patterns?
---@field server_id integer?
---@field name string?
---@field connect_timeout_s integer?

local source = {}

---Describes a MySQL or MariaDB server. Nothing connects.
---@param options tideway.mysql_options
---@return tideway.source
function source.mysql(options) end

return source
