-- Accepts a code at most once and counts wrong ones against the recipient. Times are milliseconds since 1970.
-- KEYS: the request; the recipient's wrong guesses, newest first, as `time:operation`; the partition's log (all in one slot)
-- ARGV: now, operation, codeHash, limit, window, memory (how long a call may still be repeated)
--
-- The hashes are compared byte by byte, not in constant time: both are HMACs under a key that no guesser has, so how many
-- of their bytes agree tells nothing about the code.
local request, guesses = KEYS[1], KEYS[2]
local now, operation, codeHash = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local limit, window, memory = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

local expected, grant, expiresAt, spentBy, logEntry =
  unpack(redis.call('HMGET', request, 'codeHash', 'grant', 'expiresAt', 'spentBy', 'logEntry'))
-- The same call again: its reply was lost and the client sent it twice. It writes again, for a replica to confirm.
if spentBy == operation then
  redis.call('HSET', request, 'spentBy', operation)
  return {'correct', grant}
end
if not expected or spentBy or tonumber(expiresAt) <= now then return {'expired'} end

local wrong, newest, oldest, repeated = 0, 0, now, false
for _, guess in ipairs(redis.call('LRANGE', guesses, 0, limit - 1)) do
  local text, by = guess:match('^(%d+):(.*)$')
  local time = tonumber(text)
  newest = math.max(newest, time)
  if time > now - window then
    wrong, oldest = wrong + 1, time
    repeated = repeated or by == operation
  end
end
if repeated then
  redis.call('PEXPIRE', guesses, window)
  return {'incorrect', limit - wrong}
end
if wrong >= limit then return {'exhausted', oldest + window} end

if codeHash == expected then
  redis.call('HSET', request, 'spentBy', operation)
  redis.call('PEXPIRE', request, memory)
  if logEntry then redis.call('XADD', KEYS[3], '*', 'verified', logEntry, 'at', ARGV[1]) end
  return {'correct', grant}
end
-- The clocks of servers differ a little. The list stays sorted, so that what is cut off is the oldest.
redis.call('LPUSH', guesses, string.format('%.0f:%s', math.max(now, newest), operation))
redis.call('LTRIM', guesses, 0, limit - 1)
redis.call('PEXPIRE', guesses, window)
return {'incorrect', limit - wrong - 1}
