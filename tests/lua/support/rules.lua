-- One sync for many tests: env.CASE chooses the mapping.
local sync = require "tideway.sync"
local source = require "tideway.source"
local kafka = require "tideway.kafka"
local decimal = require "tideway.decimal"
local field = require "tideway.field"
local mask = require "tideway.mask"
local json = require "tideway.json"
local env = require "tideway.env"

local cases = {}

cases.plain = {}

cases.mask = {
  columns = { ["a.users"] = { mask = { mail = mask.email, age = mask.hash }, drop = { "secret" } } },
  key = "mail",
  topic = function(change) return "t." .. change.row.mail:sub(1, 1) end,
  fields = { copy = function(change) return change.row.mail end, old = function(change)
    return change.before and change.before.mail
  end, hidden = function(change) return change.row.secret end },
}

cases.mask_chain = {
  columns = { ["a.users"] = { mask = { mail = mask.chain { function(value, row) return value .. row.id end, mask.last(3) },
    age = mask.chain { function(value) return value > 9 and value or nil end, mask.last(1) } } } },
}
cases.mask_const = {
  columns = { ["a.users"] = { mask = { mail = mask.const "-", age = mask.null, secret = function(value, row)
    return value .. row.id
  end } } },
}

local function inner(value)
  error("no good " .. value)
end
local function outer(value)
  inner(value)
  return value
end
local function fails_in(case) -- a tail call, which leaves no frame of the hook
  return function(row)
    if row.mail ~= case then return true end
    return outer(case)
  end
end
cases.context = {
  columns = { ["a.users"] = { mask = {
    mail = function(mail)
      if mail == "boolean" then return true end
      if mail == "mask" then outer(mail) end
      return mail
    end,
    secret = mask.chain { function(secret, row) return row.mail == "chain" and outer("chain") or secret end } } } },
  on_row = { ["a.*"] = function() end, ["a.users"] = function(row)
    if row.mail == "row" then outer(row.mail) end
    if row.mail == "own" then error "own" end
  end },
  filter = fails_in "filter",
  on_change = function(change) if change.row.mail == "change" then outer "change" end end,
  topic = function(change) return fails_in "topic"(change.row) and "t" end,
  key = function(change) return fails_in "key"(change.row) and "k" end,
  fields = { a = field.long(1), b = function(change) return fails_in "field"(change.row) end },
}

local uuid = require "tideway.uuid"
local seen_mails = require "tideway.cache".new { max = 2 }
cases.depends_on_more = {
  on_change = function(change) seen_mails:set(change.row.mail, (seen_mails:get(change.row.mail) or 0) + 1) end,
  topic = function(change) return change.row.mail == "topic" and seen_mails:get "topic" and "x" or "t" end,
  key = function(change) return change.row.mail == "key" and uuid.v4() or "k" end,
  fields = { uuid = function() return uuid.v4() end, seen = function(change) return seen_mails:get(change.row.mail) end },
}

local function fails_at(age)
  return function(change)
    if change.row.age == age then error "no good" end
    return "t." .. (change.row.age or 0)
  end
end
local function age_but(age)
  return function(change) return fails_at(age)(change) and change.row.age end
end
cases.try = {
  columns = { ["a.users"] = { mask = { mail = sync.try(function(mail) return mail:match("@.+"):lower() end, nil) } } },
  filter = sync.try(function(row) return row.age < 100 end, true),
  on_change = sync.try(function(change)
    change:emit { topic = "seen", key = change.row.id, value = {} }
    change.headers = { first = change.row.secret:sub(1, 1) }
  end, function(message, change) change.headers = { failed = message, row = change.row.id } end),
  topic = sync.try(fails_at(11), "t.none"),
  key = sync.try(fails_at(12), function(_, change) return { "k", change.row.id } end),
  fields = {
    l = field.long(age_but(13), { default = -1 }), d = field.decimal(2, age_but(13), { default = 1 }),
    s = field.string(function(change) return change.row.secret end, { default = "-" }),
    b = field.bytes(function() error "never" end, { default = "\0" }), t = field.long(sync.try(age_but(14), nil)),
    wrong = field.string(function(change) return change.row.age == 15 and 5 or "x" end, { default = "y" }),
  },
}
cases.try_limits = {
  filter = sync.try(function(row)
    if row.age == 1 then while true do end end -- luacheck: ignore
    return ("x"):rep(200 << 20)
  end, true),
}
local order = {}
cases.order = {
  on_row = { ["a.*"] = function(_, change) order[#order + 1] = "pattern " .. change.image end,
    ["a.users"] = function(_, change) order[#order + 1] = "exact " .. change.image end },
  filter = function(_, change) order[#order + 1] = "filter " .. change.image; return true end,
  on_change = { ["a.*"] = function() order[#order + 1] = "on_change pattern" end,
    ["a.users"] = function() order[#order + 1] = "on_change exact" end },
  fields = { seen = function(change)
    local text = table.concat(order, ", ") .. ", field " .. change.image
    if change.image == "after" then order = {} end
    return text
  end },
}

local function seen(change)
  return change.op .. " " .. change.effect .. (change.is_new and " new" or "")
end
cases.effect = {
  filter = function(row) return row.age > 3 end,
  on_row = function(row, change) row.secret = seen(change) end,
  on_change = function(change) change:emit { topic = "seen", key = seen(change), value = { effect = change:copy().effect } } end,
  fields = { seen = seen },
}

cases.returns = {
  on_row = function(row) if row.mail == "row" then return row end end,
  on_change = function(change)
    local mail = change.row.mail
    if mail == "true" then return true end
    if mail == "false" then return false end
    if mail == "text" then return "yes" end
    if mail == "raise" then error("no good") end
  end,
}

cases.filter_raises = {
  filter = function(row) return row.age > 3 end,
}

cases.results = {
  topic = { { tables = "a.users", to = function(change)
    return ({ ["nil"] = nil, float = 1.5, bad = "a b", two = { "x", "y" }, none = {}, fine = "x" })[change.row.mail]
  end } },
  key = function(change) return ({ "a", 2, { "a", 3 }, 1.5 })[change.row.id] end,
}

cases.types = {
  fields = {
    l = field.long(function(c) return c.row.id end), d = field.double(function() return 1.5 end),
    m = field.decimal(2, function() return 1.005 end), s = field.string(function() return "s" end),
    b = field.boolean(function() return true end), t = field.date(function() return 86400000 end),
    y = field.bytes(function() return "\0\1\2" end), n = field.long(function() return nil end),
    u_int = function() return 7 end, u_float = function() return 0.5 end, u_bool = function() return false end,
    u_string = function() return "text" end,
  },
}

cases.wrong_type = { fields = { l = field.long(function(c) return c.row.mail end) } }

-- by the id of the row; id 9 gives nil
cases.two_types = { fields = { v = function(c) return ({ 1, "one", 1.5, true })[c.row.id] end } }

cases.one = { update = "one", topic = function(change) return "t." .. change.row.mail end }
cases.one_after = { update = "one", key_change = "after", key = "mail" }
cases.headers = { headers = { site = "eu", n = 7, half = 0.5, from = "${DB_NAME_SRC}", at = "${EXECUTE_TIME}", to = "${TABLE_NAME_DEST}",
    age = function(change) return change.row.age end, image = function(change) return change.image end,
    exact = function() return decimal.new "1.50" end },
  topic = function(change) return "t." .. change.row.mail end, tombstones = true,
  on_change = function(change)
    local word = change.row.secret
    if word == "set" then change.headers = { own = "x", f = 1.5, d = decimal.new "2.50" } end
    if word == "none" then change.headers = {} end
    if word == "emit" then change:emit { topic = "more", key = "k", value = { v = 1 } } end
    if word == "only" then change:emit { topic = "more", key = "k", value = { v = 1 } } return false end
  end }
cases.headers_wrong = { headers = { h = function(change)
  return ({ table = {}, boolean = true, infinite = math.huge, bytes = "\xff", none = json.null })[change.row.mail]
end } }
cases.headers_set_wrong = { on_change = function(change)
  change.headers = { h = ({ boolean = true, infinite = math.huge })[change.row.mail] }
end }
cases.logical = { dml = { delete = "logical", flag = "deleted" },
  fields = { image = function(change) return change.op .. " " .. change.image end },
  filter = function(row) return row.age ~= 0 end, topic = function(change) return "t." .. change.row.mail end,
  on_change = function(change)
    if change.row.secret == "emit" then change:emit { topic = "more", key = change, value = change } return false end
  end }
cases.logical_one = { dml = { ["a.users"] = { delete = "logical", flag = "deleted" } }, update = "one", tombstones = true }
cases.ignored = { dml = { insert = "ignore", update = "ignore", delete = "ignore" }, filter = function(row) return row.age ~= 0 end,
  on_change = function(change)
    if change.row.secret == "emit" then change:emit { topic = "more", key = change, value = change } end
  end }
cases.no_delete = { dml = { delete = "ignore" }, update = "one" }
cases.ddl = { ddl = env.KIND and { [env.KIND] = env.POLICY or "ignore" } }
cases.ddl_strict = { ddl = { add_column = "ignore", drop_column = "error", rename_column = "alert" } }
cases.ddl_loop = { ddl = { add_column = "ignore" }, loop = function(changes, out)
  for change in changes do out:send { topic = "loop", key = json.null, value = change.op } end
end }
cases.tombstones = { tombstones = true, topic = function(change)
  return change.row.mail == "both" and { "t.a", "t.b" } or "t." .. (change.row.mail or "x")
end }
cases.tombstones_one = { tombstones = { ["a.*"] = true }, update = "one", filter = function(row) return row.age ~= 0 end,
  on_change = function(change)
    change.headers = { from = "test" }
    if change.row.secret == "nokey" then change.key = json.null end
    if change.row.secret == "emit" then change:emit { topic = "more", key = change, value = change } end
  end }
cases.tombstones_after = { tombstones = true, update = "one", key_change = "after" }
cases.canonical = { op_names = "canonical" }
cases.by_table = { update = { ["a.users"] = "one" } }

cases.set = {
  on_change = function(change)
    change.topic, change.key = "set", { "k", 1 }
    change.headers = { h = "v" }
    if change.row.mail == "null" then change.key = json.null end
    if change.row.mail == "empty" then change.key = "" end
  end,
}

cases.emit = {
  on_change = function(change)
    change:emit { topic = "tomb", key = "t", value = json.null }
    change:emit { topic = "copy", key = change, value = change }
    change:emit { topic = "own", key = { "a", 1 }, value = { id = change.row.id }, headers = { x = "1" }, partition = 3 }
    if change.row.mail == "drop" then return false end
  end,
}

-- An outbox whose payload or kind may be NULL.
cases.outbox = {
  on_change = function(change)
    local row = change.row
    change:emit { topic = row.kind, key = row.entity, value = row.payload }
    return false
  end,
}

-- The forms in which a row can become JSON.
cases.json = {
  on_change = function(change)
    local copy, whole = sync.copy(change.row), change:copy()
    local function emit(topic, value) change:emit { topic = topic, key = change, value = value } end
    emit("row", change.row)
    emit("encode", json.encode(change.row))
    emit("nested", { list = { change.row } })
    emit("copy", copy)
    emit("whole", whole.row)
    copy.none, copy.id, copy.added, copy.note = nil, 2, true, "edited"
    emit("edited", copy)
    emit("nulls", { copied = rawequal(sync.copy(change.row).bin, json.null), read = change.row.bin == nil,
      whole = rawequal(whole.row.bin, json.null) })
    emit("indent", json.encode(change.row, { indent = 1 }))
    return false
  end,
}

cases.key_kept = {
  on_row = function(row)
    if row.mail == "key" then row.id = nil end
    if row.mail == "null" then row.id = json.null end
    row.age = json.null
  end,
}

cases.key_elsewhere = { on_row = function(row) row.id = nil end, key = "mail" }
cases.key_nullable = { on_row = function(row) row.mail = nil end, key = "mail" }
cases.key_masked = { key = "mail", columns = { ["a.*"] = { mask = { mail = function(value)
  if value ~= "keep" then return nil end
  return "kept"
end } } } }
cases.key_masked_away = { columns = { ["a.users"] = { mask = {
  id = mask.null,
} } } }

cases.key_null = { key = { "mail", "site" }, fields = { site = "eu" } }
cases.key_null_refused = { key = { "mail", "site" }, fields = { site = "eu" }, key_null = "error" }
cases.key_null_function = { key = function(change) return change.row.mail or "none" end, key_null = "error" }

-- Keys of several parts as JSON.
local function json_key(case)
  case.key_format = "json"
  return case
end
cases.json_key = json_key { columns = { ["a.codes"] = { rename = { a = "first" }, drop = { "b" } } },
  key = { ["a.codes"] = { "a", "b", "n", "raw", "site" } }, fields = { site = "eu" } }
cases.json_key_own = json_key {}
cases.json_key_list = json_key { key = function(change)
  return change.row.n == 0 and "as, it is" or { change.row.a, change.row.b, change.row.n }
end }
cases.json_key_set = json_key { on_change = function(change)
  change.key = { change.row.a, 5 }
  change:emit { topic = "more", key = { change.row.b, "x" }, value = json.null }
  change:emit { topic = "more", key = 'te"xt', value = json.null }
end }
cases.text_key_list = { key = function(change) return { change.row.a, change.row.b } end }

cases.edit = {
  on_row = function(row)
    if row.mail == "int" then row.mail = 5 end
    if row.mail == "range" then row.age = 1 << 40 end
    if row.mail == "null" then row.mail = nil end
    if row.mail == "unknown" then row.nothing = 1 end
    if row.mail == "set" then row.mail, row.age = "edited", 7 end
    if row.mail == "key" then row.id = row.id + 100 end
  end,
  key = "id",
}

cases.read_only = { filter = function(row) row.mail = "x" return true end }

local kept
cases.expired = { on_change = function(change)
  if change.table == "other" then return kept.mail == nil end
  kept = change.row
end }

cases.expired_same = { on_change = function(change)
  local row = kept or change.row
  kept = row
  return row.mail ~= nil
end }

cases.renamed = {
  columns = { ["a.users"] = { rename = { mail = "email" } } },
  fields = { x = function(change) return change.row.email end },
}

cases.undefined = { on_change = function() return undefinde_global end } -- luacheck: ignore

cases.variables = {
  topic = { template = "t_${table_name_src}" },
  fields = { at = "${EXECUTE_TIME}", now = "${UPDATE_TIME}", text = "${TABLE_NAME_DEST}@${EXECUTE_TIME}",
    day = field.date "${EXECUTE_TIME}", all = "${DB_NAME_SRC}/${DATASOURCE_NAME_SRC}/${DATASOURCE_NAME_DEST}" },
}

cases.topic_variable = {
  topic = function(change) return "t." .. change.row.id end,
  fields = { dest = "${TABLE_NAME_DEST}", text = "to ${TABLE_NAME_DEST}" },
}

local options = assert(cases[env.CASE], "no such case: " .. tostring(env.CASE))
options.name = "rules"
options.source = source.mysql { name = "src", user = "u", tables = { "a.*" } }
options.sink = kafka.sink { name = "dest", brokers = "127.0.0.1:1" }
sync.run(options)
