-- The rules of lua-api.md, seen from outside: what records come out.
local test = require "tideway.test"
local json = require "tideway.json"

local USERS = "CREATE TABLE a.users (id INT PRIMARY KEY, mail VARCHAR(90), age INT, secret VARCHAR(20))"

local function load(case)
  return test.load("support/rules.lua", { env = { CASE = case } }):table(USERS)
end

local function user(mail, age)
  return { id = 1, mail = mail, age = age, secret = "s3" }
end

local function insert(case, mail, age)
  return load(case):insert("a.users", user(mail, age))
end

test.case("masks hold for both images, key, topic and fields; a dropped column stays readable", function()
  local r = load("mask"):update("a.users", user("ann@x.y", 5), { mail = "bob@x.y" })
  test.equal(#r, 2)
  test.equal(r[1].topic, "t.a")
  test.equal(r[2].topic, "t.b")
  test.equal(r[1].key, "a***@x.y")
  test.equal(r[2].key, "b***@x.y")
  test.equal(r[1].before.mail, "a***@x.y")
  test.equal(r[2].after.mail, "b***@x.y")
  test.equal(r[2].after.copy, "b***@x.y")
  test.equal(r[2].after.old, "a***@x.y")
  test.equal(r[2].after.hidden, "s3")
  test.absent(r[2].after, "secret")
  test.equal(#r[2].after.age, 64)
  test.equal(r[2].schema.dataColumn[3].type, "STRING")
  test.ok(not r[1].text:find("ann", 1, true) and not r[2].text:find("ann", 1, true))
end)

test.case("a chain of masks holds for both images, and a value that it takes away is NULL", function()
  local r = load("mask_chain"):update("a.users", user("ann@x.y", 5), { mail = "bob@x.y", age = 42 })
  test.equal(r[1].before.mail, "*****.y1")
  test.equal(r[1].before.age, json.null)
  test.equal(r[2].after.mail, "*****.y1")
  test.equal(r[2].after.age, "*2")
end)

test.case("NULL stays NULL under a mask", function()
  local r = load("mask_const"):insert("a.users", { id = 1, age = 3 })[1]
  test.equal(r.after.mail, "-")
  test.equal(r.after.age, json.null)
  test.equal(r.after.secret, json.null)
  test.equal(insert("mask_const", "x", 1)[1].after.secret, "s31")
end)

test.case("order: on_row for each image, patterns first; filter; on_change; fields", function()
  local r = load("order"):update("a.users", user("a"), { mail = "b" })
  test.equal(r[2].after.seen, "pattern before, exact before, pattern after, exact after, filter before, "
    .. "filter after, on_change pattern, on_change exact, field after")
end)

test.case("what on_change may return", function()
  test.equal(#insert("returns", "x"), 1)
  test.equal(#insert("returns", "true"), 1)
  test.equal(#insert("returns", "false"), 0)
  test.raises(function() insert("returns", "text") end, "on_change must return nothing, true (keep) or false (drop)")
  test.raises(function() insert("returns", "row") end, "on_row must return nothing")
end)

test.case("a function that raises lets nothing through and says where", function()
  local message = test.raises(function() insert("returns", "raise") end, "no good")
  test.ok(message:find("rules.lua:%d+"), message)
  test.raises(function() insert("filter_raises", "x", nil) end, "rules.lua")
  test.equal(#insert("filter_raises", "x", 3), 0)
  test.equal(#insert("filter_raises", "x", 4), 1)
end)

test.case("an error names the function of the sync and the calls that led to it", function()
  local shop = load("context")
  local function context(mail)
    local message = test.raises(function() shop:insert("a.users", user(mail, 1)) end, mail)
    test.ok(message:find("table a.users, insert at test.000001:0: rules.lua:%d+: "), message)
    return message:match(" %(.*$"):gsub("rules.lua:%d+", "#")
  end
  test.equal(context "mask", " (in mask of column 'mail', called from #, #)")
  test.equal(context "chain", " (in mask of column 'secret', called from #, #)")
  test.equal(context "row", " (in on_row, called from #, #)")
  test.equal(context "own", " (in on_row)")
  test.equal(context "filter", " (in filter, called from #)")
  test.equal(context "change", " (in on_change, called from #, #)")
  test.equal(context "topic", " (in topic, called from #, #)")
  test.equal(context "key", " (in key, called from #, #)")
  test.equal(context "field", " (in field 'b', called from #)")
  test.equal(#shop:insert("a.users", user("fine", 1)), 1)
  local message = test.raises(function() shop:insert("a.users", user("boolean", 1)) end, "does not take a boolean")
  test.ok(message:find(" (in mask of column 'mail')", 1, true), message)
end)

test.case("functions that depend on more than the change are refused in topic and key functions", function()
  local shop = load("depends_on_more")
  for mail, name in pairs { topic = "cache:get", key = "uuid.v4" } do
    local message = test.raises(function() shop:insert("a.users", user(mail, 1)) end, "is not for topic and key functions")
    test.ok(message:find("rules.lua:%d+: " .. name .. " is not"), message)
    test.ok(message:find("(in " .. mail .. ")", 1, true), message)
  end
  test.equal(#shop:insert("a.users", user("field", 1))[1].after.uuid, 36)
  test.equal(shop:insert("a.users", user("field", 1))[1].after.seen, 2)
end)

test.case("sync.try and the default of a field", function()
  local shop = load("try")
  local function of(age, mail, secret) return shop:insert("a.users", { id = 1, mail = mail, age = age, secret = secret }) end
  local r = of(10, "Ann@X.y", "s")
  test.equal(#r, 2)
  test.equal(r[1].after.mail, "@x.y")
  test.same(r[1].headers, { first = "s" })
  test.equal(r[1].topic, "t.10")
  test.equal(r[1].key, "t.10")
  test.same({ r[1].after.l, r[1].after.s, r[1].after.b, r[1].after.t }, { 10, "s", "AA==", 10 })
  test.ok(r[1].text:find('"d":10.00', 1, true), r[1].text)
  r = of(11, "none", nil) -- mail and secret fail, and the message that was emitted before stays
  test.equal(#r, 2)
  test.equal(r[1].after.mail, json.null)
  test.equal(r[1].topic, "t.none")
  test.equal(r[1].headers.row, "1")
  test.ok(r[1].headers.failed:find("^rules.lua:%d+: attempt to index a nil value"), r[1].headers.failed)
  test.equal(r[1].after.s, "-")
  test.equal(of(12, "a@b", "s")[1].key, "k,1")
  r = of(13, "a@b", "s")[1]
  test.equal(r.after.l, -1)
  test.ok(r.text:find('"d":1.00', 1, true), r.text)
  test.equal(of(14, "a@b", "s")[1].after.t, json.null)
  test.equal(#of(100, "a@b", "s"), 0)
  test.equal(#of(nil, "a@b", "s"), 2) -- age < 100 raises, and the row passes
  test.raises(function() of(15, "a@b", "s") end,
    "field 'wrong': the function returned LONG where STRING is declared. Convert it, as with tostring")
end)

test.case("sync.try does not hide that a limit is reached", function()
  test.raises(function() load("try_limits"):insert("a.users", user("x", 1)) end, "instructions in one call")
  test.raises(function() load("try_limits"):insert("a.users", user("x", 2)) end, "not enough memory")
end)

test.case("change.effect: what the filter leaves of a change", function()
  local shop = load("effect")
  local function update(before, after) return shop:update("a.users", user("x", before), { age = after }) end
  local function check(records, op, rows, on_row)
    local effect = op:match("^%S+ (%S+)")
    local emitted = table.remove(records)
    test.same({ emitted.topic, emitted.key, emitted.value }, { "seen", op, { effect = effect } })
    test.equal(#records, #rows)
    for i, row in ipairs(rows) do
      test.equal(records[i].op, row)
      local image = records[i].after or records[i].before
      test.equal(image.seen, op)
      test.equal(image.secret, on_row)
    end
  end
  check(update(4, 5), "update update", { "UPDATE_BEFOR", "UPDATE_AFTER" }, "update update")
  check(update(1, 5), "update insert new", { "INSERT" }, "update update")
  check(update(5, 1), "update delete", { "DELETE" }, "update update")
  check(update(4, 5), "update update", { "UPDATE_BEFOR", "UPDATE_AFTER" }, "update update")
  check(shop:insert("a.users", user("x", 5)), "insert insert new", { "INSERT" }, "insert insert new")
  check(shop:delete("a.users", user("x", 5)), "delete delete", { "DELETE" }, "delete delete")
  check(shop:read("a.users", user("x", 5)), "read insert new", { "INSERT" }, "read insert new")
end)

test.case("results of topic and key functions", function()
  local shop = load("results")
  local function of(id, mail) return shop:insert("a.users", { id = id, mail = mail }) end
  test.equal(of(1, "fine")[1].topic, "x")
  test.equal(of(1, "fine")[1].key, "a")
  test.equal(of(2, "fine")[1].key, "2")
  test.equal(of(3, "fine")[1].key, "a,3")
  test.equal(#of(1, "two"), 2)
  test.raises(function() of(4, "fine") end, "rules.lua")
  test.raises(function() of(5, "fine") end, "rules.lua")
  for _, mail in ipairs { "nil", "float", "bad", "none" } do
    test.raises(function() of(1, mail) end, "rules.lua")
  end
end)

test.case("field types, declared and by value", function()
  local r = insert("types", "x")[1]
  local types = {}
  for _, column in ipairs(r.schema.dataColumn) do types[column.name] = column.type end
  test.equal(types.l .. types.d .. types.m .. types.s .. types.b .. types.t .. types.y,
    "LONGDOUBLEDOUBLESTRINGBOOLEANDATEBYTES")
  test.equal(types.n, "LONG")
  test.equal(types.u_int .. types.u_float .. types.u_bool .. types.u_string,
    "LONGDOUBLEBOOLEANSTRING")
  test.equal(r.after.n, json.null)
  test.equal(r.after.y, "AAEC")
  test.equal(r.after.t, 86400000)
  test.ok(r.text:find('"m":1.0[01]'), r.text)
  test.equal(r.after.u_bool, false)
  test.raises(function() insert("wrong_type", "x") end, "rules.lua")
  for first = 1, 4 do
    for second = 1, 4 do
      local shop = load("two_types")
      shop:insert("a.users", { id = first })
      if first == second then
        shop:insert("a.users", { id = second })
      else
        test.raises(function() shop:insert("a.users", { id = second }) end, "field 'v': the function returned ")
      end
      test.raises(function() shop:insert("a.users", { id = 9 }) end,
        "field 'v': the function returned nil, and the field has no declared type")
    end
  end
end)

test.case("one record for an update; a change of topic or key splits it", function()
  local shop = load("one")
  local r = shop:update("a.users", user("a"), { age = 4 })
  test.equal(#r, 1)
  test.equal(r[1].op, "UPDATE_AFTER")
  test.equal(r[1].before.age, json.null)
  r = shop:update("a.users", user("a"), { mail = "b" })
  test.equal(#r, 2)
  test.equal(r[1].op .. " " .. r[1].topic, "DELETE t.a")
  test.equal(r[2].op .. " " .. r[2].topic, "INSERT t.b")
  test.equal(r[1].value.payload.sequenceId, r[2].value.payload.sequenceId)
  r = load("one_after"):update("a.users", user("a"), { mail = "b" })
  test.equal(#r, 1)
  test.equal(r[1].key, "b")
  test.equal(#load("by_table"):update("a.users", user("a"), { mail = "b" }), 1)
  test.equal(#load("plain"):update("a.users", user("a"), { mail = "b" }), 2)
end)

test.case("on_change sets topic, key and headers", function()
  local r = insert("set", "x")[1]
  test.equal(r.topic, "set")
  test.equal(r.key, "k,1")
  test.equal(r.headers.h, "v")
end)

test.case("on_change sets a null key, which is not the empty key", function()
  local shop = load("set")
  test.equal(shop:insert("a.users", user("null"))[1].key, nil)
  test.equal(shop:delete("a.users", user("null"))[1].key, nil)
  test.equal(shop:insert("a.users", user("empty"))[1].key, "")
end)

test.case("emit: tombstone, as the change's own, its own", function()
  local r = insert("emit", "x")
  test.equal(#r, 4)
  test.equal(r[2].topic, "tomb")
  test.equal(r[2].text, nil)
  test.equal(r[3].topic .. r[3].key, "copy1")
  test.equal(r[3].after.mail, "x")
  test.equal(r[4].key, "a,1")
  test.same(r[4].value, { id = 1 })
  test.equal(r[4].headers.x, "1")
  test.equal(r[4].partition, 3)
end)

test.case("emit: what a dropped change has emitted is sent; dropping is about its own records", function()
  local shop = load("emit")
  local r = shop:insert("a.users", user("drop"))
  test.equal(#r, 3)
  test.equal(r[1].topic .. r[1].key, "tombt")
  test.equal(r[2].topic .. r[2].key .. r[2].op, "copy1INSERT")
  test.equal(r[2].after.mail, "drop")
  test.same(r[3].value, { id = 1 })
  r = shop:delete("a.users", user("drop"))
  test.equal(#r, 3)
  test.equal(r[2].topic .. r[2].key .. r[2].op, "copy1DELETE")
  test.equal(r[2].before.mail, "drop")
end)

test.case("emit: a copy of an update says so, whether the update is dropped or not", function()
  local shop = load("emit")
  local kept = shop:update("a.users", user("old"), { mail = "kept" })
  local dropped = shop:update("a.users", user("old"), { mail = "drop" })
  test.equal(kept[4].topic .. " " .. kept[4].op, "copy UPDATE_AFTER")
  test.equal(dropped[2].topic .. " " .. dropped[2].op, "copy UPDATE_AFTER")
end)

test.case("emit: nil is refused, never taken for the change's own", function()
  local shop = load("outbox"):table [[CREATE TABLE a.outbox (id INT PRIMARY KEY, kind VARCHAR(20), entity VARCHAR(20),
    payload TEXT)]]
  local whole = { id = 1, kind = "t", entity = "k", payload = "[]" }
  local r = shop:insert("a.outbox", whole)
  test.equal(#r, 1)
  test.equal(r[1].topic .. r[1].key .. r[1].text, "tk[]")
  for column, field in pairs { kind = "topic", entity = "key", payload = "value" } do
    local row = {}
    for name, value in pairs(whole) do row[name] = value end
    row[column] = json.null
    test.raises(function() shop:insert("a.outbox", row) end, "change:emit: " .. field .. " is missing (nil): give it")
  end
end)

test.case("json: a row is written with its NULLs, in column order, binary as base64; copies likewise", function()
  local shop = load("json"):table [[CREATE TABLE a.types (id INT PRIMARY KEY, none INT, bin VARBINARY(9), price DECIMAL(6,2),
    f FLOAT, big DECIMAL(30,3), flag BIT(1), at DATETIME, note TEXT)]]
  local decimal = require "tideway.decimal"
  local row = { id = 1, bin = "\xff\x00a", price = 12.3, f = 0.1, big = decimal "12345678901234567890.120", flag = true,
    at = 1000, note = '"\n' }
  local text = [[{"id":1,"none":null,"bin":"/wBh","price":12.30,"f":0.1,"big":12345678901234567890.120,"flag":true,]]
    .. [["at":1000,"note":"\"\n"}]]
  local by = {}
  for _, record in ipairs(shop:insert("a.types", row)) do by[record.topic] = record.text end
  for _, topic in ipairs { "row", "encode", "copy", "whole" } do test.equal(by[topic], text) end
  test.equal(by.nested, '{"list":[' .. text .. ']}')
  test.equal(by.edited, [[{"id":2,"bin":"/wBh","price":12.30,"f":0.1,"big":12345678901234567890.120,"flag":true,"at":1000,]]
    .. [["note":"edited","added":true}]])
  test.equal(by.indent:sub(1, 26), '{\n "id": 1,\n "none": null,')
  test.equal(by.nulls, '{"copied":false,"read":false,"whole":false}')
  row.bin, row.price, row.f, row.big, row.flag, row.at, row.note = nil, nil, nil, nil, nil, nil, nil
  for _, record in ipairs(shop:delete("a.types", row)) do by[record.topic] = record.text end
  text = [[{"id":1,"none":null,"bin":null,"price":null,"f":null,"big":null,"flag":null,"at":null,"note":null}]]
  test.equal(by.row .. by.copy, text .. text)
  test.equal(by.nulls, '{"copied":true,"read":true,"whole":true}')
  test.same(shop:delete("a.types", row)[1].value.bin, json.null)
end)

test.case("a key column keeps its value", function()
  local shop = load("key_kept")
  test.equal(shop:insert("a.users", user("x", 5))[1].after.age, json.null)
  for _, mail in ipairs { "key", "null" } do
    local message = test.raises(function() shop:insert("a.users", user(mail)) end,
      "on_row sets the key column 'id' of table a.users to nil, and its rows would share the key null. Leave it its value")
    test.ok(message:find("rules.lua:%d+: on_row"), message)
  end
  local r = load("key_elsewhere"):insert("a.users", user("m"))[1]
  test.equal(r.key, "m")
  test.equal(r.after.id, json.null)
  shop = load("key_nullable")
  test.raises(function() shop:insert("a.users", user("m")) end, "key column 'mail' of table a.users")
  test.equal(shop:insert("a.users", user(nil))[1].key, "null")
end)

test.case("the mask of a key column gives a value", function()
  local shop = load("key_masked")
  test.equal(shop:insert("a.users", user("keep"))[1].key, "kept")
  test.equal(shop:insert("a.users", user(nil))[1].key, "null")
  local message = test.raises(function() shop:insert("a.users", user("gone")) end,
    'the mask gives nil for the key column "mail" of a.users')
  test.ok(message:find("rules.lua:%d+: columns"), message)
  message = test.raises(function() insert("key_masked_away", "x") end, 'the mask gives nil for the key column "id" of a.users')
  test.ok(message:find("rules.lua:%d+: columns"), message)
end)

test.case('key_format = "json": an object of the parts, an array of a list, and what is one text as it is', function()
  local CODES = "CREATE TABLE a.codes (a VARCHAR(9), b VARCHAR(9), n INT, raw VARBINARY(9), PRIMARY KEY (a, b))"
  local function first(case, row) return load(case):table(CODES):insert("a.codes", row)[1] end
  local row = { a = "a,b", b = 'c"', n = 7, raw = "\xff" }
  local r = first("json_key", row)
  test.equal(r.key, [[{"first":"a,b","b":"c\"","n":7,"raw":"/w==","site":"eu"}]])
  test.same(r.schema.primaryKey, { "first", "n", "raw", "site" })
  test.equal(first("json_key", { a = "x", b = "null" }).key, [[{"first":"x","b":"null","n":null,"raw":null,"site":"eu"}]])
  test.equal(first("json_key_own", row).key, [[{"a":"a,b","b":"c\""}]])
  test.ok(first("json_key_own", { a = "a,b", b = "c" }).key ~= first("json_key_own", { a = "a", b = "b,c" }).key)
  test.equal(first("text_key_list", { a = "a,b", b = "c" }).key, first("text_key_list", { a = "a", b = "b,c" }).key)
  test.equal(first("json_key_list", row).key, [=[["a,b","c\"",7]]=])
  test.equal(first("json_key_list", { a = "a", n = 0 }).key, "as, it is")
  local records = load("json_key_set"):table(CODES):insert("a.codes", row)
  test.equal(records[1].key, '["a,b",5]')
  test.equal(records[2].key, [=[["c\"","x"]]=])
  test.equal(records[3].key, 'te"xt')
end)

test.case("op_names spells the image before an update", function()
  local function ops(case)
    local list = {}
    for i, record in ipairs(load(case):update("a.users", user("a"), { mail = "b" })) do
      list[i] = record.op .. " " .. record.value.payload.op
    end
    return list
  end
  test.same(ops "plain", { "UPDATE_BEFOR UPDATE_BEFOR", "UPDATE_AFTER UPDATE_AFTER" })
  test.same(ops "canonical", { "UPDATE_BEFORE UPDATE_BEFORE", "UPDATE_AFTER UPDATE_AFTER" })
  test.equal(insert("canonical", "x")[1].op, "INSERT")
end)

-- Return the op, topic and key of each record; a tombstone has "-".
local function shape(records)
  local list = {}
  for i, record in ipairs(records) do
    list[i] = ("%s %s %s"):format(record.op or record.value == nil and "-" or "?", record.topic, record.key)
  end
  return list
end

test.case("dml: a logical delete is an update that sets the flag", function()
  local shop = load "logical"
  local r = shop:delete("a.users", user("a", 5))
  test.same(shape(r), { "UPDATE_BEFOR t.a 1", "UPDATE_AFTER t.a 1" })
  test.same(r[1].before, { id = 1, mail = "a", age = 5, secret = "s3", image = "delete before", deleted = false })
  test.same(r[2].after, { id = 1, mail = "a", age = 5, secret = "s3", image = "delete before", deleted = true })
  test.equal(r[2].schema.dataColumn[6].name .. r[2].schema.dataColumn[6].type, "deletedBOOLEAN")
  test.equal(shop:insert("a.users", user("a"))[1].after.deleted, false)
  test.equal(shop:read("a.users", user("a"))[1].after.deleted, false)
  test.equal(shop:update("a.users", user("a"), { mail = "b" })[2].after.deleted, false)
  r = shop:update("a.users", user("a", 1), { age = 0 })
  test.same(shape(r), { "UPDATE_BEFOR t.a 1", "UPDATE_AFTER t.a 1" })
  test.equal(r[2].after.age, 1)
  test.equal(r[2].after.deleted, true)
  local row = user("a")
  row.secret = "emit"
  r = shop:delete("a.users", row)
  test.same(shape(r), { "UPDATE_AFTER more 1" })
  test.equal(r[1].value.payload.after.dataColumn.deleted, true)
  r = load("logical_one"):delete("a.users", user("a"))
  test.same(shape(r), { "UPDATE_AFTER users 1" })
  test.equal(r[1].before.deleted, false)
  test.equal(r[1].after.deleted, true)
end)

test.case("dml: what is ignored writes nothing of its own; the filter comes first; rows of a copy are not concerned", function()
  local shop = load "ignored"
  test.equal(#shop:insert("a.users", user("a", 1)), 0)
  test.equal(#shop:update("a.users", user("a", 1), { age = 2 }), 0)
  test.equal(#shop:delete("a.users", user("a", 1)), 0)
  test.equal(#shop:read("a.users", user("a", 1)), 1)
  local row = user("a", 1)
  row.secret = "emit"
  local r = shop:update("a.users", row, { age = 0 })
  test.same(shape(r), { "DELETE more 1" })
  test.equal(r[1].value.payload.op, "DELETE")
  shop = load "no_delete"
  test.equal(#shop:delete("a.users", user("a")), 0)
  test.same(shape(shop:update("a.users", user("a"), { id = 2 })), { "DELETE users 1", "INSERT users 2" })
end)

-- Statements on a.users, and their kinds.
local STATEMENTS = {
  { "CREATE TABLE a.more (id INT PRIMARY KEY)", "create_table" },
  { "CREATE TABLE a.more LIKE a.users", "create_table" },
  { "DROP TABLE a.users", "drop_table" },
  { "CREATE OR REPLACE TABLE a.users (id INT PRIMARY KEY)", "drop_table", "create_table" },
  { "ALTER TABLE a.users ADD COLUMN x INT", "add_column" },
  { "ALTER TABLE a.users DROP COLUMN age", "drop_column" },
  { "ALTER TABLE a.users RENAME COLUMN age TO years", "rename_column" },
  { "ALTER TABLE a.users CHANGE age years INT", "rename_column" },
  { "ALTER TABLE a.users CHANGE age years BIGINT", "rename_column", "modify_column" },
  { "ALTER TABLE a.users CHANGE age age BIGINT", "modify_column" },
  { "ALTER TABLE a.users MODIFY age BIGINT", "modify_column" },
  { "ALTER TABLE a.users ALTER COLUMN age SET DEFAULT 1", "modify_column" },
  { "ALTER TABLE a.users CONVERT TO CHARACTER SET utf8mb4", "modify_column" },
  { "RENAME TABLE a.users TO a.people", "rename_table" },
  { "ALTER TABLE a.users RENAME TO a.people", "rename_table" },
  { "ALTER TABLE a.users RENAME TO a.people, ADD COLUMN x INT", "rename_table", "add_column" },
  { "TRUNCATE TABLE a.users", "truncate" },
  { "CREATE INDEX i ON a.users (age)", "create_index" },
  { "ALTER TABLE a.users ADD INDEX i (age)", "create_index" },
  { "ALTER TABLE a.users ADD COLUMN x INT, ADD UNIQUE (x), DROP COLUMN age", "add_column", "create_index", "drop_column" },
  { "ALTER TABLE a.users DROP PRIMARY KEY", "drop_index" },
  { "ALTER TABLE a.users COMMENT = 'x'", "other" },
  { "ALTER TABLE a.users ENGINE = InnoDB", "other" },
  { "CREATE VIEW a.v AS SELECT 1", "other" },
}
local KINDS = { "create_table", "drop_table", "add_column", "drop_column", "rename_column", "modify_column", "rename_table", "truncate",
  "create_index", "drop_index", "other" }

local function ddl(kind, policy, statement)
  local shop = test.load("support/rules.lua", { env = { CASE = "ddl", KIND = kind, POLICY = policy } }):table(USERS)
  return #shop:ddl(statement)
end

for _, case in ipairs(STATEMENTS) do
  test.case("ddl: the kinds of " .. case[1], function()
    local is = {}
    for i = 2, #case do is[case[i]] = true end
    local written = ddl(nil, nil, case[1])
    test.ok(written > 0)
    for _, kind in ipairs(KINDS) do
      test.equal(ddl(kind, "ignore", case[1]), is[kind] and 0 or written)
    end
    test.equal(ddl(case[2], "alert", case[1]), 0)
    local message = test.raises(function() ddl(case[2], "error", case[1]) end, ('ddl.%s = "error" stops the sync'):format(case[2]))
    test.ok(message:find(('write ddl = { %s = "normal" }, or "alert" or "ignore", and start'):format(case[2]), 1, true), message)
  end)
end

test.case("ddl: the strictest policy holds, and the schema follows each statement", function()
  local function load_strict() return load "ddl_strict" end
  test.equal(#load_strict():ddl("ALTER TABLE a.users ADD COLUMN x INT"), 0)
  test.equal(#load_strict():ddl("ALTER TABLE a.users ADD COLUMN x INT, RENAME COLUMN age TO years"), 0)
  test.raises(function() load_strict():ddl("ALTER TABLE a.users ADD COLUMN x INT, RENAME COLUMN age TO years, DROP COLUMN mail") end,
    'ddl.drop_column = "error"')
  local shop = load_strict()
  shop:ddl("ALTER TABLE a.users ADD COLUMN x INT")
  test.equal(shop:insert("a.users", { id = 1, x = 7 })[1].after.x, 7)
  test.equal(#shop:ddl("CREATE TABLE other.t (id INT PRIMARY KEY)"), 0)
end)

test.case("headers: texts of each value, by image; nil leaves it out", function()
  local shop = load "headers"
  local r = shop:insert("a.users", user("a", 5))[1]
  local at = r.headers.at
  test.ok(at:find "^%d+$", at)
  test.same(r.headers, { site = "eu", n = "7", half = "0.5", from = "a", at = at, to = "t.a", age = "5", image = "after", exact = "1.50" })
  test.equal(shop:read("a.users", user("a"))[1].headers.age, nil)
  local before, tombstone, after = table.unpack(shop:update("a.users", user("a", 5), { mail = "b", age = 6 }))
  test.same({ before.headers.image, before.headers.age, before.headers.to }, { "before", "5", "t.a" })
  test.same(tombstone.headers, before.headers)
  test.same({ after.headers.image, after.headers.age, after.headers.to }, { "after", "6", "t.b" })
  test.equal(shop:ddl("ALTER TABLE a.users ADD COLUMN x INT")[1].headers, nil)
end)

test.case("headers that on_change sets replace those of the rules, and emit has those of the change", function()
  local shop = load "headers"
  local function of(word)
    local row = user("a", 5)
    row.secret = word
    return shop:insert("a.users", row)
  end
  test.same(of("set")[1].headers, { own = "x", f = "1.5", d = "2.50" })
  test.equal(of("none")[1].headers, nil)
  local records = of "emit"
  test.same(records[2].headers, records[1].headers)
  test.equal(records[2].headers.site, "eu")
  test.equal(of("only")[1].headers.age, "5")
end)

test.case("values that cannot be a header", function()
  local function why(case, mail)
    return test.raises(function() insert(case, mail) end, "header 'h': ")
  end
  test.ok(why("headers_wrong", "table"):find "rules.lua:%d+: header 'h': the function returned a table: expected a string")
  test.ok(why("headers_wrong", "boolean"):find("returned a boolean", 1, true))
  test.ok(why("headers_wrong", "infinite"):find("returned a float: expected a string, a finite number", 1, true))
  test.equal(insert("headers_wrong", "bytes")[1].headers.h, "\xff")
  test.equal(insert("headers_wrong", "none")[1].headers, nil)
  test.ok(why("headers_set_wrong", "boolean"):find("rules.lua:%d+: header 'h': the value is a string or a finite number, not a boolean"))
  why("headers_set_wrong", "infinite")
end)

test.case("a tombstone follows each row that is deleted or leaves its key or topic", function()
  local shop = load "tombstones"
  test.same(shape(shop:delete("a.users", user("a"))), { "DELETE t.a 1", "- t.a 1" })
  test.same(shape(shop:delete("a.users", user("both"))), { "DELETE t.a 1", "DELETE t.b 1", "- t.a 1", "- t.b 1" })
  test.same(shape(shop:insert("a.users", user("a"))), { "INSERT t.a 1" })
  test.same(shape(shop:update("a.users", user("a"), { age = 1 })), { "UPDATE_BEFOR t.a 1", "UPDATE_AFTER t.a 1" })
  test.same(shape(shop:update("a.users", user("a"), { mail = "b" })), { "UPDATE_BEFOR t.a 1", "- t.a 1", "UPDATE_AFTER t.b 1" })
  test.same(shape(shop:update("a.users", user("a"), { id = 2 })), { "UPDATE_BEFOR t.a 1", "- t.a 1", "UPDATE_AFTER t.a 2" })
  test.equal(#load("plain"):delete("a.users", user("a")), 1)
end)

test.case("a tombstone with one record for an update, with a filter, without a key, and beside change:emit", function()
  local shop = load "tombstones_one"
  test.same(shape(shop:update("a.users", user("a"), { id = 2 })), { "DELETE users 1", "- users 1", "INSERT users 2" })
  test.same(shape(shop:update("a.users", user("a"), { age = 1 })), { "UPDATE_AFTER users 1" })
  local left = shop:update("a.users", user("a", 1), { age = 0 })
  test.same(shape(left), { "DELETE users 1", "- users 1" })
  test.same(left[2].headers, { from = "test" })
  local one = user("a")
  one.secret = "nokey"
  test.equal(#shop:delete("a.users", one), 1)
  one.secret = "emit"
  local records = shop:delete("a.users", one)
  test.same(shape(records), { "DELETE users 1", "- users 1", "DELETE more 1" })
  test.equal(records[3].value.payload.op, "DELETE")
  test.same(shape(load("tombstones_after"):update("a.users", user("a"), { id = 2 })), { "UPDATE_AFTER users 2" })
end)

test.case("key_null: a NULL in a column of the key", function()
  test.equal(insert("key_null", nil)[1].key, "null,eu")
  test.equal(insert("key_null_refused", "x")[1].key, "x,eu")
  test.equal(insert("key_null_refused", "null")[1].key, "null,eu")
  test.equal(insert("key_null_function", nil)[1].key, "none")
  local shop = load "key_null_refused"
  local function refused(run)
    local message = test.raises(run, 'key_null = "error" refuses NULL in a key')
    test.ok(message:find("mail", 1, true) and message:find('key = { ["a.users"] = ... }', 1, true), message)
  end
  refused(function() shop:insert("a.users", user(nil)) end)
  refused(function() shop:read("a.users", user(nil)) end)
  refused(function() shop:delete("a.users", user(nil)) end)
  refused(function() shop:update("a.users", user("x"), { mail = json.null }) end)
  test.equal(#shop:update("a.users", user("x"), { mail = "y" }), 2)
end)

test.case("edits are checked against the column", function()
  local r = insert("edit", "set")[1]
  test.equal(r.after.mail, "edited")
  test.equal(r.after.age, 7)
  test.equal(insert("edit", "null")[1].after.mail, json.null)
  test.equal(insert("edit", "key")[1].key, "101")
  test.raises(function() insert("edit", "int") end, "mail")
  test.raises(function() insert("edit", "range") end, "age")
  test.raises(function() insert("edit", "unknown") end, "nothing")
  test.raises(function() insert("read_only", "x") end, "on_row")
end)

test.case("a row that is kept expires", function()
  local shop = load("expired"):table "CREATE TABLE a.other (id INT PRIMARY KEY)"
  shop:insert("a.users", user("x"))
  test.raises(function() shop:insert("a.other", { id = 1 }) end, "row expired")
end)

test.case("a row that is kept does not show the next row of its table", function()
  local shop = load("expired_same")
  shop:insert("a.users", user("x"))
  test.raises(function() shop:insert("a.users", user("y")) end, "row expired")
end)

test.case("a destination name says which source column it is", function()
  test.raises(function() insert("renamed", "x") end, "mail")
end)

test.case("undefined globals", function()
  test.raises(function() insert("undefined", "x") end, "undefinde_global")
end)

test.case("variables of fields", function()
  local r = insert("variables", "x")[1]
  local at = r.value.payload.timestamp.eventTime
  test.equal(r.after.at, at)
  test.equal(r.after.day, at)
  test.equal(math.type(r.after.now), "integer")
  test.equal(r.after.text, "t_users@" .. at)
  test.equal(r.after.all, "a/src/dest")
  r = insert("topic_variable", "x")[1]
  test.equal(r.after.dest, "t.1")
  test.equal(r.after.text, "to t.1")
end)

test.case("a column that is not there, a table that is not there", function()
  local shop = load("plain")
  test.raises(function() shop:insert("a.users", { nothing = 1 }) end, "nothing")
  test.raises(function() shop:insert("a.nothing", { id = 1 }) end, "a.nothing")
end)
