---@meta tideway.decimal
-- luacheck: ignore

---An exact decimal number. + - * / // % < <= and tostring are exact. == with a plain number is
---always false: use eq.
---@class tideway.decimal
---@operator add(tideway.decimal|number): tideway.decimal
---@operator sub(tideway.decimal|number): tideway.decimal
---@operator mul(tideway.decimal|number): tideway.decimal
---@operator div(tideway.decimal|number): tideway.decimal
---@operator idiv(tideway.decimal|number): tideway.decimal
---@operator mod(tideway.decimal|number): tideway.decimal
---@operator unm: tideway.decimal
local number = {}

---Whether the number equals another decimal or a plain number.
---@param other tideway.decimal|number
---@return boolean
function number:eq(other) end

---The number rounded to `scale` digits after the decimal point, half up.
---@param scale integer
---@return tideway.decimal
function number:round(scale) end

---The nearest float.
---@return number
function number:tonumber() end

---The number as an integer; nil when it is not an integer from -2^63 to 2^63-1.
---@return integer?
function number:tointeger() end

---The number of digits after the decimal point.
---@return integer
function number:scale() end

---Makes a decimal from a text or a number.
---@param text string|number
---@return tideway.decimal
local function decimal(text) end

return decimal
