-- Adds an update to a document's log and tells every server that has it open, both or neither.
-- KEYS: head, updates, documents waiting for a snapshot
-- ARGV: update, link, message before the numbers, channel, document, now (ms)
local head = redis.call('HMGET', KEYS[1], 'seq', 'link')
if not head[1] then return false end
local seq = head[1] + 1
redis.call('XADD', KEYS[2], string.format('%.0f-0', seq), 'u', ARGV[1], 'l', ARGV[2], 'p', head[2])
redis.call('HSET', KEYS[1], 'seq', string.format('%.0f', seq), 'link', ARGV[2])
redis.call('PERSIST', KEYS[1])
redis.call('PERSIST', KEYS[2])
redis.call('ZADD', KEYS[3], 'NX', ARGV[6], ARGV[5])
redis.call('SPUBLISH', ARGV[4], ARGV[3] .. struct.pack('>d', seq) .. ARGV[2] .. head[2] .. ARGV[1])
return {seq, head[2]}
