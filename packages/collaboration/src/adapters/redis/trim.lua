-- Drops what a snapshot has. What is not the entry the snapshot was made at (a failover took that one back) stays.
-- KEYS: head, updates, documents waiting for a snapshot
-- ARGV: seq, link, document, now (ms), days until a log that is all in the snapshot is forgotten (ms)
local head = redis.call('HMGET', KEYS[1], 'seq', 'link', 'from')
if not head[1] then return 0 end
local atHead = head[1] == ARGV[1] and head[2] == ARGV[2]
if not atHead then
  local entry = redis.call('XRANGE', KEYS[2], ARGV[1] .. '-0', ARGV[1] .. '-0')[1]
  if not entry or entry[2][4] ~= ARGV[2] then return 0 end
end
redis.call('XTRIM', KEYS[2], 'MINID', string.format('%.0f-0', ARGV[1] + 1))
redis.call('HSET', KEYS[1], 'from', ARGV[1])
if atHead then
  redis.call('ZREM', KEYS[3], ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
  redis.call('PEXPIRE', KEYS[2], ARGV[5])
else
  redis.call('ZADD', KEYS[3], ARGV[4], ARGV[3])
end
return 1
