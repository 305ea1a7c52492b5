-- Headers: consumers choose messages by them, without reading the messages. A header is a constant, a text with
-- variables or a function, for all tables or for some.
-- Run:   tideway run scripts/examples/headers.lua        (the shop: mysql < scripts/examples/shop.sql)
-- Look:  tideway preview scripts/examples/headers.lua    prints the messages and writes nothing
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local env = require "tideway.env"

sync.run {
  name = "headers",
  source = source.mysql {
    host = env.MYSQL_HOST or "127.0.0.1", port = tonumber(env.MYSQL_PORT or 3306),
    user = env.MYSQL_USER or "tideway", password = env.MYSQL_PASSWORD or "",
    tables = { "shop.orders_*", "shop.users" },
  },
  sink = kafka.sink { brokers = env.KAFKA_BROKERS or "127.0.0.1:9092" },
  headers = {
    table = "${DB_NAME_SRC}.${TABLE_NAME_SRC}",
    version = 2,
    ["shop.orders_*"] = {
      status = function(change) return change.row.status end,          -- each message of an update has that of its row
      total = function(change) return change.row.price * change.row.qty end,
    },
  },
}
