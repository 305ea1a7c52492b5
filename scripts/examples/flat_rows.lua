-- Messages that are only the row, as many sinks and stream processors expect them: on_change sends it instead of the
-- message with schema and images. A deleted row becomes a tombstone, so that a compacted topic has the rows of the table.
-- Run:   tideway run scripts/examples/flat_rows.lua        (the shop: mysql < scripts/examples/shop.sql)
-- Look:  tideway preview scripts/examples/flat_rows.lua    prints the messages and writes nothing
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local env = require "tideway.env"
local json = require "tideway.json"

sync.run {
  name = "flat-rows",
  source = source.mysql {
    host = env.MYSQL_HOST or "127.0.0.1", port = tonumber(env.MYSQL_PORT or 3306),
    user = env.MYSQL_USER or "tideway", password = env.MYSQL_PASSWORD or "",
    tables = { "shop.users", "shop.carts" },
  },
  sink = kafka.sink { brokers = env.KAFKA_BROKERS or "127.0.0.1:9092" },
  on_change = {
    ["shop.*"] = function(change)
      if change.op == "update" and change:changed "id" then            -- the row has left its old key
        change:emit { topic = change, key = change.before.id, value = json.null }
      end
      change:emit { topic = change, key = change, value = change.op == "delete" and json.null or change.row }
      return false                                                     -- the messages of the format are not written
    end,
  },
}
