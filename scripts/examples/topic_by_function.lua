-- A topic for each record: a function of the change returns it. It is called for every record and must depend on
-- the change alone. A list of topics sends the record to each of them.
-- Run:   tideway run scripts/examples/topic_by_function.lua        (the shop: mysql < scripts/examples/shop.sql)
-- Look:  tideway preview scripts/examples/topic_by_function.lua    prints the messages and writes nothing
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local env = require "tideway.env"

sync.run {
  name = "topic-by-function",
  source = source.mysql {
    host = env.MYSQL_HOST or "127.0.0.1", port = tonumber(env.MYSQL_PORT or 3306),
    user = env.MYSQL_USER or "tideway", password = env.MYSQL_PASSWORD or "",
    tables = { "shop.events" },
  },
  sink = kafka.sink { brokers = env.KAFKA_BROKERS or "127.0.0.1:9092" },
  topic = {
    { tables = { "shop.events" }, to = function(change)
      if change.row.kind == "logout" then return { "events." .. change.row.region, "events.logout" } end
      return "events." .. change.row.region
    end },
  },
}
