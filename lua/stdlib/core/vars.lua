-- vars: texts with ${variables}, regex groups such as $1, and $$ for a dollar sign. Texts are
-- parsed when the script is loaded, so that an unknown variable is an error before anything is
-- sent.
local fault = require "tideway.core.fault"

local vars = {}

vars.topic_names = { "db_name_src", "db_name_src_transed", "table_name_src", "db_table_name_src_transed",
  "datasource_name_src" }
vars.topic_aliases = { srcDatasourceName = "datasource_name_src", srcDatabaseName = "db_name_src",
  srcTableName = "table_name_src" }
vars.field_names = { "DB_NAME_SRC", "DB_NAME_SRC_TRANSED", "TABLE_NAME_SRC", "DATASOURCE_NAME_SRC",
  "DB_NAME_DEST", "TABLE_NAME_DEST", "DATASOURCE_NAME_DEST", "EXECUTE_TIME", "UPDATE_TIME" }

local function is_one_of(name, names)
  for _, one in ipairs(names) do
    if one == name then return true end
  end
  return false
end

local function braces(text, at, rules, place)
  local close = text:find("}", at, true)
  if not close then place:as("E_VARIABLE"):fail("%q has a ${ without }", text) end
  local name = text:sub(at + 2, close - 1)
  if rules.groups and name:find("^%d+$") then return { group = tonumber(name) }, close + 1 end
  local known = rules.aliases and rules.aliases[name] or name
  if not is_one_of(known, rules.names) then
    place:as("E_VARIABLE"):fail("${%s} is not a variable here%s", name, fault.hint(name, rules.names, "there are"))
  end
  return { var = known }, close + 1
end

-- Parse what follows a dollar sign. Return a part and the index where the text continues.
local function dollar(text, at, rules, place)
  local after = text:sub(at + 1, at + 1)
  if after == "$" then return "$", at + 2 end
  if after == "{" then return braces(text, at, rules, place) end
  local digits = text:match("^%d+", at + 1)
  if digits and rules.groups then return { group = tonumber(digits) }, at + 1 + #digits end
  if rules.strict then
    place:as("E_VARIABLE"):fail(digits and "%q: $%s needs a regex in the same rule" or "%q: a single dollar is written $$", text, digits)
  end
  return "$", at + 1
end

-- Parse a text into a list of parts: strings, { var = } and { group = }. rules: names: the known
-- variables; aliases: alias -> name; groups: whether regex groups are allowed; strict: whether a
-- single dollar sign is an error.
function vars.parse(text, rules, place)
  local parts, at = {}, 1
  local function add(part)
    if type(part) == "string" and type(parts[#parts]) == "string" then
      parts[#parts] = parts[#parts] .. part
    else
      parts[#parts + 1] = part
    end
  end
  while at <= #text do
    local found = text:find("$", at, true)
    if found ~= at then add(text:sub(at, (found or 0) - 1)) end
    if not found then break end
    local part
    part, at = dollar(text, found, rules, place)
    add(part)
  end
  return parts
end

-- Join the parts into one text, with values[var] for each variable and groups[n] for each group.
function vars.fill(parts, values, groups)
  local out = {}
  for i, part in ipairs(parts) do
    if type(part) == "string" then
      out[i] = part
    elseif part.group then
      out[i] = groups[part.group] or ""
    else
      out[i] = values[part.var]
    end
  end
  return table.concat(out)
end

function vars.uses(parts, name)
  for _, part in ipairs(parts) do
    if type(part) == "table" and part.var == name then return true end
  end
  return false
end

function vars.highest_group(parts)
  local highest = 0
  for _, part in ipairs(parts) do
    if type(part) == "table" and part.group then highest = math.max(highest, part.group) end
  end
  return highest
end

return vars
