---@meta tideway.kafka
-- luacheck: ignore

---@class tideway.sink

---@class tideway.producer
local producer = {}

---Sends a record. topic, key and value are required. json.null is a null key as the key, a
---tombstone as the value.
---@param record { topic: string, key: any, value: any, headers: table?, partition: integer? }
function producer:send(record) end

---Waits until all records are acknowledged, for at most `seconds`. Returns true, or nil and a
---message.
---@param seconds number
function producer:flush(seconds) end

function producer:close() end

---@class tideway.consumer
local consumer = {}

---Returns the next record, nil when none arrives within `seconds`, or nil and a message after an
---error. A null key is json.null, as is the value of a tombstone.
---@param seconds number
---@return table?
function consumer:poll(seconds) end

function consumer:close() end

---@class tideway.topic_admin
local admin = {}

---@param options tideway.new_topic
function admin:create(options) end

---@param name string
function admin:delete(name) end

---@return table<string, integer> partitions by name
function admin:list() end

local kafka = {}

---Describes a sink that sends messages to Kafka. Nothing connects.
---@param options tideway.sink_options
---@return tideway.sink
function kafka.sink(options) end

---Describes a sink that writes each message as a line to a file, or to stdout without one.
---@param options tideway.lines_options
---@return tideway.sink
function kafka.lines(options) end

---Connects a producer. Only in `tideway exec`.
---@param options tideway.client_options
---@return tideway.producer
function kafka.producer(options) end

---Connects a consumer. Only in `tideway exec`.
---@param options tideway.consumer_options
---@return tideway.consumer
function kafka.consumer(options) end

---Connects an admin client, which creates, deletes and lists topics. Only in `tideway exec`.
---@param options tideway.admin_options
---@return tideway.topic_admin
function kafka.topics(options) end

return kafka
