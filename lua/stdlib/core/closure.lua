-- closure: generates one Lua function from the masks, on_row, filter and on_change of a table, so
-- that each change costs one call from C. The source text depends only on which of these exist;
-- each text is compiled once. The user's functions are upvalues, so a call looks up no names,
-- builds no tables and copies no varargs.
local cbase = require "tideway.cbase"

local closure = {}

local shapes = {}

-- Return what each line of a text calls, for errors. label(line): returns it, or nil.
local function labels_of(text, label)
  local labels, number = {}, 0
  for line in text:gmatch("(.-)\n") do
    number = number + 1
    labels[number] = label(line)
  end
  return labels
end

-- Return the function that a generated text makes. The arguments `...` become its upvalues. label: see labels_of.
local function instantiate(text, name, label, ...)
  local shape = shapes[text]
  if not shape then
    shape = { maker = cbase.load(text, "tideway.closure." .. name), labels = name == "event" and labels_of(text, label) }
    shapes[text] = shape
  end
  local fn = shape.maker(...)
  cbase.label(fn, shape.labels or labels_of(text, label))
  return fn
end

-- Return the generated lines that apply one mask to a row.
local function mask_line(i, mask)
  if mask.bad_key then
    return ("    v = get(row, c%d)\n    if v ~= nil then\n      v = m%d(v, row)\n      if v == nil then k%d() end\n"
      .. "      %s\n    end\n"):format(i, i, i, mask.text and ("put(row, c%d, v)"):format(i) or ("row[c%d] = v"):format(i))
  end
  if mask.text then
    return ("    v = get(row, c%d)\n    if v ~= nil then put(row, c%d, m%d(v, row)) end\n"):format(i, i, i)
  end
  if mask.always then
    return ("    if has(row, c%d) then row[c%d] = m%d(nil, row) end\n"):format(i, i, i)
  end
  return ("    v = get(row, c%d)\n    if v ~= nil then row[c%d] = m%d(v, row) end\n"):format(i, i, i)
end

-- Return the function masks(row), which applies every mask of a table; nil when it has none.
-- masks: a list of { column, apply, always, text, bad_key }. bad_key, of a key column only, raises;
-- it is called when the mask returns nil.
function closure.masks(masks)
  if #masks == 0 then return nil end
  local names, lines, values = {}, {}, {}
  for i, mask in ipairs(masks) do
    names[#names + 1] = ("c%d, m%d, k%d"):format(i, i, i)
    local n = #values
    values[n + 1], values[n + 2], values[n + 3] = mask.column, mask.apply, mask.bad_key or false
    lines[i] = mask_line(i, mask)
  end
  local text = ("local has, get, put, %s = ...\nreturn function(row)\n    local v\n%s    return v\nend\n"):format(
    table.concat(names, ", "), table.concat(lines))
  local function label(line)
    local i = line:match("%f[%w][cm](%d+)")
    return i and ("mask of column '%s'"):format(masks[tonumber(i)].column)
  end
  return instantiate(text, "masks", label, cbase.row_has, cbase.row_get, cbase.row_put, table.unpack(values))
end

local function edit_lines(image, hooks)
  local lines = { ('  row = change.%s\n  if row then\n    image(change, %q)\n    open(row)\n'):format(image, image) }
  if hooks.masks then lines[#lines + 1] = "    masks(row)\n" end
  for i = 1, #hooks.on_row do
    lines[#lines + 1] = ("    if r%d(row, change) ~= nil then bad_row(%d) end\n"):format(i, i)
  end
  lines[#lines + 1] = "    close(row)\n  end\n"
  return table.concat(lines)
end

local FILTER = [[
  local before, after = change.before, change.after
  local old, new = false, false
  if before then
    image(change, "before")
    old = filter(before, change) and true or false
  end
  if after then
    image(change, "after")
    new = filter(after, change) and true or false
  end
  if not (old or new) then return false end
  if before and after and old ~= new then
    verdict = new and "insert" or "delete"
    filtered(change, verdict)
  end
]]

local CHANGES = [[
  image(change, (verdict == "delete" or not change.after) and "before" or "after")
  local keep
]]

local function change_lines(hooks)
  local lines = { CHANGES }
  for i = 1, #hooks.on_change do
    lines[#lines + 1] = ("  keep = h%d(change)\n  if keep == false then return false end\n"
      .. "  if keep ~= nil and keep ~= true then bad_change(%d, keep) end\n"):format(i, i)
  end
  return table.concat(lines)
end

local function parameters(hooks)
  local names = { "image", "open", "close", "filtered", "bad_row", "bad_change", "masks", "filter" }
  for i = 1, #hooks.on_row do names[#names + 1] = "r" .. i end
  for i = 1, #hooks.on_change do names[#names + 1] = "h" .. i end
  return table.concat(names, ", ")
end

local function event_text(hooks)
  local lines = { "local ", parameters(hooks), " = ...\nreturn function(change)\n  local row, verdict\n" }
  if hooks.masks or #hooks.on_row > 0 then
    lines[#lines + 1] = edit_lines("before", hooks)
    lines[#lines + 1] = edit_lines("after", hooks)
  end
  if hooks.filter then lines[#lines + 1] = FILTER end
  if #hooks.on_change > 0 then lines[#lines + 1] = change_lines(hooks) end
  lines[#lines + 1] = "  return verdict\nend\n"
  return table.concat(lines)
end

local HOOKS = { r = "on_row", h = "on_change" }

-- Return which function of the script a line of an event function calls.
local function hook_label(line)
  local hook = line:match("%f[%w]([rh])%d+%(")
  return hook and HOOKS[hook] or line:match("%f[%w](filter)%(")
end

-- Return the event function of a table, or nil when the table has no mask, filter or hook. hooks:
-- { masks = fn or nil, on_row = {fn}, filter = fn or nil, on_change = {fn}, bad_row, bad_change }.
-- event(change) returns false to drop the change, "insert" or "delete" when the filter accepts only
-- one image of an update, and nil otherwise.
function closure.event(hooks)
  if not hooks.masks and not hooks.filter and #hooks.on_row == 0 and #hooks.on_change == 0 then return nil end
  local values = { cbase.image, cbase.row_open, cbase.row_close, cbase.filtered, hooks.bad_row, hooks.bad_change,
    hooks.masks or false, hooks.filter or false }
  for _, fn in ipairs(hooks.on_row) do values[#values + 1] = fn end
  for _, fn in ipairs(hooks.on_change) do values[#values + 1] = fn end
  return instantiate(event_text(hooks), "event", hook_label, table.unpack(values))
end

return closure
