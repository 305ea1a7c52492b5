-- No Kafka at all: messages as lines on stdout (or in a file), to try out a mapping.
-- Run:   tideway run scripts/examples/stdout.lua        (the shop: mysql < scripts/examples/shop.sql)
-- Look:  tideway preview scripts/examples/stdout.lua    prints the messages and writes nothing
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local env = require "tideway.env"

sync.run {
  name = "stdout",
  source = source.mysql {
    host = env.MYSQL_HOST or "127.0.0.1", port = tonumber(env.MYSQL_PORT or 3306),
    user = env.MYSQL_USER or "tideway", password = env.MYSQL_PASSWORD or "",
    tables = { "shop.users" },
  },
  sink = kafka.lines { },                                  -- or { file = "messages.jsonl" }
  checkpoint = { file = "stdout.checkpoint" },
  heartbeat = false,
  update = "one",                                          -- one record with both images for an update
}
