-- embed.lua FOLDER OUT.c: writes the Lua files under FOLDER as the table of src/script/stdlib.h.
-- Folders named _meta (stubs for editors) are skipped.
-- OUT.c is not written when nothing has changed, so that make rebuilds nothing.
local folder, out = arg[1], arg[2]

local function read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read("a")
  file:close()
  return text
end

local function literal(line)
  return '"' .. line:gsub('[\\"?]', "\\%0"):gsub("\t", "\\t"):gsub("\n", "\\n"):gsub("[^\32-\126]", function(c)
    return ("\\%03o"):format(c:byte())
  end) .. '"'
end

local function module_name(path)
  local name = path:sub(#folder + 2):gsub("%.lua$", ""):gsub("/", ".")
  name = ("." .. name):gsub("%.init$", "")
  return "tideway" .. name
end

local paths = {}
local list = assert(io.popen("find '" .. folder .. "' -name '*.lua' -type f -not -path '*/_meta/*' | LC_ALL=C sort"))
for path in list:lines() do paths[#paths + 1] = path end
list:close()

local parts = { "/* made by scripts/embed.lua: do not edit */\n",
  '#include "script/stdlib.h"\n\n', "const struct stdlib_file stdlib_files[] = {\n" }
local function add(...) for _, part in ipairs({ ... }) do parts[#parts + 1] = part end end
for _, path in ipairs(paths) do
  local text = assert(read(path), path)
  add("\t{", literal(module_name(path)), ",\n\t ")
  for line in text:gmatch("[^\n]*\n?") do
    if line ~= "" then add("\n\t ", literal(line)) end
  end
  if text == "" then add('""') end
  add(",\n\t ", tostring(#text), "},\n")
end
add("\t{NULL, NULL, 0},\n};\nconst size_t stdlib_count = ", tostring(#paths), ";\n")

local new = table.concat(parts)
if read(out) ~= new then
  local file = assert(io.open(out, "wb"))
  assert(file:write(new))
  file:close()
end
