-- Topic names by rules: the first rule that matches gives the name, then the template adds the database.
-- A rule with `final` skips the template.
-- Run:   tideway run scripts/examples/regex_topics.lua        (the shop: mysql < scripts/examples/shop.sql)
-- Look:  tideway preview scripts/examples/regex_topics.lua    prints the messages and writes nothing
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local env = require "tideway.env"

sync.run {
  name = "regex-topics",
  source = source.mysql {
    host = env.MYSQL_HOST or "127.0.0.1", port = tonumber(env.MYSQL_PORT or 3306),
    user = env.MYSQL_USER or "tideway", password = env.MYSQL_PASSWORD or "",
    tables = { "shop.*", "!shop.clicks" },
  },
  sink = kafka.sink { brokers = env.KAFKA_BROKERS or "127.0.0.1:9092" },
  topic = {
    { regex = [[^(\w+)_(\d{4})$]], to = "archive.$1.$2" },   -- PCRE2; $1 and $2 are its groups
    { prefix = "st", to = "wh-st" },                         -- another prefix; the rest of the name is kept
    { tables = { "shop.events" }, to = "audit", final = true },
    db = { { regex = "^shop$", to = "store" } },
    template = "${db_name_src_transed}.${db_table_name_src_transed}",
  },
}
