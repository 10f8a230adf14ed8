-- Stores a code and queues its delivery, if the recipient's limits allow. Times are milliseconds since 1970.
-- KEYS: the request; the recipient's sends, newest first; the partition's deliveries; the networks the recipient has signed
-- in from, by time; the sends from this network once the others are used up; the sends to somebody with an account while a
-- brake is on; the network of the newest of the recipient's sends (all in one slot)
-- ARGV: now, expiresAt, codeHash, grant, delivery or '', policy {sends: [{count, window}], accountSends, waits, waitWindow,
-- remembered, account}, log entry or '', network or '', attempts or '', and while a brake is on the reserves that are left:
-- 'network', 'account', both or 'none'; else ''
local request, deliveries, networks, newest = KEYS[1], KEYS[3], KEYS[4], KEYS[7]
local now, expiresAt, network, braked = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[8], ARGV[10]
local policy = cjson.decode(ARGV[6])

-- The same call again: its reply was lost and the client sent it twice. It writes again, for a replica to confirm.
local answered = redis.call('HGET', request, 'resendAfter')
if answered then
  redis.call('HSET', request, 'resendAfter', answered)
  return {'issued', tonumber(answered), ''}
end

local longest, most = policy.waitWindow, 0
for _, limit in ipairs(policy.sends) do
  longest, most = math.max(longest, limit.window), math.max(most, limit.count)
end

local function wait(count) return policy.waits[math.min(count, #policy.waits)] end

-- How many of these sends count for the wait; and if there may be no other now, why not, and until when.
local function consider(times, limits)
  local retryAt, recent = 0, 0
  for _, limit in ipairs(limits) do
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

-- Only looked up when the others are used up, or a brake is on.
local function isHome()
  return network ~= '' and tonumber(redis.call('ZSCORE', networks, network) or 0) > now - policy.remembered
end
local function hasAccount()
  local signedIn = redis.call('ZREVRANGE', networks, 0, 0, 'WITHSCORES')[2]
  return tonumber(signedIn or 0) > now - policy.account
end

local sends, reserve, times, recent, refusal, retryAt = KEYS[2], '', {}, 0, nil, nil
local function try(list, limits)
  sends, times = list, redis.call('LRANGE', list, 0, -1)
  recent, refusal, retryAt = consider(times, limits)
end
if braked == '' then
  try(KEYS[2], policy.sends)
  -- A stranger's send makes nobody wait at home; one's own does.
  local isOthers = refusal == 'send_limit' or refusal == 'resend_too_soon' and redis.call('GET', newest) ~= network
  if isOthers and isHome() then try(KEYS[5], policy.sends) end
elseif braked:find('network', 1, true) and isHome() then
  reserve = 'network'
  try(KEYS[5], policy.sends)
elseif braked:find('account', 1, true) and hasAccount() then
  reserve = 'account'
  try(KEYS[6], policy.accountSends)
  -- Tells a stranger no more than that there is no code.
  if refusal then return {'braked'} end
else
  return {'braked'}
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
if sends == KEYS[2] then redis.call('SET', newest, network, 'PX', policy.waitWindow) end
if ARGV[5] ~= '' then redis.call('XADD', deliveries, '*', 'delivery', ARGV[5]) end
return {'issued', resendAfter, reserve}
