---@meta
-- luacheck: ignore

-- The modules written in C: heartbeat, env, secret, json, yaml, regex, hash, time, decimal, log.

---@class tideway.heartbeat
local beat = {}

---The text of a heartbeat for a time in ms.
---@param ms integer
---@return string
function beat:message(ms) end

---@class tideway.heartbeat_module
---@field new fun(options: { interval: number?, topic: string? }): tideway.heartbeat

---@class tideway.env
---@field need fun(name: string): string raises when there is none
---@field [string] string?

---@class tideway.secret prints as ***

---@class tideway.json
---@field null any
---@field encode fun(value: any, options: { indent: integer }?): string
---@field decode fun(text: string): any, string?
---@field get fun(text: string, pointer: string): any
---@field array fun(t: table): table
---@field object fun(t: table): table

---@class tideway.yaml
---@field decode fun(text: string): any, string?
---@field encode fun(value: any): string

---@class tideway.pattern
local re = {}

---@param text string
---@return boolean
function re:test(text) end

---@param text string
---@param init integer?
---@return string? ...
function re:match(text, init) end

---@param text string
---@param init integer?
---@return integer?, integer?, string ...
function re:find(text, init) end

---@param text string
---@return table? groups [0] is the whole match; false for an unset group
function re:captures(text) end

---@param text string
---@return fun(): string ...
function re:gmatch(text) end

---@param text string
---@param replacement string|table|fun(...): string
---@param n integer?
---@return string, integer
function re:gsub(text, replacement, n) end

---@class tideway.regex
---@field new fun(pattern: string, flags: "i"?): tideway.pattern

---@class tideway.hash
---@field md5 fun(text: string): string
---@field sha1 fun(text: string): string
---@field sha256 fun(text: string): string
---@field hmac_sha256 fun(key: string, text: string): string
---@field crc32 fun(text: string): integer
---@field murmur2 fun(text: string): integer

---@class tideway.time
---@field now fun(): integer
---@field parse fun(text: string): integer?, string?
---@field format fun(ms: integer, format: string?): string

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

---@class tideway.log
---@field debug fun(format: string, ...)
---@field info fun(format: string, ...)
---@field warn fun(format: string, ...)
---@field error fun(format: string, ...)
