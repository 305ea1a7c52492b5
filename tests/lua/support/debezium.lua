-- A sync with format = "debezium"; env.CASE chooses the options.
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local field = require "tideway.field"
local env = require "tideway.env"

local cases = {
  plain = {},
  fields = { fields = { origin = "shop", price2 = field.decimal(2, function(change) return change.row.price end) } },
  filter = { filter = function(row) return row.n > 0 end },
  emit = { on_change = function(change)
    change.headers = { from = "test" }
    change:emit { topic = "copy", key = "k", value = change }
    return change.op ~= "delete"
  end },
  logical = { dml = { delete = "logical", flag = "gone" } },
  no_tombstones = { tombstones = false },
  topics = { topic = function(change) return "t" .. change.row.n end },
}

local options = cases[env.CASE]
options.name, options.format = "dbz", "debezium"
options.source = source.mysql { user = "u", tables = { "a.*" } }
options.sink = kafka.sink { brokers = "b" }
sync.run(options)
