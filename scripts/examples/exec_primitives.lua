-- The primitives by themselves, without a sync: create a topic, send, read back, ask the database. For experiments
-- and small jobs; everything connects and acts at once.
-- Run:   tideway exec scripts/examples/exec_primitives.lua        (the shop: mysql < scripts/examples/shop.sql)
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local heartbeat = require "tideway.heartbeat"
local env = require "tideway.env"
local json = require "tideway.json"

local brokers = env.KAFKA_BROKERS or "127.0.0.1:9092"
local topic = env.TOPIC or "tideway.example"

kafka.topics { brokers = brokers }:create { name = topic, partitions = 1 }

local shop = source.mysql {
  host = env.MYSQL_HOST or "127.0.0.1", port = tonumber(env.MYSQL_PORT or 3306),
  user = env.MYSQL_USER or "tideway", password = env.MYSQL_PASSWORD or "",
}
local producer = kafka.producer { brokers = brokers }
for _, user in ipairs(shop:query "SELECT id, name, city FROM shop.users ORDER BY id") do
  producer:send { topic = topic, partition = 0, key = user.id, value = { name = user.name, city = user.city } }
end
local beat = heartbeat.new { interval = 5 }:message(1620457659000)
producer:send { topic = topic, partition = 0, key = json.null, value = beat }
producer:flush(10)

local consumer = kafka.consumer { brokers = brokers, topics = { topic }, from_beginning = true }
for _ = 1, 4 do
  local record = consumer:poll(10)
  if not record then break end
  print(record.key, record.value)
end
consumer:close()
