-- An error of the script names the line of the option, not only that of the call.
local test = require "tideway.test"

local USERS = "CREATE TABLE a.users (id INT PRIMARY KEY, mail VARCHAR(90), password VARCHAR(20))"

local function refused(case, line, words)
  test.case("wrong " .. case, function()
    local message = test.raises(function()
      local shop = test.load("support/wrong.lua", { env = { CASE = case } }):table(USERS)
      shop:insert("a.users", { id = 1, mail = "x" })
    end, words)
    test.ok(message:find("wrong.lua:" .. line .. ":", 1, true), message)
  end)
end

refused("option", 18, 'topics.partitons: there is no such option in topics, did you mean "partitions"?')
refused("value", 28, 'update["a.users"]: "three" is not one of its values')
refused("rule", 35, "topic[2].too: there is no such option in topic rule")
refused("column", 47, 'the table a.users has no column "pasword", did you mean "password"?')
refused("own_function", 55, "on_change must return nothing")
refused("types", 65, 'types["a.users"].tinyint1: "boolaen" is not one of its values, did you mean "boolean"?')

-- A wrong name in a module is an error at that place, not a later call of nil.
local WRONG = {
  source = { "mysqll", "mysql" }, kafka = { "sinc", "sink" }, heartbeat = { "neu", "new" }, json = { "decod", "decode" },
  yaml = { "decod", "decode" }, regex = { "neww", "new" }, hash = { "sha265", "sha256" },
  base64 = { "decod", "decode" }, text = { "lowwer", "lower" }, time = { "prase", "parse" },
  log = { "wran", "warn" }, decimal = { "neww", "new" }, secret = { "flie", "file" }, field = { "lnog", "long" },
  uuid = { "prase", "parse" }, url = { "prase", "parse" },
  cache = { "neww", "new" }, outbox = { "neww", "new" }, lookup = { "fiel", "file" },
  metrics = { "gage", "gauge" },
  mask = { "emial", "email" }, sync = { "runn", "run" }, test = { "equals", "equal" },
}

for name, words in pairs(WRONG) do
  test.case("wrong name in " .. name, function()
    local module = require("tideway." .. name)
    local text = ("tideway.%s has no '%s', did you mean '%s'?"):format(name, words[1], words[2])
    local message = test.raises(function() return module[words[1]] end, text)
    test.ok(message:find("errors.lua:", 1, true), message)
    test.raises(function() module[words[1]] { x = 1 } end, text)
    test.ok(module[words[2]])
    test.raises(function() return module.nothing_like_it end, ("tideway.%s has no 'nothing_like_it'"):format(name))
    test.equal(module[1], nil)
  end)
end

test.case("env gives nil, and modules stay open for names of the script", function()
  test.equal(require("tideway.env").A_NAME_THAT_NOBODY_SETS, nil)
  local json = require "tideway.json"
  json.mine = 1
  test.equal(json.mine, 1)
  json.mine = nil
end)
