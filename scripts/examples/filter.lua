-- Only some rows: the filter sees each image. An update that makes a row pass becomes an INSERT, and one that makes
-- it fail becomes a DELETE, so the topic always contains exactly what passes the filter.
-- Run:   tideway run scripts/examples/filter.lua        (the shop: mysql < scripts/examples/shop.sql)
-- Look:  tideway preview scripts/examples/filter.lua    prints the messages and writes nothing
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local env = require "tideway.env"

sync.run {
  name = "filter",
  source = source.mysql {
    host = env.MYSQL_HOST or "127.0.0.1", port = tonumber(env.MYSQL_PORT or 3306),
    user = env.MYSQL_USER or "tideway", password = env.MYSQL_PASSWORD or "",
    tables = { "shop.orders_*" },
  },
  sink = kafka.sink { brokers = env.KAFKA_BROKERS or "127.0.0.1:9092" },
  filter = {
    ["shop.orders_*"] = function(row) return row.status ~= "draft" end,
  },
}
