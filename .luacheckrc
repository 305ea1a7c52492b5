-- luacheck: the libraries and examples of Tideway are Lua 5.4; scripts see the globals of the sandbox.
std = "lua54"
max_line_length = 140
codes = true
-- an unused argument named with a leading underscore is on purpose; so is an unused loop variable
ignore = { "212/_.*", "213" }
-- standard globals that the sandbox does not have
not_globals = { "dofile", "loadfile", "load", "collectgarbage" }
-- these run on the developer's machine, outside the sandbox
files["scripts/embed.lua"] = { not_globals = {} }
