-- Gives a turn back, unless it has run out and is somebody else's.
-- KEYS: turn · ARGV: holder
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
