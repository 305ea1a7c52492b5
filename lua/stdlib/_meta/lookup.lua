---@meta tideway.lookup
-- luacheck: ignore

---@class tideway.lookup
local Lookup = {}

---A copy of the row with the key, or its value of a column; nil when the file has no such row. Not in
---topic and key functions.
---@param key any
---@param column string?
---@return any
function Lookup:get(key, column) end

---The number of rows.
---@return integer
function Lookup:size() end

local lookup = {}

---The rows of a .csv file, whose first line names the columns, or of a .json file, a list of objects.
---@param path string relative to the script
---@param options { key: string, separator: ","|";"|"|"|"\t"|nil }
---@return tideway.lookup
function lookup.file(path, options) end

return lookup
