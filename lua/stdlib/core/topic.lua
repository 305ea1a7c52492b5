-- topic: which topic a table's messages go to. The first rule that matches the table returns a
-- name; without one it is the table's name. The template then makes the topic from this name
-- (${db_table_name_src_transed}). A rule that is `final`, or whose `to` is a function, skips the
-- template. Everything except `to = function(change)` is computed once for a table. Texts of the
-- user (to, template) must be legal in a topic name; names of the source are escaped.
local cbase = require "tideway.cbase"
local fault = require "tideway.core.fault"
local option = require "tideway.core.option"
local pattern = require "tideway.core.pattern"
local regex = require "tideway.regex"
local select_by = require "tideway.core.select"
local topicname = require "tideway.core.topicname"
local vars = require "tideway.core.vars"

local topic = {}

local NAME_VARIABLES = { "table_name_src", "db_table_name_src_transed" }
-- The variables in `to` of a rule. The result of the rule is not among them, since it is not known
-- yet.
local RULE_NAMES = { "db_name_src", "db_name_src_transed", "table_name_src", "datasource_name_src" }

-- Raise unless the literal parts of a text are legal in a topic name: they are never escaped.
local function check_literals(parts, place, text)
  for _, part in ipairs(parts) do
    local bad = type(part) == "string" and part:match("[^%w._-]")
    if bad then
      place:as("E_TOPIC_NAME"):fail("%q has the character %s, which Kafka does not allow in a topic name (A-Z a-z 0-9 . _ -)", text,
        bad:find("^[\32-\126]$") and ("%q"):format(bad) or "with code " .. bad:byte())
    end
  end
  return parts
end

local function compile_regex(text, place)
  local ok, re = pcall(regex.new, text)
  if not ok then place:as("E_REGEX"):fail("%s", (tostring(re):gsub("^[^:]+:%d+: ", ""))) end
  return re
end

-- Return the number of groups of a regex. An added empty branch makes it match the empty text,
-- with all groups unset.
local function group_count(text)
  local ok, re = pcall(regex.new, text .. "|")
  local groups = ok and re:captures("")
  return groups and #groups
end

local function check_groups(rule, parts, place)
  local highest, count = vars.highest_group(parts), rule.regex and group_count(rule.regex)
  if count and highest > count then
    place:fail("$%d: the regex %q has %d group%s", highest, rule.regex, count, count == 1 and "" or "s")
  end
end

local function compile_to(rule, options, place)
  local here = place:child("to")
  if type(options.to) == "function" then
    rule.fn, rule.where = options.to, (cbase.function_where(options.to))
    return
  end
  local names = rule.is_db and { "db_name_src", "datasource_name_src" } or RULE_NAMES
  local parts = vars.parse(options.to, { names = names, aliases = vars.topic_aliases, groups = rule.regex ~= nil,
    strict = true }, here)
  check_groups(rule, parts, here)
  rule.to, rule.to_text = check_literals(parts, here, options.to), options.to
end

local function compile_matcher(rule, options, place)
  rule.prefix, rule.regex = options.prefix, options.regex
  if rule.prefix and rule.regex then place:fail("has both prefix and regex: one rule matches a name in one way") end
  if rule.prefix == "" then place:child("prefix"):fail("is empty: it would match every name") end
  if rule.regex then rule.re = compile_regex(rule.regex, place:child("regex")) end
end

local function compile_rule(options, place, registry)
  options = option.check("topic rule", options, place)
  local rule = { place = place, final = options.final }
  compile_matcher(rule, options, place)
  if options.tables ~= nil then
    rule.tables = pattern.list(options.tables, place:child("tables"))
    select_by.register(rule.tables, registry)
  end
  if not (rule.tables or rule.prefix or rule.regex) then
    place:fail('matches nothing: set tables, prefix or regex (tables = "*.*" for every table)')
  end
  if (options.to == nil) == (options.name == nil) then place:fail("needs either `to` or `name`") end
  if options.name then
    rule.name, rule.where = options.name, (cbase.function_where(options.name))
  else
    compile_to(rule, options, place)
  end
  return rule
end

local function compile_db_rule(options, place)
  options = option.check("topic db rule", options, place)
  local rule = { place = place, is_db = true }
  compile_matcher(rule, options, place)
  if not (rule.prefix or rule.regex) then place:fail("matches nothing: set prefix or regex") end
  compile_to(rule, options, place)
  return rule
end

local function each_item(list, place)
  for key in pairs(list) do
    if math.type(key) ~= "integer" then
      place:child(key):fail("has no place in a list of rules { { ... }, { ... } }")
    end
  end
  fault.list_size(list, place)
  return ipairs(list)
end

local function split_rules(value)
  local rules, named = {}, {}
  for key, item in pairs(value) do
    if math.type(key) == "integer" then rules[key] = item else named[key] = item end
  end
  return rules, named
end

local Topics = {}
Topics.__index = Topics

local function compile_template(self, text, place)
  local parts = vars.parse(text, { names = vars.topic_names, aliases = vars.topic_aliases, strict = true }, place)
  self.template = check_literals(parts, place, text)
  self.template_place = place
  self.template_tells = vars.uses(parts, NAME_VARIABLES[1]) or vars.uses(parts, NAME_VARIABLES[2])
end

local function compile_table(self, value, place, registry)
  local rules, named = split_rules(value)
  if named.to ~= nil or named.tables ~= nil or named.prefix ~= nil or named.regex ~= nil then
    place:fail("a rule belongs in a list: topic = { { tables = ..., to = ... } }")
  end
  named = option.check("topic", named, place)
  if named.template then compile_template(self, named.template, place:child("template")) end
  if named.name then self.name, self.name_where = named.name, (cbase.function_where(named.name)) end
  for i, rule in each_item(rules, place) do
    if type(rule) ~= "table" then place:child(i):fail("must be a rule { ... }, not %s", fault.show(rule)) end
    self.rules[i] = compile_rule(rule, place:child(i), registry)
  end
  for i, rule in each_item(named.db or {}, place:child("db")) do
    local here = place:child("db"):child(i)
    if type(rule) ~= "table" then here:fail("must be a rule { ... }, not %s", fault.show(rule)) end
    self.db[i] = compile_db_rule(rule, here)
  end
end

-- value: nil, a template text, a function(change) or the table of rules.
function topic.compile(value, place, registry, datasource)
  local self = setmetatable({ place = place, rules = {}, db = {}, datasource = datasource }, Topics)
  if type(value) == "string" then
    compile_template(self, value, place)
  elseif type(value) == "function" then
    self.fn, self.where = value, (cbase.function_where(value))
  elseif value ~= nil then
    compile_table(self, value, place, registry)
  end
  return self
end

-- Return nil when the rule does not match; else the groups of a regex ({} without one), and the
-- rest of the name after a prefix.
local function rule_match(rule, t)
  if rule.tables and not rule.tables:match(t.db, t.name) then return nil end
  local name = rule.is_db and t.db or t.name
  if rule.prefix then
    if name:sub(1, #rule.prefix) ~= rule.prefix then return nil end
    return {}, name:sub(#rule.prefix + 1)
  end
  if rule.re then
    local groups = rule.re:captures(name)
    if not groups then return nil end
    local escaped = {}
    for i, text in ipairs(groups) do escaped[i] = text and topicname.escape(text) or "" end
    return escaped
  end
  return {}
end

local function database_name(self, t, values)
  for _, rule in ipairs(self.db) do
    local groups, rest = rule_match(rule, t)
    if groups then return vars.fill(rule.to, values, groups) .. topicname.escape(rest or ""), true end
  end
  return topicname.escape(t.db), false
end

-- Return the argument of `name = function(t)` and on_table.
function topic.describe(t)
  local columns, key = {}, {}
  for i, column in ipairs(t.columns) do
    columns[i] = { name = column.name, type = column.type, sql_type = column.sql_type, nullable = column.nullable }
  end
  for i, at in ipairs(t.pk or {}) do key[i] = t.columns[at].name end
  return { db = t.db, name = t.name, columns = columns, key = key, rows = t.rows }
end

local function call_name(fn, where, t)
  local name = fn(topic.describe(t))
  if type(name) ~= "string" then
    cbase.raise("E_TOPIC_RULE", ("%s: name = function(t) must return a string for the table %s.%s, not %s"):format(where,
      t.db, t.name, fault.show(name)))
  end
  return name
end

-- Apply the rules. Return { base, explicit, final, place } or { fn, where }. base: the name before
-- the template; explicit: the whole name is in the rule, so that the rule may send several tables
-- to one topic.
local function apply_rules(self, t, values)
  for _, rule in ipairs(self.rules) do
    local groups, rest = rule_match(rule, t)
    if groups then
      if rule.fn then return { fn = rule.fn, where = rule.where } end
      local base = rule.name and call_name(rule.name, rule.where, t) or vars.fill(rule.to, values, groups)
      return { base = base .. topicname.escape(rest or ""), final = rule.final, place = rule.place,
        explicit = rest == nil }
    end
  end
  if self.name then
    return { base = call_name(self.name, self.name_where, t), place = self.place, explicit = true }
  end
  return { base = topicname.escape(t.name), place = self.place }
end

local function check_legal(name, place, t)
  local problem = topicname.problem(name)
  if problem then place:as("E_TOPIC_NAME"):plain("the topic %q of the table %s.%s %s", name, t.db, t.name, problem) end
end

-- Return { topic, explicit, db_merged, values } or { fn, where, values }. explicit: a rule or the
-- template sends several tables to one topic on purpose; db_merged: a database rule matched;
-- values: the variables, for the fields.
function Topics:resolve(t)
  if self.fn then return { fn = self.fn, where = self.where, values = { db_name_src_transed = t.db } } end
  local values = { db_name_src = topicname.escape(t.db), table_name_src = topicname.escape(t.name),
    datasource_name_src = topicname.escape(self.datasource) }
  local db_merged
  values.db_name_src_transed, db_merged = database_name(self, t, values)
  local result = apply_rules(self, t, values)
  result.values, result.db_merged = values, db_merged
  if result.fn then return result end
  result.topic, values.db_table_name_src_transed = result.base, result.base
  if self.template and not result.final then
    result.topic = vars.fill(self.template, values)
    result.explicit = result.explicit or not self.template_tells
    check_legal(result.topic, self.template_place, t)
  end
  check_legal(result.topic, result.place or self.place, t)
  return result
end

-- Make a group: the tables of one topic. members: by full name; count: their number; explicit: how
-- many of them a rule sends here by a whole name; merged: table name -> how many of them have a
-- database that a rule renamed.
local function new_group()
  return { members = {}, count = 0, explicit = 0, merged = {} }
end

local function add_member(group, full_name, member, step)
  group.count = group.count + step
  if member.explicit then group.explicit = group.explicit + step end
  if member.db_merged then group.merged[member.name] = (group.merged[member.name] or 0) + step end
  group.members[full_name] = step > 0 and member or nil
end

-- Return whether the member may share the topic with the group: either all tables are explicit, or
-- all have one name and databases that a rule renamed.
local function fits(group, member)
  if group.count == 0 or member.explicit and group.explicit == group.count then return true end
  return member.db_merged and (group.merged[member.name] or 0) == group.count
end

local function stranger(group, member)
  for _, full_name in ipairs(fault.sorted_keys(group.members)) do
    local other = group.members[full_name]
    local explicit = member.explicit and other.explicit
    local merged = member.db_merged and other.db_merged and member.name == other.name
    if not explicit and not merged then return full_name end
  end
end

-- Add the table to the group of its topic. Raise when another table is in the group and no rule
-- sends both there. taken: topic -> group.
function topic.meet(taken, t, result, place)
  if not result.topic then return end
  local full_name = t.db .. "." .. t.name
  local group = taken[result.topic] or new_group()
  local member = { name = t.name, explicit = result.explicit, db_merged = result.db_merged }
  topic.forget(taken, full_name, result.topic)
  if not fits(group, member) then
    local other = stranger(group, member)
    place:plain("the tables %s and %s meet in the topic %q, and no rule says so: give them one rule, such as "
      .. "{ tables = { %q, %q }, to = %q }, or a template with ${db_name_src}", other, full_name, result.topic, other,
      full_name, result.topic)
  end
  add_member(group, full_name, member, 1)
  taken[result.topic] = group
end

-- Return a table of another topic whose name collides with this topic's, and that topic; nil when
-- there is none. shapes: shape -> topic -> set of the `taken` maps of the syncs that share a sink.
function topic.collides(shapes, taken, name)
  local shape = topicname.shape(name)
  local same = shapes[shape] or {}
  shapes[shape] = same
  same[name] = same[name] or {}
  same[name][taken] = true
  for _, other in ipairs(fault.sorted_keys(same)) do
    for there in pairs(other ~= name and same[other] or {}) do
      local group = there[other]
      if group and group.count > 0 then return fault.sorted_keys(group.members)[1], other end
    end
  end
end

-- Remove a table from the groups of all topics, or from that of the topic `only`.
function topic.forget(taken, full_name, only)
  local function remove(group)
    local member = group and group.members[full_name]
    if member then add_member(group, full_name, member, -1) end
  end
  if only then return remove(taken[only]) end
  for _, group in pairs(taken) do remove(group) end
end

return topic
