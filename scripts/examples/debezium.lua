-- The message format of Debezium's MySQL connector: its consumers can read these topics instead.
-- Run:   tideway run scripts/examples/debezium.lua    (the shop: mysql < scripts/examples/shop.sql)
-- Look:  tideway preview scripts/examples/debezium.lua prints the messages and writes nothing
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local env = require "tideway.env"

sync.run {
  name = "dbz",                                            -- topics dbz.shop.users ..., as the connector's topic.prefix
  source = source.mysql {
    host = env.MYSQL_HOST or "127.0.0.1", port = tonumber(env.MYSQL_PORT or 3306),
    user = env.MYSQL_USER or "tideway", password = env.MYSQL_PASSWORD or "",
    tables = { "shop.users", "shop.carts", "shop.clicks" },
  },
  sink = kafka.sink { brokers = env.KAFKA_BROKERS or "127.0.0.1:9092" },
  format = "debezium",
  fields = { region = "eu" },                              -- added fields are columns
}
