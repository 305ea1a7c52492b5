-- Many tables, one topic: the orders of every year go to "orders". The tables have the same ids, so the key
-- contains a field that distinguishes them.
-- Run:   tideway run scripts/examples/many_to_one.lua        (the shop: mysql < scripts/examples/shop.sql)
-- Look:  tideway preview scripts/examples/many_to_one.lua    prints the messages and writes nothing
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local env = require "tideway.env"

sync.run {
  name = "many-to-one",
  source = source.mysql {
    host = env.MYSQL_HOST or "127.0.0.1", port = tonumber(env.MYSQL_PORT or 3306),
    user = env.MYSQL_USER or "tideway", password = env.MYSQL_PASSWORD or "",
    tables = { "shop.orders_*" },
  },
  sink = kafka.sink { brokers = env.KAFKA_BROKERS or "127.0.0.1:9092" },
  topic = {
    { tables = { "shop.orders_*" }, to = "orders" },
  },
  fields = { origin = "${DB_NAME_SRC}.${TABLE_NAME_SRC}" },
  key = { ["shop.orders_*"] = { "origin", "id" } },
  full = { parallel = 1 },                                 -- one table after another
}
