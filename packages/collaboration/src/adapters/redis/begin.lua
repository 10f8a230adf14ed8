-- Begins a document's log, unless there is one. It is forgotten like one that is all in the snapshot, until it has an update.
-- KEYS: head, updates · ARGV: from, seq, link, time until it is forgotten (ms)
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], 'from', ARGV[1], 'seq', ARGV[2], 'link', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
