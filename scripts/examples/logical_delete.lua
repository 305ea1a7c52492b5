-- Rows that are deleted in the database stay in Kafka, with a flag: for a warehouse that keeps history, or a search
-- index that hides them. Changes of a table that only grows may be left out altogether.
-- Run:   tideway run scripts/examples/logical_delete.lua        (the shop: mysql < scripts/examples/shop.sql)
-- Look:  tideway preview scripts/examples/logical_delete.lua    prints the messages and writes nothing
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local env = require "tideway.env"

sync.run {
  name = "logical-delete",
  source = source.mysql {
    host = env.MYSQL_HOST or "127.0.0.1", port = tonumber(env.MYSQL_PORT or 3306),
    user = env.MYSQL_USER or "tideway", password = env.MYSQL_PASSWORD or "",
    tables = { "shop.users", "shop.orders_*", "shop.events" },
  },
  sink = kafka.sink { brokers = env.KAFKA_BROKERS or "127.0.0.1:9092" },
  dml = {
    ["shop.users"] = { delete = "logical", flag = "deleted" },         -- an update, whose new row has deleted = true
    ["shop.orders_*"] = { delete = "ignore" },
    ["shop.events"] = { update = "ignore", delete = "ignore" },        -- each row is written once
  },
}
