-- A transactional outbox: the application inserts its events into a table, in the transaction that changes its data,
-- and each becomes one message with a topic, a key and headers of its own. Here the table is shop.events.
-- Run:   tideway run scripts/examples/outbox.lua        (the shop: mysql < scripts/examples/shop.sql)
-- Look:  tideway preview scripts/examples/outbox.lua    prints the messages and writes nothing
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local env = require "tideway.env"
local json = require "tideway.json"
local outbox = require "tideway.outbox"

sync.run {
  name = "outbox",
  source = source.mysql {
    host = env.MYSQL_HOST or "127.0.0.1", port = tonumber(env.MYSQL_PORT or 3306),
    user = env.MYSQL_USER or "tideway", password = env.MYSQL_PASSWORD or "",
    tables = { "shop.events" },
  },
  sink = kafka.sink { brokers = env.KAFKA_BROKERS or "127.0.0.1:9092" },
  on_change = {
    ["shop.events"] = outbox.new {
      topic = "events.${kind}", key = "region", headers = { id = "id" },
      value = function(row) return { kind = row.kind, note = row.note or json.null } end,
      updates = "skip",                                                -- an outbox is only inserted into, and cleaned up
    },
  },
}
