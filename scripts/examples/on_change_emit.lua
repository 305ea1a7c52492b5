-- Look at a change as a whole: drop it, send it elsewhere, add records of your own. Emitted records come
-- after the records of the change and are acknowledged with them.
-- Run:   tideway run scripts/examples/on_change_emit.lua        (the shop: mysql < scripts/examples/shop.sql)
-- Look:  tideway preview scripts/examples/on_change_emit.lua    prints the messages and writes nothing
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local env = require "tideway.env"

sync.run {
  name = "on-change-emit",
  source = source.mysql {
    host = env.MYSQL_HOST or "127.0.0.1", port = tonumber(env.MYSQL_PORT or 3306),
    user = env.MYSQL_USER or "tideway", password = env.MYSQL_PASSWORD or "",
    tables = { "shop.carts", "shop.users" },
  },
  sink = kafka.sink { brokers = env.KAFKA_BROKERS or "127.0.0.1:9092" },
  on_change = {
    ["shop.carts"] = function(change)
      if change.row.total == 0 then return false end                   -- nothing is written
      if change.row.total > 100 then
        change:emit { topic = "carts.big", key = change,                -- key of the change's own records
          value = { cart = change.row.id, user = change.row.user_id, op = change.op } }
      end
    end,
    ["shop.users"] = function(change)
      if change.op == "update" and not change:changed("mail") then return end
      change:emit { topic = "mail.changes", key = change, value = { mail = change.row.mail }, headers = { source = "users" } }
    end,
  },
}
