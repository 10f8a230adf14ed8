-- Accepts a code at most once and counts wrong ones against the recipient. Times are milliseconds since 1970.
-- KEYS: the request; the recipient's wrong guesses, newest first, as `time:operation`; the partition's log; the networks the
-- recipient has signed in from, by time; the wrong guesses from this network once the others are used up (all in one slot)
-- ARGV: now, operation, codeHash, limit, window, memory (how long a call may still be repeated), network or '', and of the
-- reserve: attempts, networks, remembered; how many wrong ones are borne now, but for the reserve, or ''; how long somebody
-- has an account
--
-- The hashes are compared byte by byte, not in constant time: both are HMACs under a key that no guesser has, so how many
-- of their bytes agree tells nothing about the code.
local request, networks = KEYS[1], KEYS[4]
local now, operation, codeHash = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local window, memory, network = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
local remembered = tonumber(ARGV[10])

local expected, grant, expiresAt, spentBy, logEntry, attempts =
  unpack(redis.call('HMGET', request, 'codeHash', 'grant', 'expiresAt', 'spentBy', 'logEntry', 'attempts'))
-- The same call again: its reply was lost and the client sent it twice. It writes again, for a replica to confirm.
if spentBy == operation then
  redis.call('HSET', request, 'spentBy', operation)
  return {'correct', grant}
end
if not expected or spentBy or tonumber(expiresAt) <= now then return {'expired'} end

-- Of the wrong guesses in a list: how many are in the window, when the newest and the oldest were, and whether this is one.
local function count(list, most)
  local wrong, newest, oldest, repeated = 0, 0, now, false
  for _, guess in ipairs(redis.call('LRANGE', list, 0, most - 1)) do
    local text, by = guess:match('^(%d+):(.*)$')
    local time = tonumber(text)
    newest = math.max(newest, time)
    if time > now - window then
      wrong, oldest = wrong + 1, time
      repeated = repeated or by == operation
    end
  end
  return wrong, newest, oldest, repeated
end

-- A tenant may bear fewer than the recipient has. What is kept is what counts for the others.
local guesses, kept = KEYS[2], tonumber(ARGV[4])
local function bearable() return math.min(kept, tonumber(attempts or kept)) end
local limit = math.min(bearable(), tonumber(ARGV[11]) or kept)
local wrong, newest, oldest, repeated = count(guesses, limit)
local retryAt = oldest + window
if wrong >= limit and not repeated and network ~= '' then
  local signedInAt = tonumber(redis.call('ZSCORE', networks, network) or 0)
  if signedInAt > now - remembered then
    guesses, kept = KEYS[5], tonumber(ARGV[8])
    limit = bearable()
    wrong, newest, oldest, repeated = count(guesses, limit)
    retryAt = math.min(retryAt, oldest + window)
  end
end
if repeated then
  redis.call('PEXPIRE', guesses, window)
  return {'incorrect', limit - wrong}
end
if wrong >= limit then return {'exhausted', retryAt} end

if codeHash == expected then
  redis.call('HSET', request, 'spentBy', operation)
  redis.call('PEXPIRE', request, memory)
  if network ~= '' then
    redis.call('ZADD', networks, now, network)
    redis.call('ZREMRANGEBYRANK', networks, 0, -tonumber(ARGV[9]) - 1)
    redis.call('PEXPIRE', networks, tonumber(ARGV[12]))
  end
  if logEntry then redis.call('XADD', KEYS[3], '*', 'verified', logEntry, 'at', ARGV[1]) end
  return {'correct', grant}
end
-- The clocks of servers differ a little. The list stays sorted, so that what is cut off is the oldest.
redis.call('LPUSH', guesses, string.format('%.0f:%s', math.max(now, newest), operation))
redis.call('LTRIM', guesses, 0, kept - 1)
redis.call('PEXPIRE', guesses, window)
return {'incorrect', limit - wrong - 1}
