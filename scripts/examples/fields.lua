-- Additional fields after the columns of a table: constants, variables, functions with and without a declared
-- type, for all tables or only for some.
-- Run:   tideway run scripts/examples/fields.lua        (the shop: mysql < scripts/examples/shop.sql)
-- Look:  tideway preview scripts/examples/fields.lua    prints the messages and writes nothing
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local env = require "tideway.env"
local field = require "tideway.field"

sync.run {
  name = "fields",
  source = source.mysql {
    host = env.MYSQL_HOST or "127.0.0.1", port = tonumber(env.MYSQL_PORT or 3306),
    user = env.MYSQL_USER or "tideway", password = env.MYSQL_PASSWORD or "",
    tables = { "shop.orders_*", "shop.carts" },
  },
  sink = kafka.sink { brokers = env.KAFKA_BROKERS or "127.0.0.1:9092" },
  fields = {
    site = "eu-west",                                      -- constant
    origin = "${DB_NAME_SRC}.${TABLE_NAME_SRC}",           -- variables, computed once for a table
    version = field.long(2),                               -- a constant of a declared type
    ["shop.orders_*"] = {
      total = field.decimal(2, function(change) return change.row.price * change.row.qty end),
      is_large = function(change) return change.row.qty > 3 end,   -- type by value: BOOLEAN
    },
  },
}
