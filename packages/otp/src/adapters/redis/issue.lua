-- Stores a code and queues its delivery, if the recipient's limits allow. Times are milliseconds since 1970.
-- KEYS: the request; the recipient's sends, newest first; the partition's deliveries; the networks the recipient has signed
-- in from, by time; the sends from this network once the others are used up (all in one slot)
-- ARGV: now, expiresAt, codeHash, grant, delivery or '', policy {sends: [{count, window}], waits, waitWindow, remembered},
-- log entry or '', network or '', attempts or ''
local request, deliveries, networks = KEYS[1], KEYS[3], KEYS[4]
local now, expiresAt, network = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[8]
local policy = cjson.decode(ARGV[6])

-- The same call again: its reply was lost and the client sent it twice. It writes again, for a replica to confirm.
local answered = redis.call('HGET', request, 'resendAfter')
if answered then
  redis.call('HSET', request, 'resendAfter', answered)
  return {'issued', tonumber(answered)}
end

local longest, most = policy.waitWindow, 0
for _, limit in ipairs(policy.sends) do
  longest, most = math.max(longest, limit.window), math.max(most, limit.count)
end

local function wait(count) return policy.waits[math.min(count, #policy.waits)] end

-- How many of these sends count for the wait; and if there may be no other now, why not, and until when.
local function consider(times)
  local retryAt, recent = 0, 0
  for _, limit in ipairs(policy.sends) do
    local first = tonumber(times[limit.count])
    if first then retryAt = math.max(retryAt, first + limit.window) end
  end
  if retryAt > now then return 0, 'send_limit', retryAt end
  for _, time in ipairs(times) do
    if tonumber(time) > now - policy.waitWindow then recent = recent + 1 end
  end
  if recent > 0 then
    retryAt = tonumber(times[1]) + wait(recent)
    if retryAt > now then return recent, 'resend_too_soon', retryAt end
  end
  return recent
end

local sends = KEYS[2]
local times = redis.call('LRANGE', sends, 0, -1)
local recent, refusal, retryAt = consider(times)
if refusal == 'send_limit' and network ~= '' then
  local signedInAt = tonumber(redis.call('ZSCORE', networks, network) or 0)
  if signedInAt > now - policy.remembered then
    sends = KEYS[5]
    times = redis.call('LRANGE', sends, 0, -1)
    recent, refusal, retryAt = consider(times)
  end
end
if refusal then return {refusal, retryAt} end

local resendAfter = now + wait(recent + 1)
redis.call('HSET', request, 'codeHash', ARGV[3], 'grant', ARGV[4], 'expiresAt', ARGV[2], 'resendAfter', resendAfter)
if ARGV[7] ~= '' then redis.call('HSET', request, 'logEntry', ARGV[7]) end
if ARGV[9] ~= '' then redis.call('HSET', request, 'attempts', ARGV[9]) end
redis.call('PEXPIRE', request, expiresAt - now)
-- The clocks of servers differ a little. The list stays sorted, so that what is cut off is the oldest.
redis.call('LPUSH', sends, math.max(now, tonumber(times[1] or 0)))
redis.call('LTRIM', sends, 0, most - 1)
redis.call('PEXPIRE', sends, longest)
if ARGV[5] ~= '' then redis.call('XADD', deliveries, '*', 'delivery', ARGV[5]) end
return {'issued', resendAfter}
