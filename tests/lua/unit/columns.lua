-- columns { rename, drop, keep, order, mask }: lua-api.md, "Names", "Masks", "One setting for a table".
local test = require "tideway.test"
local mask = require "tideway.mask"
local tables = require "support.tables"
local words = require "tideway.text"

local make = tables.make

local function users()
  return make("shop.users", { "id int", "mail varchar", "password varchar", "age int" })
end

local function prepare(columns, t)
  return tables.prepare({ columns = columns }, t or users())
end

local function names(columns, t)
  local list = {}
  for i, column in ipairs(prepare(columns, t).columns) do list[i] = column.name end
  return table.concat(list, " ")
end

local EXACT = "shop.users"

test.case("nothing said: all columns in table order", function()
  test.equal(names(nil), "id mail password age")
end)

test.case("drop, keep, rename, order", function()
  test.equal(names { [EXACT] = { drop = { "password" } } }, "id mail age")
  test.equal(names { [EXACT] = { drop = "password" } }, "id mail age")
  test.equal(names { [EXACT] = { keep = { "age", "id" } } }, "id age")
  test.equal(names { [EXACT] = { rename = { mail = "email" } } }, "id email password age")
  test.equal(names { [EXACT] = { rename = { mail = "age", age = "mail" } } }, "id age password mail")
  test.equal(names { [EXACT] = { order = { "age", "mail" } } }, "age mail id password")
  test.equal(names { [EXACT] = { order = { "age" }, keep = { "id", "age" } } }, "age id")
  test.equal(names { [EXACT] = { rename = { mail = "email" }, order = { "mail" } } }, "email id password age")
end)

local function crm_orders()
  return make("crm.orders", { "order_id int", "userId int", "_note varchar", "TOTAL decimal" })
end

local function with_rename(rename, t)
  local list = {}
  for i, column in ipairs(prepare({ ["crm.*"] = { rename = rename } }, t or crm_orders()).columns) do list[i] = column.name end
  return table.concat(list, " ")
end

test.case("rename by a function", function()
  test.equal(with_rename(words.camel), "orderId userId _note total")
  test.equal(with_rename(words.snake), "order_id user_id _note total")
  test.equal(with_rename(function(name) return name == "TOTAL" and "sum" or nil end), "order_id userId _note sum")
  test.equal(with_rename { words.camel, order_id = "id", ["gone?"] = "x" }, "id userId _note total")
  test.equal(with_rename { words.camel }, "orderId userId _note total")
  local both = { ["crm.*"] = { rename = words.camel }, ["crm.orders"] = { rename = { TOTAL = "sum" } } }
  test.equal(prepare(both, crm_orders()).columns[4].name, "sum")
  test.equal(prepare(both, crm_orders()).columns[1].name, "orderId")
  both["crm.orders"].rename, both["crm.*"].rename = words.snake, { TOTAL = "sum" }
  test.equal(prepare(both, crm_orders()).columns[4].name, "total")
end)

test.case("a rename function is called for the columns that are written", function()
  local seen = {}
  local function note(name) seen[#seen + 1] = name end
  prepare({ ["crm.*"] = { drop = { "userId" }, rename = { note, TOTAL = "sum" } } }, crm_orders())
  test.same(seen, { "order_id", "_note" })
end)

test.case("a rename function: names that clash, and wrong results", function()
  local twice = make("crm.users", { "id int", "user_id int", "userId int" })
  local message = test.raises(function() with_rename(words.camel, twice) end,
    'the columns "user_id" and "userId" of crm.users would both be written as "userId"')
  test.ok(message:find('columns["crm.*"].rename: ', 1, true), message)
  test.raises(function() with_rename({ words.camel, id = "userId" }, make("crm.users", { "id int", "user_id int" })) end,
    'the columns "id" and "user_id" of crm.users would both be written as "userId"')
  test.raises(function() tables.prepare({ columns = { rename = words.camel }, fields = { userId = 1 } },
    make("crm.users", { "id int", "user_id int" })) end, 'the field "userId" has the name of a column of the table crm.users')
  for _, wrong in ipairs { "", 5, false, "\xff" } do
    message = test.raises(function() with_rename(function() return wrong end) end,
      'columns["crm.*"].rename: the function for the column "order_id" of crm.orders: must return a name, or nil to keep it')
    test.ok(message:find("^support/tables.lua:%d+: "), message)
  end
  message = test.raises(function() with_rename(function(name) return name .. nil end) end, 'the column "order_id" of crm.orders')
  test.ok(message:find("columns.lua:%d+: attempt to concatenate a nil value"), message)
  test.raises(function() with_rename { id = words.camel } end, 'rename.id: must be the name in the messages, not a function')
  test.raises(function() with_rename { words.camel, words.snake } end, 'must be a map { source = "destination" }')
  test.raises(function() with_rename(5) end, "columns[\"crm.*\"].rename: must be a table or a function")
end)

test.case("a rename function does not decide about a renamed column that is masked", function()
  local core = require "tideway.core"
  local i = tables.sync { columns = { ["*.*"] = { mask = { mail = mask.null }, rename = words.camel } } }
  local after = make("shop.users", { "id int", "post varchar", "password varchar", "age int" })
  test.raises(function() core.guard(i, users(), after, { mail = "post" }) end,
    'column "mail" of shop.users, which is masked, is now "post"')
end)

test.case("for every table, default, pattern, list form", function()
  test.equal(names { drop = { "password" } }, "id mail age")
  test.equal(names { default = { drop = { "password" } } }, "id mail age")
  test.equal(names { ["shop.*"] = { drop = { "password" } } }, "id mail age")
  test.equal(names { { tables = "shop.*", drop = { "password" } }, { tables = "*.users", drop = { "mail" } } }, "id age")
  test.equal(names { { drop = { "password" } }, { tables = "shop.x", drop = { "mail" } } }, "id mail age")
  test.equal(names { default = { drop = { "age" } }, ["shop.*"] = { drop = { "password" } } }, "id mail age")
end)

test.case("patterns before the exact name: drops add up, a rename is replaced", function()
  test.equal(names { ["shop.*"] = { drop = { "password" } }, [EXACT] = { drop = { "age" } } }, "id mail")
  test.equal(names { ["shop.*"] = { rename = { mail = "a" } }, [EXACT] = { rename = { mail = "b" } } },
    "id b password age")
  test.equal(names { ["shop.*"] = { keep = { "id" } }, [EXACT] = { keep = { "id", "mail" } } }, "id mail")
end)

test.case("a name under which nothing shelters a column any more", function()
  local i = tables.sync { columns = { ["*.*"] = { mask = { mail = mask.null, e2 = mask.null }, drop = { "password" } },
    ["b.people"] = { keep = { "id", "mail" } } } }
  local core = require "tideway.core"
  local function guard(renames, after) core.guard(i, users(), after, renames) end
  local renamed = make("shop.users", { "id int", "post varchar", "password varchar", "age int" })
  test.raises(function() guard({ mail = "post" }, renamed) end, 'column "mail" of shop.users, which is masked, is now "post"')
  test.raises(function() guard(nil, renamed) end, 'is now "post"')
  guard({}, renamed) -- dropped, and another one added
  guard({ mail = "e2" }, make("shop.users", { "id int", "e2 varchar", "password varchar", "age int" }))
  guard({ age = "old" }, make("shop.users", { "id int", "mail varchar", "password varchar", "old int" }))
  guard(nil, users())
  guard({ password = "pw" }, make("b.people", { "id int", "mail varchar", "pw varchar" }))
  test.raises(function() guard({ password = "pw" }, make("b.x", { "id int", "mail varchar", "pw varchar" })) end,
    'column "password" of shop.users, which is dropped, is now "pw" of b.x')
end)

test.case("overlapping patterns need the list form, whatever they say", function()
  local both = { ["shop.*"] = { drop = { "age" } }, ["*.users"] = { drop = { "age" } } }
  local message = test.raises(function() names(both) end, "both match the table shop.users")
  test.ok(message:find('"shop.*"', 1, true) and message:find('"*.users"', 1, true), message)
end)

test.case("an exact name must have the column, a pattern attaches where it is", function()
  for _, entry in ipairs { { drop = { "mai" } }, { keep = { "mai" } }, { rename = { mai = "x" } }, { order = { "mai" } },
    { mask = { mai = mask.email } } } do
    test.raises(function() names { [EXACT] = entry } end,
      'the table shop.users has no column "mai", did you mean "mail"?; write "mai?" if it may be absent')
    test.equal(#names { ["shop.*"] = { drop = { "mai" } } }, #"id mail password age")
  end
  test.raises(function() names { [EXACT] = { drop = { "zzzzzzzz" } } } end,
    "its columns are: age, id, mail, password")
end)

local function check(columns, list)
  return tables.check({ columns = columns }, list or { users(), make("shop.orders", { "id int", "what? int" }), make("blog.x") })
end

test.case("a name in an entry by a pattern must be a column of one of its tables", function()
  for key, entry in pairs { drop = { "mai" }, keep = { "id", "mai" }, rename = { mai = "x" }, order = { "mai" },
    mask = { mai = mask.email } } do
    local said = 'no table that it matches has a column "mai", did you mean "mail"?; write "mai?" if it may be absent'
    local message = test.raises(function() check { ["shop.*"] = { [key] = entry } } end, said)
    test.ok(message:find('columns["shop.*"].' .. key, 1, true), message)
    test.raises(function() check { ["shop.{users,orders}"] = { [key] = entry } } end, said)
    test.raises(function() check { { tables = { "shop.*", "blog.x" }, [key] = entry } } end, said)
    test.raises(function() check { [key] = entry } end, said)
    test.raises(function() check { default = { [key] = entry }, ["blog.x"] = {} } end, said)
  end
  check { ["shop.*"] = { drop = { "mail" }, order = { "what??" } }, ["nothing.*"] = { drop = { "mai" } } }
  test.raises(function() check { ["shop.orders*"] = { drop = { "mail" } } } end, 'their columns are: id, what?; write "mail?"')
end)

test.case('a "?" after a name: it may be absent; two are one of the name', function()
  for _, tables_of in ipairs { "shop.users", "shop.*" } do
    check { [tables_of] = { drop = { "mai?" }, order = "age?", rename = { ["x?"] = "y" }, mask = { ["z?"] = mask.email } } }
    test.equal(names { [tables_of] = { drop = { "mai?", "age?" }, rename = { ["mail?"] = "email" } } }, "id email password")
  end
  check { ["shop.orders"] = { drop = { "what??", "why???" } } }
  test.raises(function() check { ["shop.orders"] = { drop = { "why??" } } } end, 'no column "why?", did you mean "what?"')
  test.raises(function() check { ["shop.orders"] = { drop = { "why??" } } } end, 'write "why???" if it may be absent')
  test.raises(function() check { ["shop.*"] = { drop = { "?" } } } end, '"?" is not the name of a column')
  test.raises(function() check { ["shop.*"] = { mask = { mail = mask.null, ["mail?"] = mask.email } } } end,
    'names the column "mail" twice')
end)

test.case("a column in another case than its name in an entry is refused", function()
  local upper = make("shop.staff", { "id int", "Mail varchar", "É int" })
  local function refused(entry, list)
    return test.raises(function() check({ ["shop.*"] = entry }, list or { users(), upper }) end,
      'the table shop.staff has the column "Mail", which differs from "mail" only in letter case and would be written as it is')
  end
  for key, entry in pairs { drop = { "mail" }, keep = { "id", "mail" }, rename = { mail = "x" }, order = { "mail?" },
    mask = { mail = mask.email } } do
    test.ok(refused({ [key] = entry }):find('"Mail?" (or rename = { ["Mail?"] = "Mail" }', 1, true))
  end
  check({ ["shop.*"] = { mask = { mail = mask.email, Mail = mask.email } } }, { users(), upper })
  check({ ["shop.*"] = { mask = { mail = mask.email }, rename = { ["Mail?"] = "Mail" } } }, { users(), upper })
  test.raises(function() check({ ["shop.staff"] = { drop = { "é?" } } }, { upper }) end, 'the column "É", which differs from "é"')
  -- the same table as it was at the position: the rename guard has its own error
  check({ ["shop.*"] = { drop = { "mail" } } }, { upper, make("shop.staff", { "id int", "mail varchar" }) })
end)

test.case("a column in another case of a table that comes later", function()
  local core = require "tideway.core"
  local i = tables.sync { columns = { ["shop.*"] = { mask = { mail = mask.email } } } }
  core.learn(i, { users() }, true)
  local staff = make("shop.staff", { "id int", "MAIL varchar" })
  test.equal(core.prepare(i, staff).unseen, true)
  test.raises(function() core.known(i, staff) end, 'has the column "MAIL", which differs from "mail" only in letter case')
  test.equal(core.prepare(i, users()).unseen, false)
end)

test.case("a table that comes later is refused while a name has not been seen", function()
  local core = require "tideway.core"
  local i = tables.sync { columns = { ["shop.*"] = { mask = { mail = mask.email } } } }
  core.learn(i, { make("blog.x") }, true)
  local orders = make("shop.orders", { "id int", "mial varchar" })
  test.equal(core.prepare(i, orders).unseen, true)
  test.raises(function() core.known(i, orders) end, 'no table that it matches has a column "mail", did you mean "mial"?')
  core.learn(i, { users() }, false)
  core.known(i, orders)
  test.equal(core.prepare(i, orders).unseen, false)
  i = tables.sync { columns = { ["shop.*"] = { mask = { mail = mask.email } } } }
  test.equal(core.prepare(i, orders).unseen, false) -- which tables there are is not known
end)

test.case("the line that the rename guard says to write", function()
  local core = require "tideway.core"
  local function line(columns, before, after, renames)
    local i = tables.sync { columns = columns }
    local message = test.raises(function() core.guard(i, before, after, renames) end, "start again")
    return message:match("Write (.-) %(or "), message:match("%(or (.-), if they may be%)")
  end
  local renamed = make("shop.users", { "id int", "post varchar", "password varchar", "age int" })
  local function same(columns, expected, after, renames)
    test.equal(line(columns, users(), after or renamed, renames or { mail = "post" }), expected)
  end
  local function both(text) return ('mask = { ["mail?"] = %s, ["post?"] = %s }'):format(text, text) end
  same({ ["shop.*"] = { mask = { mail = mask.last(4) } } }, both "mask.last(4)" .. ' in columns["shop.*"]')
  same({ [EXACT] = { mask = { mail = mask.const "x" } } }, both 'mask.const("x")' .. ' in columns["shop.users"]')
  same({ { tables = "shop.*", mask = { mail = mask.hash { key = "k" } } } }, both "mask.hash { key = ... }" .. " in columns[1]")
  same({ mask = { mail = function() end } }, both "..." .. " in columns")
  same({ ["shop.*"] = { drop = "mail" } }, 'drop = { "mail?", "post?" } in columns["shop.*"]')
  local people = make("crm.people", { "id int", "mail varchar", "password varchar", "age int" })
  same({ ["shop.*"] = { mask = { mail = mask.email } } }, '["crm.people"] = { mask = { ["mail?"] = mask.email } } in columns',
    people, {})
  same({ [EXACT] = { mask = { mail = mask.email } } },
    '["{shop,crm}.{users,people}"] = { mask = { ["mail?"] = mask.email } } in columns', people, {})
  same({ { tables = "shop.users", drop = "mail" } }, '{ tables = "{shop,crm}.{users,people}", drop = { "mail?" } } in columns',
    people, {})
  same({ ["shop.*"] = { keep = { "id", "password", "age" } } }, '["crm.people"] = { drop = { "mail?" } } in columns', people, {})
  local _, allowed = line({ ["shop.*"] = { drop = "mail" } }, users(), renamed, { mail = "post" })
  test.equal(allowed, 'rename = { ["post?"] = "post" }')
end)

test.case("an allow-list keeps a column added later out", function()
  local t = users()
  t.columns[5] = { name = "added", type = "int", sql_type = "int", transport = "LONG" }
  test.equal(names({ [EXACT] = { keep = { "id", "mail" } } }, t), "id mail")
end)

test.case("what contradicts itself is refused", function()
  test.raises(function() names { [EXACT] = { keep = { "id" }, drop = { "age" } } } end, "both keep and drop")
  test.raises(function() names { ["shop.*"] = { drop = { "mail" } }, [EXACT] = { keep = { "id", "mail" } } } end,
    "is dropped here and kept by")
  test.raises(function() names { [EXACT] = { rename = { mail = "age" } } } end,
    'the columns "mail" and "age" of shop.users would both be written as "age"')
  test.raises(function() names { [EXACT] = { keep = { "id" } }, ["shop.*"] = { drop = { "id" } } } end, "dropped")
  test.raises(function() names { ["shop.*"] = { keep = { "nothing" } } } end, "no column is left")
end)

test.case("wrong shapes", function()
  test.raises(function() names { [EXACT] = { remane = {} } } end, 'did you mean "rename"?')
  test.raises(function() names { [EXACT] = { rename = { "x" } } } end, "must be a map")
  test.raises(function() names { [EXACT] = { rename = { mail = 5 } } } end, "must be the name in the messages")
  test.raises(function() names { [EXACT] = { drop = { 5 } } } end, "must be a string")
  test.raises(function() names { [EXACT] = "mail" } end, "must be a table { rename =, drop =, ... }")
  test.raises(function() names { users = { drop = { "x" } } } end, "is neither db.table nor one of its options")
  test.raises(function() names { [EXACT] = { type = { age = 5 } } } end, "must be a transport type such as")
  test.raises(function() names { [EXACT] = { mask = { mail = "email" } } } end, "must be a mask such as mask.email")
  test.raises(function() names { [EXACT] = { mask = { mail = mask.last } } } end, "mask.last needs its argument")
end)

test.case("dropping a key column needs a key", function()
  test.raises(function() names { [EXACT] = { drop = { "id" } } } end,
    'the key column "id" of shop.users is dropped')
  local mapping = tables.prepare({ columns = { [EXACT] = { drop = { "id" } } }, key = "id" }, users())
  test.same(mapping.key.parts, { { column = 1 } })
  test.equal(mapping.primary, nil)
end)

test.case("a mask makes an event function, a text mask of a number a STRING", function()
  test.equal(prepare(nil).event, nil)
  local mapping = prepare { [EXACT] = { mask = { mail = mask.email, age = mask.hash } } }
  test.equal(type(mapping.event), "function")
  test.equal(mapping.columns[2].transport, "STRING")
  test.equal(mapping.columns[4].transport, "STRING")
  test.equal(prepare { [EXACT] = { mask = { age = mask.null } } }.columns[4].transport, "LONG")
end)

test.case("mask.const must fit the column", function()
  prepare { [EXACT] = { mask = { age = mask.const(0), mail = mask.const "x" } } }
  test.raises(function() prepare { [EXACT] = { mask = { age = mask.const "x" } } } end,
    "mask.const(x) does not fit the column age of shop.users")
end)

test.case("what masks make of a value", function()
  test.equal(mask.email.apply("alice@example.com"), "a***@example.com")
  test.equal(mask.email.apply("\u{e9}ve@x.y"), "\u{e9}***@x.y")
  test.equal(mask.email.apply("no address"), "***")
  test.equal(mask.phone.apply("+49 170 1234567"), "+** *** ***4567")
  test.equal(mask.phone.apply("1234"), "****")
  test.equal(mask.phone.apply(4915112345), "******2345")
  test.equal(mask.last(4).apply("4111111111111111"), "************1111")
  test.equal(mask.last(4).apply("123"), "***")
  test.equal(mask.last(1).apply("a\u{e9}\u{e8}"), "**\u{e8}")
  test.equal(mask.last(0).apply("abc"), "***")
  test.equal(mask.const("x").apply("y"), "x")
  test.equal(mask.null.apply("y"), nil)
  test.equal(mask.hash.apply("a"), mask.hash.apply("a"))
  test.ok(mask.hash.apply("a") ~= mask.hash.apply("b"))
  test.ok(mask.hash { key = "pepper" }.apply("a") ~= mask.hash.apply("a"))
end)

test.case("masks that are used wrongly", function()
  test.raises(function() mask.email() end, "mask.email takes no arguments")
  test.raises(function() mask.last("4") end, "needs the number of characters")
  test.raises(function() mask.const(nil) end, "for NULL write mask.null")
  test.raises(function() mask.hash {} end, "needs a key")
end)
