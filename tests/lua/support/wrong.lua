-- Each case is wrong on the line that its test names; env.CASE chooses.
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local env = require "tideway.env"

local src = source.mysql { user = "u", tables = { "a.*" } }
local sink = kafka.sink { brokers = "127.0.0.1:1" }

local cases = {}

function cases.option()
  sync.run {
    name = "wrong", source = src, sink = sink,
    -- partitons = 6 in a comment is not the option
    topics = {
      replication = 1,
      partitons = 6,
    },
  }
end

function cases.value()
  sync.run { name = "wrong", source = src, sink = sink,
    heartbeat = 5,
    update = {
      default = "two",
      ["a.users"] = "three",
    },
  }
end

function cases.rule()
  sync.run { name = "wrong", source = src, sink = sink,
    topic = {
      { tables = "a.*", to = "x" },
      { tables = "a.*", too = "x" },
    },
  }
end

function cases.column()
  sync.run { name = "wrong", source = src, sink = sink,
    columns = {
      ["a.users"] = {
        rename = { mail = "email" },
        drop = { "pasword" },
      },
    },
  }
end

function cases.own_function()
  sync.run { name = "wrong", source = src, sink = sink,
    on_change = function(change)
      return change.row.mail
    end,
  }
end

function cases.types()
  sync.run { name = "wrong", source = src, sink = sink,
    types = {
      ["a.users"] = {
        tinyint1 = "boolaen",
      },
    },
  }
end

cases[env.CASE]()
