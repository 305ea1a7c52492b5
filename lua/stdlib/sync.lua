-- tideway.sync: registers a sync, and contains the helpers for rows. The helpers are functions and
-- not methods of a row, since a column may have the name of any method.
local cbase = require "tideway.cbase"
local core = require "tideway.core"
local fault = require "tideway.core.fault"

local sync = {}

-- run { name =, source =, sink =, ... }: registers a sync. The sync starts when the script ends.
function sync.run(options)
  core.register(options, fault.here())
end

-- has(row, column): whether the table has the column and this image contains it (a NULL is
-- contained).
sync.has = cbase.row_has
-- get(row, column, default): the value, or default when the value is NULL, the table has no such
-- column, or this image does not contain it.
sync.get = cbase.row_get
-- copy(row): a plain table that the script may keep after the function has returned. NULL is
-- json.null.
sync.copy = cbase.row_copy

-- try(fn, fallback): a function that calls fn. If fn raises an error, the result is the fallback, or what
-- fallback(message, ...) returns.
function sync.try(fn, ...)
  if type(fn) ~= "function" then fault.raise("E_OPTION_TYPE", "sync.try(fn, fallback) needs a function, not %s", fault.show(fn)) end
  if select("#", ...) ~= 1 then
    fault.raise("E_OPTION_TYPE", "sync.try(fn, fallback) needs what replaces the result: a value, nil, or function(message, ...)")
  end
  return cbase.try(fn, (...), false)
end

return sync
