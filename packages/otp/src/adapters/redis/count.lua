-- Adds to counts and answers with the totals. A count never falls below zero.
-- KEYS: for each count the hash of its bucket (all in one slot)
-- ARGV: for each count its name, the amount, the total as the caller knows it, the least it can be, and when it expires
-- (milliseconds since 1970)
local totals = {}
for n, bucket in ipairs(KEYS) do
  local name, amount, known, least, expiresAt = unpack(ARGV, 5 * n - 4, 5 * n)
  local stored = redis.call('HGET', bucket, name)
  -- Not here yet, or lost: the caller may know of it.
  local total = math.max(tonumber(stored or known) + tonumber(amount), tonumber(least), 0)
  if total ~= tonumber(stored or 0) then
    redis.call('HSET', bucket, name, total)
    redis.call('PEXPIREAT', bucket, expiresAt)
  end
  totals[n] = total
end
return totals
