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
---@field value any the decoded JSON
---@field text string? the value as written

---@class tideway.test_sync
local shop = {}

---Executes a CREATE TABLE db.name (...). Returns the sync.
---@param sql string
---@return tideway.test_sync
function shop:table(sql) end

---Sends a DDL statement through the stream. Returns its records.
---@param sql string
---@return tideway.test_record[]
function shop:ddl(sql) end

---Sends an insert. Returns its records.
---@param name string "db.table"
---@param row table<string, any>
---@return tideway.test_record[]
function shop:insert(name, row) end

---Sends an update. Returns its records.
---@param name string "db.table"
---@param old table<string, any> the old row
---@param changes table<string, any> the changed columns; json.null sets NULL
---@return tideway.test_record[]
function shop:update(name, old, changes) end

---Sends a delete. Returns its records.
---@param name string "db.table"
---@param row table<string, any>
---@return tideway.test_record[]
function shop:delete(name, row) end

---Sends a row that the full sync has read. Returns its records.
---@param name string "db.table"
---@param row table<string, any>
---@return tideway.test_record[]
function shop:read(name, row) end

---Ends the lane of the test.
function shop:close() end

local test = {}

---Loads a sync.lua in a lane that connects to nothing. Raises what the script raises.
---@param path string relative to the test file
---@param options { env: table<string, string>? }?
---@return tideway.test_sync
function test.load(path, options) end

---Runs one test. It fails when fn raises.
---@param name string
---@param fn fun()
function test.case(name, fn) end

---Fails unless got == expected.
---@param got any
---@param expected any
function test.equal(got, expected) end

---Like equal, but compares tables by their contents.
---@param got any
---@param expected any
function test.same(got, expected) end

---Fails unless map is a table without the key.
---@param map table
---@param key any
function test.absent(map, key) end

---Fails when the value is nil or false.
---@param value any
---@param message string?
function test.ok(value, message) end

---Fails unless fn raises a message that contains the text. Returns the message.
---@param fn fun()
---@param text string?
---@return string message
function test.raises(fn, text) end

return test
