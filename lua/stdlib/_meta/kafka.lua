---@meta tideway.kafka
-- luacheck: ignore

---@class tideway.sink

---@class tideway.producer
local producer = {}

---topic, key and value are required; json.null is a null key, or a tombstone.
---@param record { topic: string, key: any, value: any, headers: table?, partition: integer? }
function producer:send(record) end

---@param seconds number
function producer:flush(seconds) end

function producer:close() end

---@class tideway.consumer
local consumer = {}

---The next record, or nil when none came in time; a null key and a tombstone's value are json.null.
---@param seconds number
---@return table?
function consumer:poll(seconds) end

function consumer:close() end

---@class tideway.topic_admin
local admin = {}

---@param options { name: string, partitions: integer?, replication: integer?, config: table? }
function admin:create(options) end

---@param name string
function admin:delete(name) end

---@return table<string, integer> partitions by name
function admin:list() end

local kafka = {}

---@param options { brokers: string|string[], properties: table<string, tideway.scalar>?, name: string? }
---@return tideway.sink
function kafka.sink(options) end

---Each message as a line, to a file or stdout.
---@param options { file: string?, name: string? }
---@return tideway.sink
function kafka.lines(options) end

---exec only.
---@param options { brokers: string|string[], properties: table? }
---@return tideway.producer
function kafka.producer(options) end

---exec only.
---@param options { brokers: string|string[], topics: string[], group: string?, from_beginning: boolean? }
---@return tideway.consumer
function kafka.consumer(options) end

---exec only.
---@param options { brokers: string|string[], properties: table? }
---@return tideway.topic_admin
function kafka.topics(options) end

return kafka
