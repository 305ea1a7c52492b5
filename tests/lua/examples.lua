-- Each example of scripts/examples does what its first line says.
local test = require "tideway.test"
local json = require "tideway.json"

local ENV = { MYSQL_PASSWORD = "x" }
local ORDERS = "(id INT PRIMARY KEY, user_id INT NOT NULL, status VARCHAR(12) NOT NULL, "
  .. "price DECIMAL(10,2) NOT NULL, qty INT NOT NULL)"
local USERS = "CREATE TABLE shop.users (id INT PRIMARY KEY, name VARCHAR(60), mail VARCHAR(90), phone VARCHAR(30), "
  .. "password VARCHAR(64), city VARCHAR(40))"
local EVENTS = "CREATE TABLE shop.events (id INT PRIMARY KEY, region VARCHAR(8) NOT NULL, kind VARCHAR(20) NOT NULL, "
  .. "note VARCHAR(200))"
local CARTS = "CREATE TABLE shop.carts (id INT PRIMARY KEY, user_id INT NOT NULL, total DECIMAL(10,2) NOT NULL)"
local STOCK = "CREATE TABLE shop.stock (product_id INT, warehouse CHAR(4), qty INT NOT NULL, "
  .. "PRIMARY KEY (product_id, warehouse))"
local CLICKS = "CREATE TABLE shop.clicks (user_id INT NOT NULL, session VARCHAR(40), page VARCHAR(80) NOT NULL)"

local function load(name, ...)
  local shop = test.load("../../scripts/examples/" .. name .. ".lua", { env = ENV })
  for _, sql in ipairs({ ... }) do shop:table(sql) end
  return shop
end

local function orders(year)
  return "CREATE TABLE shop.orders_" .. year .. " " .. ORDERS
end

local function order(id, status)
  return { id = id, user_id = 1, status = status or "paid", price = 19.90, qty = 2 }
end

local function event(region, kind, note)
  return { id = 5, region = region, kind = kind, note = note }
end

test.case("quickstart", function()
  local shop = load("quickstart", USERS)
  local r = shop:insert("shop.users", { id = 1, name = "Alice", city = "Berlin" })
  test.equal(#r, 1)
  test.equal(r[1].topic, "users")
  test.equal(r[1].key, "1")
  test.equal(r[1].op, "INSERT")
  test.equal(r[1].before, nil)
  test.equal(r[1].after.name, "Alice")
  test.equal(r[1].after.mail, json.null)
  test.same(r[1].schema.primaryKey, { "id" })
  test.equal(r[1].schema.source.tableName, "users")
  r = shop:update("shop.users", { id = 1, name = "Alice" }, { name = "Alicia" })
  test.equal(r[1].op .. " " .. r[2].op, "UPDATE_BEFOR UPDATE_AFTER")
  test.equal(r[1].before.name .. " " .. r[2].after.name, "Alice Alicia")
  r = shop:delete("shop.users", { id = 1, name = "Alicia" })
  test.equal(r[1].op, "DELETE")
  test.equal(r[1].before.name, "Alicia")
  test.equal(r[1].after, nil)
  test.equal(shop:read("shop.users", { id = 2 })[1].value.payload.sequenceId, "-1")
end)

test.case("many_to_one", function()
  local shop = load("many_to_one", orders(2023), orders(2024))
  local a = shop:insert("shop.orders_2023", order(1))[1]
  local b = shop:insert("shop.orders_2024", order(1))[1]
  test.equal(a.topic, "orders")
  test.equal(b.topic, "orders")
  test.equal(a.key, "shop.orders_2023,1")
  test.equal(b.key, "shop.orders_2024,1")
  test.equal(a.after.origin, "shop.orders_2023")
  test.same(a.schema.primaryKey, { "origin", "id" })
end)

test.case("regex_topics", function()
  local shop = load("regex_topics", orders(2023), STOCK, EVENTS, USERS)
  test.equal(shop:insert("shop.orders_2023", order(1))[1].topic, "store.archive.orders.2023")
  test.equal(shop:insert("shop.stock", { product_id = 1, warehouse = "BER", qty = 1 })[1].topic, "store.wh-stock")
  test.equal(shop:insert("shop.events", event("eu", "login"))[1].topic, "audit")
  test.equal(shop:insert("shop.users", { id = 1 })[1].topic, "store.users")
end)

test.case("topic_by_function", function()
  local shop = load("topic_by_function", EVENTS)
  test.equal(shop:insert("shop.events", event("eu", "login"))[1].topic, "events.eu")
  local r = shop:insert("shop.events", event("us", "logout"))
  test.equal(#r, 2)
  test.equal(r[1].topic .. " " .. r[2].topic, "events.us events.logout")
  r = shop:update("shop.events", event("eu", "login"), { region = "us" })
  test.equal(r[1].op .. " " .. r[1].topic, "UPDATE_BEFOR events.eu")
  test.equal(r[2].op .. " " .. r[2].topic, "UPDATE_AFTER events.us")
end)

test.case("fields", function()
  local shop = load("fields", orders(2023), CARTS)
  local r = shop:insert("shop.orders_2023", order(1))[1]
  test.equal(r.after.site, "eu-west")
  test.equal(r.after.origin, "shop.orders_2023")
  test.equal(tostring(r.after.total), "39.8")
  test.ok(r.text:find('"total":39.80', 1, true), r.text)
  test.equal(r.after.is_large, false)
  local columns = r.schema.dataColumn
  test.same({ columns[6].name, columns[7].name, columns[8].name, columns[9].name, columns[10].name },
    { "is_large", "origin", "site", "total", "version" })
  test.same({ columns[6].type, columns[7].type, columns[9].type, columns[10].type },
    { "BOOLEAN", "STRING", "DOUBLE", "LONG" })
  test.absent(shop:insert("shop.carts", { id = 1, user_id = 1, total = 2 })[1].after, "is_large")
end)

test.case("keys", function()
  local shop = load("keys", CARTS, STOCK, EVENTS, CLICKS)
  test.equal(shop:insert("shop.carts", { id = 1, user_id = 77, total = 2 })[1].key, "77")
  test.equal(shop:insert("shop.stock", { product_id = 1, warehouse = "BER", qty = 1 })[1].key, "BER,1")
  test.equal(shop:insert("shop.events", event("eu", "login"))[1].key, "eu-5")
  local a = shop:insert("shop.clicks", { user_id = 1, page = "/" })[1]
  local b = shop:insert("shop.clicks", { user_id = 2, page = "/" })[1]
  test.ok(#a.key > 0 and a.key ~= b.key)
  test.equal(shop:insert("shop.clicks", { user_id = 1, page = "/" })[1].key, a.key)
end)

test.case("columns_and_masks", function()
  local shop = load("columns_and_masks", USERS, EVENTS)
  local alice = { id = 1, name = "Alice", mail = "alice@example.com", phone = "+49 170 1234567", password = "s3cret" }
  local r = shop:insert("shop.users", alice)[1]
  test.equal(r.after.email, "a***@example.com")
  test.equal(r.after.phone, "+** *** ***4567")
  test.equal(#r.after.name, 64)
  test.absent(r.after, "password")
  test.absent(r.after, "mail")
  test.ok(not r.text:find("s3cret", 1, true) and not r.text:find("Alice", 1, true), r.text)
  test.same({ r.schema.dataColumn[1].name, r.schema.dataColumn[2].name }, { "id", "city" })
  r = shop:insert("shop.events", event("eu", "login", "x"))[1]
  test.same(r.after, { id = 5, kind = "login" })
end)

test.case("filter", function()
  local shop = load("filter", orders(2023))
  test.equal(#shop:insert("shop.orders_2023", order(1, "draft")), 0)
  test.equal(#shop:read("shop.orders_2023", order(1, "draft")), 0)
  local r = shop:update("shop.orders_2023", order(1, "draft"), { status = "paid" })
  test.equal(#r, 1)
  test.equal(r[1].op, "INSERT")
  r = shop:update("shop.orders_2023", order(1, "paid"), { status = "draft" })
  test.equal(#r, 1)
  test.equal(r[1].op, "DELETE")
  test.equal(#shop:update("shop.orders_2023", order(1, "paid"), { status = "sent" }), 2)
  test.equal(#shop:update("shop.orders_2023", order(1, "draft"), { qty = 9 }), 0)
end)

test.case("on_row_edit", function()
  local shop = load("on_row_edit", EVENTS)
  local r = shop:insert("shop.events", event("eu", "login", "  from  Berlin "))[1]
  test.equal(r.after.note, "from Berlin")
  test.equal(r.after.region, "EU")
  r = shop:update("shop.events", event("eu", "login", " a "), { note = " b " })
  test.equal(r[1].before.note .. r[2].after.note, "ab")
end)

test.case("on_change_emit", function()
  local shop = load("on_change_emit", CARTS, USERS)
  test.equal(#shop:insert("shop.carts", { id = 1, user_id = 1, total = 0 }), 0)
  test.equal(#shop:insert("shop.carts", { id = 1, user_id = 1, total = 5 }), 1)
  local r = shop:insert("shop.carts", { id = 9, user_id = 1, total = 250 })
  test.equal(#r, 2)
  test.equal(r[1].topic .. " " .. r[2].topic, "carts carts.big")
  test.same(r[2].value, { cart = 9, user = 1, op = "insert" })
  test.equal(#shop:update("shop.users", { id = 1, mail = "a" }, { city = "X" }), 2)
  r = shop:update("shop.users", { id = 1, mail = "a" }, { mail = "b" })
  test.equal(r[#r].topic, "mail.changes")
  test.equal(r[#r].key, "1")
  test.equal(r[#r].headers.source, "users")
end)

test.case("stdout", function()
  local shop = load("stdout", USERS)
  local r = shop:update("shop.users", { id = 1, city = "A" }, { city = "B" })
  test.equal(#r, 1)
  test.equal(r[1].op, "UPDATE_AFTER")
  test.equal(r[1].before.city .. r[1].after.city, "AB")
end)
