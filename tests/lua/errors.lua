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
