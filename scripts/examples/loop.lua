-- Your own loop instead of the built-in one. Rows, DDL and heartbeats arrive in order. What is sent between two steps
-- belongs to the change of the first step. The position advances when all of that is acknowledged.
-- Run:   tideway run scripts/examples/loop.lua        (the shop: mysql < scripts/examples/shop.sql)
-- Look:  tideway preview scripts/examples/loop.lua    prints the messages and writes nothing
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local env = require "tideway.env"
local heartbeat = require "tideway.heartbeat"

sync.run {
  name = "loop",
  source = source.mysql {
    host = env.MYSQL_HOST or "127.0.0.1", port = tonumber(env.MYSQL_PORT or 3306),
    user = env.MYSQL_USER or "tideway", password = env.MYSQL_PASSWORD or "",
    tables = { "shop.users", "shop.carts" },
  },
  sink = kafka.sink { brokers = env.KAFKA_BROKERS or "127.0.0.1:9092" },
  heartbeat = heartbeat.new { interval = 5 },
  loop = function(changes, out)
    local count = 0
    for change in changes do
      for record in change:records() do out:send(record) end          -- as the options above define
      if change.op == "insert" or change.op == "read" then
        count = count + 1
        if count % 1000 == 0 then out:send { topic = "progress", key = "rows", value = { rows = count } } end
      end
    end
  end,
}
