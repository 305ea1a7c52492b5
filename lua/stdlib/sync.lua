-- tideway.sync: registers a sync and gives the helpers for rows. A row has no methods, since a column may be called
-- anything: they are functions here.
local cbase = require "tideway.cbase"
local core = require "tideway.core"
local fault = require "tideway.core.fault"

local sync = {}

-- run { name =, source =, sink =, ... }: registers; it starts when the script ends.
function sync.run(options)
  core.register(options, fault.here())
end

-- has(row, column): whether the image carries the column (NULL counts as carried).
sync.has = cbase.row_has
-- get(row, column, default): the value, or default where it is NULL, not there or not carried.
sync.get = cbase.row_get
-- copy(row): a plain table that outlives the function; NULL is json.null.
sync.copy = cbase.row_copy

return sync
