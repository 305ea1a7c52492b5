-- Every table of one database, unchanged: first the existing rows, then each change, in one topic for each table.
-- Run:   tideway run scripts/examples/quickstart.lua        (the shop: mysql < scripts/examples/shop.sql)
-- Look:  tideway preview scripts/examples/quickstart.lua    prints the messages and writes nothing
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local env = require "tideway.env"

sync.run {
  name = "quickstart",
  source = source.mysql {
    host = env.MYSQL_HOST or "127.0.0.1", port = tonumber(env.MYSQL_PORT or 3306),
    user = env.MYSQL_USER or "tideway", password = env.MYSQL_PASSWORD or "",
    tables = { "shop.*", "!shop.clicks" },
  },
  sink = kafka.sink { brokers = env.KAFKA_BROKERS or "127.0.0.1:9092" },
}
