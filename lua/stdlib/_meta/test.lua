---@meta tideway.test
-- luacheck: ignore

---@class tideway.test_record
---@field topic string
---@field key string?
---@field op string?
---@field before table<string, any>?
---@field after table<string, any>?
---@field schema table?
---@field headers table<string, string>?
---@field partition integer?
---@field value any decoded
---@field text string? as written

---@class tideway.test_sync
local shop = {}

---A table, by its CREATE TABLE db.name.
---@param sql string
---@return tideway.test_sync
function shop:table(sql) end

---@param sql string
---@return tideway.test_record[]
function shop:ddl(sql) end

---@param name string "db.table"
---@param row table<string, any>
---@return tideway.test_record[]
function shop:insert(name, row) end

---@param name string "db.table"
---@param old table<string, any> the old row
---@param changes table<string, any> what changes; json.null sets NULL
---@return tideway.test_record[]
function shop:update(name, old, changes) end

---@param name string "db.table"
---@param row table<string, any>
---@return tideway.test_record[]
function shop:delete(name, row) end

---@param name string "db.table"
---@param row table<string, any>
---@return tideway.test_record[]
function shop:read(name, row) end

function shop:close() end

local test = {}

---@param path string relative to the test file
---@param options { env: table<string, string>? }?
---@return tideway.test_sync
function test.load(path, options) end

---@param name string
---@param fn fun()
function test.case(name, fn) end

---@param got any
---@param expected any
function test.equal(got, expected) end

---@param got any
---@param expected any
function test.same(got, expected) end

---@param map table
---@param key any
function test.absent(map, key) end

---@param value any
---@param message string?
function test.ok(value, message) end

---@param fn fun()
---@param text string?
---@return string message
function test.raises(fn, text) end

return test
