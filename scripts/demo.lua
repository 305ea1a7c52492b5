-- The visible part of scripts/demo, a script of primitives (tideway exec): changes rows in the shop, reads the topics,
-- and prints what arrives.
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local json = require "tideway.json"
local time = require "tideway.time"
local env = require "tideway.env"

local brokers = env.need "KAFKA_BROKERS"
local shop = source.mysql { host = "127.0.0.1", port = tonumber(env.need "MYSQL_PORT"), user = "root", password = "" }
local TOPICS = { "users", "orders_2023", "orders_2024", "carts", "events", "stock" }
local PATIENCE_S = 20
local WIDTH = 110                          -- longest line of a row

local codes = { bold = 1, dim = 2, red = 31, green = 32, yellow = 33, blue = 34, magenta = 35, cyan = 36 }
local function paint(color, text)
  return env.COLOR == "1" and ("\27[%dm%s\27[0m"):format(codes[color], text) or text
end

local marks = {
  INSERT = { "+", "green" }, DELETE = { "-", "red" }, UPDATE_BEFOR = { "<", "yellow" }, UPDATE_AFTER = { ">", "green" },
}
local count = { messages = 0, heartbeats = 0, topics = {} }

-- A value as it is in the message: 12.30 is not 12.3.
local function cell(text, name, value)
  if value == nil or value == json.null then return "null" end
  return math.type(value) == "float" and text:match('"' .. name .. '":(-?[%d.eE+-]+)') or tostring(value)
end

-- The row in table order, as in the schema of the message.
local function row_text(text, message, row)
  local out = {}
  for _, column in ipairs(message.schema.dataColumn) do
    out[#out + 1] = column.name .. "=" .. cell(text, column.name, row[column.name])
  end
  local line = table.concat(out, " ")
  return #line > WIDTH and line:sub(1, WIDTH - 3) .. "..." or line
end

local function print_row(record, message)
  local payload = message.payload
  local mark = marks[payload.op] or { "*", "magenta" }
  local image = type(payload.after) == "table" and payload.after or payload.before
  local text = type(image) == "table" and row_text(record.value, message, image.dataColumn) or payload.ddl.text
  print(("  %s %s %s %s %s"):format(paint(mark[2], mark[1]), paint("cyan", ("%-12s"):format(record.topic)),
    paint("dim", ("key %-6s"):format(record.key or "-")), paint(mark[2], ("%-12s"):format(payload.op)), text))
end

local function take(record)
  local message = assert(json.decode(record.value))
  if message.payload.op == "MHEARTBEAT" then
    count.heartbeats = count.heartbeats + 1
    return false
  end
  count.messages = count.messages + 1
  count.topics[record.topic] = true
  print_row(record, message)
  return true
end

local consumers = {}
local function follow(topics)
  consumers[#consumers + 1] = kafka.consumer { brokers = brokers, topics = topics, from_beginning = true,
    properties = { ["fetch.wait.max.ms"] = 10 } }
end

-- A record from any consumer. Tries again for a topic that does not exist yet: the sync is about to create it.
local function poll()
  for i, consumer in ipairs(consumers) do
    local record, problem = consumer:poll(0.02)
    if record then return record end
    if problem and not problem:find("does not exist", 1, true) then error(problem, 0) end
    if problem then
      consumer:close()
      table.remove(consumers, i)
      follow { "reviews" }
      return nil
    end
  end
end

local last                                 -- the text of the last message
local function expect(n)
  local until_ms = time.now() + PATIENCE_S * 1000
  while n > 0 do
    local record = poll()
    if record and take(record) then
      n = n - 1
      last = record.value
    end
    if time.now() > until_ms then error(("%d messages did not come within %d s"):format(n, PATIENCE_S), 0) end
  end
end

local function change(n, sql, why)
  print("")
  if why then print(paint("dim", "-- " .. why)) end
  print(paint("bold", "SQL> ") .. sql)
  local began = time.now()
  shop:query(sql)
  expect(n)
  print(paint("dim", ("  after %d ms"):format(time.now() - began)))
end

follow(TOPICS)

print("")
print(paint("bold", "Full sync") .. ": every row that was there, one topic for each table")
expect(15)

print("")
print(paint("bold", "The stream") .. ": every change from then on")
change(1, "INSERT INTO shop.carts VALUES (3, 3, 75.00)")
change(4, "UPDATE shop.stock SET qty = qty + 5 WHERE product_id = 1",
  "two rows; an update is two messages, the old row and the new one")
change(2, "UPDATE shop.users SET id = 20 WHERE id = 2",
  "a new primary key: the old row goes to the old key, the new row to the new one")
change(1, "DELETE FROM shop.events WHERE id = 3")
change(1, "ALTER TABLE shop.users ADD COLUMN vip BOOLEAN NOT NULL DEFAULT FALSE AFTER name",
  "DDL is followed and announced")
change(2, "UPDATE shop.users SET vip = TRUE WHERE id = 1")
follow { "reviews" }
change(1, "CREATE TABLE shop.reviews (id INT PRIMARY KEY, stars INT, body JSON)", "a new table needs no restart")
change(1, [[INSERT INTO shop.reviews VALUES (1, 5, '{"text": "on time", "tags": ["fast"]}')]])

print("")
print(paint("bold", "The last message as it is in Kafka:"))
print("  " .. last)
for _, consumer in ipairs(consumers) do consumer:close() end

local topics = 0
for _ in pairs(count.topics) do topics = topics + 1 end
print("")
print(paint("bold", "Summary") .. (": %d messages in %d topics, every one acknowledged by the broker; %d heartbeats")
  :format(count.messages, topics, count.heartbeats))
print([[
The whole mapping was scripts/examples/quickstart.lua, 15 lines. What to try next:
  make demo KAFKA=apache                the same with a real Apache Kafka
  make demo KEEP=1                      keeps it running, to change rows yourself
  scripts/examples/                     one idea a file: topics by rule or function, fields, keys, masks, filters
  docs/quickstart.md                    your own database in five minutes]])
