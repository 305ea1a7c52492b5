-- Edit rows before anything else sees them. on_row is called for each image, in the full sync and in the
-- stream; topic, key and fields are computed from the edited row.
-- Run:   tideway run scripts/examples/on_row_edit.lua        (the shop: mysql < scripts/examples/shop.sql)
-- Look:  tideway preview scripts/examples/on_row_edit.lua    prints the messages and writes nothing
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local env = require "tideway.env"

sync.run {
  name = "on-row-edit",
  source = source.mysql {
    host = env.MYSQL_HOST or "127.0.0.1", port = tonumber(env.MYSQL_PORT or 3306),
    user = env.MYSQL_USER or "tideway", password = env.MYSQL_PASSWORD or "",
    tables = { "shop.events" },
  },
  sink = kafka.sink { brokers = env.KAFKA_BROKERS or "127.0.0.1:9092" },
  on_row = {
    ["shop.events"] = function(row)
      if row.note then row.note = row.note:gsub("^%s+", ""):gsub("%s+$", ""):gsub("%s+", " ") end
      row.region = row.region:upper()
    end,
  },
}
