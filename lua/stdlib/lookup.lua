-- tideway.lookup: a CSV or JSON file beside the script as a table to look up values by key. Each lane reads the file when it
-- loads the script. The next start may find another content, so topic and key functions must not use it.
local cbase = require "tideway.cbase"
local fault = require "tideway.core.fault"
local json = require "tideway.json"

local lookup = {}

local Lookup = {}
Lookup.__index = Lookup
Lookup.__name = "lookup"

-- Return the text of a key, so that the 5 of a row finds the "5" of a file; nil for a value that cannot be one.
local function key_text(key)
  local kind = type(key)
  if kind == "string" then return key end
  if kind == "number" or kind == "boolean" or cbase.kind(key) == "decimal" then return tostring(key) end
end

-- get(key): a copy of the row, or nil when the file has none. get(key, column): its value of the column.
function Lookup:get(key, column)
  cbase.refuse("lookup:get")
  local row = self.rows[key_text(key)]
  if column ~= nil and not self.columns[column] then
    fault.raise("E_ROW_COLUMN", "lookup:get: %s has no column %q%s", self.path, tostring(column),
      fault.hint(column, fault.sorted_keys(self.columns), "its columns are"))
  end
  if row == nil then return nil end
  if column ~= nil then return row[column] end
  local copy = {}
  for name, value in pairs(row) do copy[name] = value end
  return copy
end

-- size(): the number of rows.
function Lookup:size()
  return self.count
end

local function fail(self, fmt, ...)
  fault.raise("E_OPTION_VALUE", "lookup.file: %s", self.path .. fmt:format(...))
end

-- Add a row. where: its place in the file, ":12" or "[12]".
local function add(self, key, row, where)
  local text = key_text(key)
  if text == nil or text == "" then fail(self, "%s: there is no key %q", where, self.key) end
  if self.rows[text] then fail(self, "%s: the key %q exists already", where, text) end
  self.rows[text], self.count = row, self.count + 1
  for name in pairs(row) do self.columns[name] = true end
end

-- ---- CSV (RFC 4180) ----

-- Read a value in quotes that begins at `at`. Return it, and the place after it; nil when the closing quote is missing.
local function quoted(text, at)
  local from, parts = at + 1, {}
  while true do
    local close = text:find('"', from, true)
    if not close then return nil end
    parts[#parts + 1] = text:sub(from, close - 1)
    if text:sub(close + 1, close + 1) ~= '"' then return table.concat(parts, '"'), close + 1 end
    from = close + 2
  end
end

-- Read the values of a line. Return them, the place of the next line, and the number of line ends that were passed.
local function csv_line(self, text, at, line)
  local values, stop, passed = {}, "[" .. self.separator .. "\r\n]", 0
  while true do
    local value, after
    if text:sub(at, at) == '"' then
      value, after = quoted(text, at)
      if not value then fail(self, ":%d: the closing quote is missing", line) end
      passed = passed + select(2, value:gsub("\n", ""))
    else
      after = text:find(stop, at) or #text + 1
      value = text:sub(at, after - 1)
    end
    values[#values + 1] = value
    local next_char = text:sub(after, after)
    if next_char ~= "" and not next_char:find(stop) then fail(self, ":%d: there is %q after a closing quote", line, next_char) end
    at = after + 1
    if next_char == "\r" and text:sub(at, at) == "\n" then at = at + 1 end
    if next_char ~= self.separator then return values, at, passed + 1 end
  end
end

local function read_csv(self, text)
  local names, at, line = nil, 1, 1
  while at <= #text do
    local values, after, passed = csv_line(self, text, at, line)
    if not names then
      names = values
      for _, name in ipairs(names) do
        if self.columns[name] then fail(self, ":1: the column %q exists twice", name) end
        self.columns[name] = true
      end
      if not self.columns[self.key] then fail(self, ":1: there is no column %q%s", self.key, fault.hint(self.key, names)) end
    elseif #values > 1 or values[1] ~= "" then -- not an empty line
      if #values ~= #names then fail(self, ":%d: has %d values, and the first line has %d", line, #values, #names) end
      local row = {}
      for i, name in ipairs(names) do row[name] = values[i] end
      add(self, row[self.key], row, ":" .. line)
    end
    at, line = after, line + passed
  end
  if not names then fail(self, " is empty: the first line must name the columns") end
end

-- ---- JSON ----

local function read_json(self, text)
  local list, message = json.decode(text)
  if type(list) ~= "table" or list == json.null then
    fail(self, ": %s", message or "must be a list of objects")
  end
  for i, row in ipairs(list) do
    if type(row) ~= "table" or row[1] ~= nil then fail(self, "[%d]: must be an object", i) end
    local copy = {}
    for name, value in pairs(row) do
      self.columns[name] = true
      if value ~= json.null then copy[name] = value end
    end
    add(self, copy[self.key], copy, ("[%d]"):format(i))
  end
  if #list == 0 and next(list) ~= nil then fail(self, ": must be a list of objects, and is an object") end
end

local READERS = { csv = read_csv, json = read_json }

local function check_options(path, options)
  if type(path) ~= "string" then fault.raise("E_OPTION_TYPE", "lookup.file: expected a path, not %s", fault.show(path)) end
  if not READERS[path:match("%.(%w+)$")] then fault.raise("E_OPTION_VALUE", "lookup.file: %q does not end in .csv or .json", path) end
  if type(options) ~= "table" then
    fault.raise("E_OPTION_TYPE", "lookup.file(path, { key = ... }) needs a table of options, not %s", fault.show(options))
  end
  for _, name in ipairs(fault.sorted_keys(options)) do
    if name ~= "key" and name ~= "separator" then
      fault.raise("E_OPTION_UNKNOWN", "lookup.file: there is no option %s%s", tostring(name), fault.hint(name, { "key", "separator" }))
    end
  end
  if type(options.key) ~= "string" then
    fault.raise("E_OPTION_MISSING", "lookup.file: key must be the column by which rows are found, not %s", fault.show(options.key))
  end
  local separator = options.separator
  if separator ~= nil and separator ~= "," and separator ~= ";" and separator ~= "\t" and separator ~= "|" then
    fault.raise("E_OPTION_VALUE", 'lookup.file: separator must be ",", ";", "|" or "\\t", not %s', fault.show(separator))
  end
end

-- file(path, { key =, separator = }): the rows of a file. CSV: the first line names the columns, and all values are texts. JSON: a
-- list of objects.
function lookup.file(path, options)
  check_options(path, options)
  local self = setmetatable({ path = path, key = options.key, separator = options.separator or ",", rows = {}, columns = {},
    count = 0 }, Lookup)
  local text, message = cbase.read(path)
  if not text then fault.raise("E_OPTION_VALUE", "lookup.file: %s", message) end
  READERS[path:match("%.(%w+)$")](self, (text:gsub("^\xef\xbb\xbf", "")))
  return self
end

return lookup
