---@meta tideway.decimal
-- luacheck: ignore

---@class tideway.decimal
---@operator add(tideway.decimal|number): tideway.decimal
---@operator sub(tideway.decimal|number): tideway.decimal
---@operator mul(tideway.decimal|number): tideway.decimal
---@operator div(tideway.decimal|number): tideway.decimal
---@operator idiv(tideway.decimal|number): tideway.decimal
---@operator mod(tideway.decimal|number): tideway.decimal
---@operator unm: tideway.decimal
local number = {}

---@param other tideway.decimal|number
---@return boolean
function number:eq(other) end

---@param scale integer
---@return tideway.decimal
function number:round(scale) end

---@return number
function number:tonumber() end

---@return integer?
function number:tointeger() end

---@return integer
function number:scale() end

---@param text string|number
---@return tideway.decimal
local function decimal(text) end

return decimal
