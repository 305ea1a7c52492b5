---@meta tideway.log
-- luacheck: ignore

---Writes lines to the log of the program, formatted as by string.format.
local log = {}

---@param format string
function log.debug(format, ...) end

---@param format string
function log.info(format, ...) end

---@param format string
function log.warn(format, ...) end

---@param format string
function log.error(format, ...) end

return log
