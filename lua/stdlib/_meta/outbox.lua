---@meta tideway.outbox
-- luacheck: ignore

---@class tideway.outbox_options
---@field topic string|fun(row: tideway.row): string a text with columns, "shop.${kind}", or a function
---@field key string|nil|fun(row: tideway.row): any a column or a function; without it a null key
---@field value string|fun(row: tideway.row): any a column or a function; NULL is a tombstone
---@field headers table<string, string|fun(row: tideway.row): any>? columns or functions; NULL: no header
---@field updates "error"|"skip"|nil what an updated row does; default "error"

local outbox = {}

---A function for on_change: an inserted row becomes a message, a deleted one none.
---@param options tideway.outbox_options
---@return tideway.on_change
function outbox.new(options) end

return outbox
