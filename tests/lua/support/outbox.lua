-- A sync with an outbox; env.CASE chooses its options.
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local outbox = require "tideway.outbox"
local env = require "tideway.env"

local cases = {
  columns = { topic = "shop.${kind}.v${version}", key = "aggregate", value = "payload", headers = { id = "id", trace = "trace" } },
  functions = {
    topic = function(row) return "x." .. row.kind end,
    key = function(row) return { row.kind, row.aggregate } end,
    value = function(row) return { id = row.id, data = row.payload } end,
    headers = { size = function(row) return row.payload and #row.payload end },
    updates = "skip",
  },
  keyless = { topic = "t", value = "payload" },
  no_column = {
    topic = "shop.${kind}",
    value = "paylod" },
  no_option = { topic = "t", value = "payload", header = {} },
  no_value = { topic = "t" },
  no_list = { topic = "t", value = "payload", headers = { "id" } },
  updates = { topic = "t", value = "payload", updates = "warn" },
  number = { topic = "t", value = "payload", key = 5 },
}

sync.run {
  name = "outbox",
  source = source.mysql { user = "u", tables = { "a.*" } },
  sink = kafka.sink { brokers = "127.0.0.1:1" },
  on_change = { ["a.outbox"] = outbox.new(cases[env.CASE]) },
}
