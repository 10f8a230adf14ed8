-- Begins a document's log, unless there is one.
-- KEYS: head, updates · ARGV: from, seq, link
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], 'from', ARGV[1], 'seq', ARGV[2], 'link', ARGV[3])
return 1
