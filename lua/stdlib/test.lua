-- tideway.test: unit tests of a mapping, run by `tideway test`. test.load runs a sync.lua in a lane
-- of its own, which connects to nothing. A test defines tables by CREATE TABLE statements and rows
-- by Lua tables, and gets the records that the sync would write.
local cbase = require "tideway.cbase"
local ctest = require "tideway.ctest"
local json = require "tideway.json"

local test = {}

local MAX_SHOWN = 400

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

local function show(value, depth)
  if type(value) == "string" then return ("%q"):format(value) end
  if type(value) ~= "table" or depth > 4 then return tostring(value) end
  local out = {}
  for _, key in ipairs(sorted_keys(value)) do
    out[#out + 1] = (type(key) == "string" and key or "[" .. tostring(key) .. "]") .. " = " .. show(value[key], depth + 1)
  end
  return "{ " .. table.concat(out, ", ") .. " }"
end

local function shown(value)
  local text = show(value, 0)
  return #text > MAX_SHOWN and text:sub(1, MAX_SHOWN) .. "..." or text
end

-- Report a failed assertion: raise an error that names the line of the test.
local function fail(fmt, ...)
  error(cbase.where() .. ": " .. fmt:format(...), 0)
end

-- case(name, fn): runs one test. It fails when fn raises.
function test.case(name, fn)
  local ok, message = pcall(fn)
  ctest.report(ok, name, not ok and tostring(message) or nil)
end

-- equal(got, expected): fails unless got == expected.
function test.equal(got, expected)
  if got ~= expected then fail("got %s, expected %s", shown(got), shown(expected)) end
end

local function difference(got, expected, path)
  if got == expected then return nil end
  if type(got) ~= "table" or type(expected) ~= "table" then
    return ("%s is %s, expected %s"):format(path == "" and "it" or path, shown(got), shown(expected))
  end
  for _, key in ipairs(sorted_keys(expected)) do
    local found = difference(got[key], expected[key], path .. "." .. tostring(key))
    if found then return found end
  end
  for _, key in ipairs(sorted_keys(got)) do
    if expected[key] == nil then return ("%s.%s is %s, expected nothing"):format(path, tostring(key), shown(got[key])) end
  end
end

-- same(got, expected): like equal, but compares tables by their contents.
function test.same(got, expected)
  local found = difference(got, expected, "")
  if found then fail("%s", found) end
end

-- absent(map, key): fails unless map is a table without the key.
function test.absent(map, key)
  if type(map) ~= "table" then fail("looked for %s in %s, which is not a table", shown(key), shown(map)) end
  if map[key] ~= nil then fail("%s is present: %s", shown(key), shown(map[key])) end
end

-- ok(value, message): fails when value is nil or false.
function test.ok(value, message)
  if not value then fail("%s", message or "got " .. shown(value) .. ", expected something true") end
end

-- raises(fn, text): fails unless fn raises a message that contains the text. Returns the message.
function test.raises(fn, text)
  local ok, message = pcall(fn)
  if ok then fail("nothing was raised, expected %s", text and shown(text) or "an error") end
  message = tostring(message)
  if text and not message:find(text, 1, true) then fail("raised %s, expected it to contain %s", shown(message), shown(text)) end
  return message
end

-- Return an image of the row: the columns in dataColumn, or in format = "debezium" the image itself.
local function image(payload, name)
  local part = payload and payload[name]
  if type(part) ~= "table" then return nil end
  return part.dataColumn or part
end

-- Return a record as tests read it: topic, key, op, before, after, schema, headers, partition,
-- value (the decoded JSON) and text (the value as written).
local function readable(record)
  local out = { topic = record.topic, key = record.key, op = record.op, headers = record.headers,
    partition = record.partition, text = record.value }
  if record.value == nil then return out end
  local value, message = json.decode(record.value)
  if value == nil then error("the value of a record is not JSON: " .. tostring(message), 0) end
  out.value = value
  local body = type(value) == "table" and value or nil
  local payload = body and (type(body.payload) == "table" and body.payload or body.source and body) or nil
  out.before, out.after = image(payload, "before"), image(payload, "after")
  out.schema = payload and payload ~= value and value.schema or nil
  if payload and (out.op == nil or out.op == "") then out.op = payload.op end
  return out
end

local function all_readable(records)
  local out = {}
  for i, record in ipairs(records or {}) do out[i] = readable(record) end
  return out
end

local Sync = {}
Sync.__index = Sync

-- Call fn and return its results. When it raises, raise its message as a text: it already begins
-- with the line of the test.
local function guarded(fn, ...)
  local result = table.pack(pcall(fn, ...))
  if not result[1] then error(tostring(result[2]), 0) end
  return table.unpack(result, 2, result.n)
end

-- load(path, { env = { NAME = "value" } }): loads the sync.lua at the path, which is relative to
-- the test file.
function test.load(path, options)
  if type(path) ~= "string" then fail("test.load needs the path of a sync.lua") end
  for key in pairs(options or {}) do
    if key ~= "env" then fail("test.load has the option env only, not %s", shown(key)) end
  end
  return setmetatable({ handle = guarded(ctest.load, path, options and options.env or {}) }, Sync)
end

-- table(sql): executes a CREATE TABLE db.name (...). Returns the sync, so that calls can be
-- chained.
function Sync:table(sql)
  guarded(self.handle.statement, self.handle, sql)
  return self
end

-- ddl(sql): sends a DDL statement through the stream. Returns its records.
function Sync:ddl(sql)
  return all_readable(guarded(self.handle.statement, self.handle, sql))
end

local function change(self, op, name, before, after)
  return all_readable(guarded(self.handle.change, self.handle, op, name, before, after))
end

-- insert(table, row), delete(table, row), read(table, row): send one change. Return its records.
-- read is a row that the full sync has read.
function Sync:insert(name, row)
  return change(self, "insert", name, nil, row)
end

function Sync:delete(name, row)
  return change(self, "delete", name, row, nil)
end

function Sync:read(name, row)
  return change(self, "read", name, nil, row)
end

-- update(table, old row, changed columns): sends one update. Returns its records. json.null sets a
-- column to NULL.
function Sync:update(name, old, changes)
  local new = {}
  for column, value in pairs(old) do new[column] = value end
  for column, value in pairs(changes) do new[column] = value end
  return change(self, "update", name, old, new)
end

-- close(): ends the lane of the test. Without it, the garbage collector ends the lane.
function Sync:close()
  self.handle:close()
end

return test
