-- Message keys: another column, several columns, a function, and the key of a table without a primary key.
-- Run:   tideway run scripts/examples/keys.lua        (the shop: mysql < scripts/examples/shop.sql)
-- Look:  tideway preview scripts/examples/keys.lua    prints the messages and writes nothing
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local env = require "tideway.env"

sync.run {
  name = "keys",
  source = source.mysql {
    host = env.MYSQL_HOST or "127.0.0.1", port = tonumber(env.MYSQL_PORT or 3306),
    user = env.MYSQL_USER or "tideway", password = env.MYSQL_PASSWORD or "",
    tables = { "shop.carts", "shop.stock", "shop.events", "shop.clicks" },
  },
  sink = kafka.sink { brokers = env.KAFKA_BROKERS or "127.0.0.1:9092" },
  key = {
    ["shop.carts"] = "user_id",                            -- all carts of a user in one partition, in order
    ["shop.stock"] = { "warehouse", "product_id" },        -- joined with a comma: "BER,1"
    ["shop.events"] = function(change) return change.row.region .. "-" .. change.row.id end,
  },
  no_primary_key = { ["shop.clicks"] = "row" },            -- a hash of the row; also "empty", "unique", "table"
}
