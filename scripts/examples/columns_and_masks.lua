-- Which columns of a table are written: renamed, dropped, ordered and masked columns. Masks run before everything
-- else, so that key, topic, fields and functions see only the masked value.
-- Run:   tideway run scripts/examples/columns_and_masks.lua        (the shop: mysql < scripts/examples/shop.sql)
-- Look:  tideway preview scripts/examples/columns_and_masks.lua    prints the messages and writes nothing
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local env = require "tideway.env"
local mask = require "tideway.mask"

sync.run {
  name = "columns-and-masks",
  source = source.mysql {
    host = env.MYSQL_HOST or "127.0.0.1", port = tonumber(env.MYSQL_PORT or 3306),
    user = env.MYSQL_USER or "tideway", password = env.MYSQL_PASSWORD or "",
    tables = { "shop.users", "shop.events" },
  },
  sink = kafka.sink { brokers = env.KAFKA_BROKERS or "127.0.0.1:9092" },
  columns = {
    ["shop.users"] = {
      rename = { mail = "email" },
      drop = { "password" },
      order = { "id", "city" },                            -- these columns first
      mask = {
        mail = mask.email,                                 -- a***@example.com
        phone = mask.phone,                                -- +** *** ***4567
        name = mask.hash { key = env.MASK_KEY or "change me" },
      },
    },
    ["shop.events"] = { keep = { "id", "kind" } },         -- an allow-list: a column added later is not written
  },
}
