-- pattern: the language in which a script names tables: db.table. * and ? match within the database
-- or table name and never match the dot. {00..15} and {a,b} expand. _ has no special meaning. A
-- pattern that begins with ! excludes, wherever it is in a list. /re/ is a PCRE2 regex, matched
-- against "db.table". Backquotes quote a name. Matching is case-sensitive, as table names are on
-- most servers.
local fault = require "tideway.core.fault"
local regex = require "tideway.regex"

local pattern = {}

local MAX_EXPANSION = 10000
local ONE_CHARACTER = "[^\128-\191][\128-\191]*"

-- Return the first position of `char` outside backquotes, at or after `start`, or nil.
local function find_bare(text, char, start)
  local quoted = false
  for i = 1, #text do
    local c = text:sub(i, i)
    if c == "`" then
      quoted = not quoted
    elseif c == char and not quoted and i >= start then
      return i
    end
  end
end

local function numbers(first, last, place)
  local from, to = math.tointeger(tonumber(first)), math.tointeger(tonumber(last))
  local list = {}
  if from > to then place:as("E_TABLE_PATTERN"):fail("{%s..%s} runs backwards", first, last) end
  if to - from >= MAX_EXPANSION then place:as("E_TABLE_PATTERN"):fail("{%s..%s} is more than %d names", first, last, MAX_EXPANSION) end
  local width = (first:sub(1, 1) == "0" or #first == #last) and #first or 0
  for n = from, to do list[#list + 1] = ("%0" .. math.max(width, 1) .. "d"):format(n) end
  return list
end

local function alternatives(content, place)
  local first, last = content:match("^(%d+)%.%.(%d+)$")
  local list = {}
  if first then return numbers(first, last, place) end
  if content == "" or content:find("{", 1, true) or content:find("..", 1, true) then
    place:as("E_TABLE_PATTERN"):fail("{%s} is neither {00..15} nor {a,b}", content)
  end
  for word in (content .. ","):gmatch("(.-),") do list[#list + 1] = word end
  return list
end

-- Expand braces: "a_{0..1}.{x,y}" becomes a list of four texts.
local function expand(text, place)
  local open = find_bare(text, "{", 1)
  if not open then
    if find_bare(text, "}", 1) then place:as("E_TABLE_PATTERN"):fail("%q has a } without {", text) end
    return { text }
  end
  local close = find_bare(text, "}", open)
  if not close then place:as("E_TABLE_PATTERN"):fail("%q has a { without }", text) end
  local result = {}
  local rests = expand(text:sub(close + 1), place)
  for _, word in ipairs(alternatives(text:sub(open + 1, close - 1), place)) do
    for _, rest in ipairs(rests) do result[#result + 1] = text:sub(1, open - 1) .. word .. rest end
  end
  if #result > MAX_EXPANSION then place:as("E_TABLE_PATTERN"):fail("%q is more than %d names", text, MAX_EXPANSION) end
  return result
end

local function dots_outside_quotes(text)
  local list, at = {}, 0
  repeat
    at = find_bare(text, ".", at + 1)
    list[#list + 1] = at
  until not at
  return list
end

-- Parse one side of the dot. Return { literal = "x" } or { match = "^lua pattern$" }.
local function parse_name(text, whole, place)
  local out, literal, wild, i = {}, {}, false, 1
  while i <= #text do
    local c = text:sub(i, i)
    if c == "`" then
      local close = text:find("`", i + 1, true)
      if not close then place:as("E_TABLE_PATTERN"):fail("%q has an open backquote", whole) end
      c, i = text:sub(i + 1, close - 1), close
      out[#out + 1], literal[#literal + 1] = c:gsub("[^%w\128-\255]", "%%%0"), c
    elseif c == "*" or c == "?" then
      wild = true
      out[#out + 1] = c == "*" and ".*" or ONE_CHARACTER
    else
      out[#out + 1], literal[#literal + 1] = c:gsub("[^%w\128-\255]", "%%%0"), c
    end
    i = i + 1
  end
  if wild then return { match = "^" .. table.concat(out) .. "$" } end
  return { literal = table.concat(literal) }
end

local function parse_names(text, whole, place)
  local dots = dots_outside_quotes(text)
  if #dots == 0 then
    place:as("E_TABLE_PATTERN"):fail("%q has no dot: tables are named db.table (for any database write %q)", whole, "*." .. text)
  end
  if #dots > 1 then
    place:as("E_TABLE_PATTERN"):fail("%q has more than one dot: a name that contains one is written in backquotes", whole)
  end
  local db = parse_name(text:sub(1, dots[1] - 1), whole, place)
  local name = parse_name(text:sub(dots[1] + 1), whole, place)
  if db.literal == "" or name.literal == "" then place:as("E_TABLE_PATTERN"):fail("%q names no %s", whole, db.literal == "" and
    "database" or "table") end
  return { db = db, name = name }
end

local function side_matches(side, text)
  if side.literal then return side.literal == text end
  return text:find(side.match) ~= nil
end

local Pattern = {}
Pattern.__index = Pattern

function Pattern:matches(db, name)
  if self.re then return self.re:test(db .. "." .. name) end
  for _, pair in ipairs(self.pairs) do
    if side_matches(pair.db, db) and side_matches(pair.name, name) then return true end
  end
  return false
end

local function compile_regex(self, text, place)
  local body = text:sub(2, -2)
  local ok, re = pcall(regex.new, body)
  if not ok then place:as("E_REGEX"):fail("%s", (tostring(re):gsub("^[^:]+:%d+: ", ""))) end
  self.re = re
  return self
end

-- Return a pattern with these fields. text: the pattern as written, for messages; exact: whether
-- it names exactly one table; exclude: true when it begins with "!"; re: the compiled regex of
-- /re/; pairs: otherwise, the names it matches.
function pattern.compile(written, place)
  if type(written) ~= "string" then place:as("E_TABLE_PATTERN"):fail("must be a pattern db.table, not %s", fault.show(written)) end
  local self = setmetatable({ text = written, place = place }, Pattern)
  local text = written
  if text:sub(1, 1) == "!" then
    self.exclude, text = true, text:sub(2)
  end
  if #text > 2 and text:sub(1, 1) == "/" and text:sub(-1) == "/" then return compile_regex(self, text, place) end
  self.pairs = {}
  for _, plain in ipairs(expand(text, place)) do
    self.pairs[#self.pairs + 1] = parse_names(plain, written, place)
  end
  local only = self.pairs[1]
  self.exact = #self.pairs == 1 and not find_bare(text, "{", 1) and only.db.literal ~= nil and
    only.name.literal ~= nil
  return self
end

-- Return whether a key of a map can be a pattern: it contains a dot, a backquote or a "!", or is a
-- regex.
function pattern.looks_like(text)
  return text:find("[.`!]") ~= nil or text:find("^/.*/$") ~= nil
end

local List = {}
List.__index = List

-- Return whether a pattern with ! names the table.
function List:is_excluded(db, name)
  for _, exclude in ipairs(self.excludes) do
    if exclude:matches(db, name) then return true end
  end
  return false
end

-- Return the include pattern that selects the table, or nil. An exact name takes precedence over a
-- wildcard.
function List:match(db, name)
  if self:is_excluded(db, name) then return nil end
  local found
  for _, include in ipairs(self.includes) do
    if include:matches(db, name) then
      if include.exact then return include end
      found = found or include
    end
  end
  return found
end

-- Compile one pattern, or a list of patterns. The excludes may be anywhere in the list.
function pattern.list(value, place)
  local self = setmetatable({ includes = {}, excludes = {} }, List)
  if type(value) == "string" then value = { value } end
  if type(value) ~= "table" then place:as("E_TABLE_PATTERN"):fail("must be a pattern or a list of them, not %s", fault.show(value)) end
  for key in pairs(value) do
    if math.type(key) ~= "integer" then
      place:as("E_TABLE_PATTERN"):fail("must be a list of patterns, but has the name %q", tostring(key))
    end
  end
  for i = 1, fault.list_size(value, place) do
    local one = pattern.compile(value[i], place:child(i))
    local side = one.exclude and self.excludes or self.includes
    side[#side + 1] = one
  end
  if #self.includes == 0 then
    place:as("E_TABLE_PATTERN"):fail(#self.excludes > 0 and "only excludes: add a pattern to exclude them from, such as \"db.*\"" or
      "is an empty list")
  end
  return self
end

-- Return the names of the databases that the list can select, sorted; { "*" } when a database name
-- is not literal.
function List:databases()
  local seen, list = {}, {}
  for _, include in ipairs(self.includes) do
    if include.re then return { "*" } end
    for _, pair in ipairs(include.pairs) do
      local db = pair.db.literal
      if not db then return { "*" } end
      if not seen[db] then seen[db], list[#list + 1] = true, db end
    end
  end
  table.sort(list)
  return list
end

return pattern
