-- Who has a document open: a sorted set of `server user` by the time until which the server's word holds.
-- KEYS: presence
-- ARGV: enter, leave or renew · server · now (ms) · until (ms) · users
local action, server, now = ARGV[1], ARGV[2], tonumber(ARGV[3])

-- Users by whether anybody's word for them holds still, but for `but`.
local function present(but)
  local users = {}
  local members = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
  for i = 1, #members, 2 do
    if members[i] ~= but and tonumber(members[i + 1]) > now then users[members[i]:match(' (.*)$')] = true end
  end
  return users
end

if action == 'enter' then
  local before = present(nil)
  redis.call('ZADD', KEYS[1], ARGV[4], server .. ' ' .. ARGV[5])
  redis.call('PEXPIREAT', KEYS[1], ARGV[4] + 60000)
  local users = {}
  for user in pairs(before) do users[#users + 1] = user end
  return users
end

if action == 'leave' then
  redis.call('ZREM', KEYS[1], server .. ' ' .. ARGV[5])
  return present(nil)[ARGV[5]] and 0 or 1
end

for i = 5, #ARGV do redis.call('ZADD', KEYS[1], ARGV[4], server .. ' ' .. ARGV[i]) end
redis.call('PEXPIREAT', KEYS[1], ARGV[4] + 60000)
local here, gone = present(nil), {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
  local user = member:match(' (.*)$')
  redis.call('ZREM', KEYS[1], member)
  if not here[user] then gone[#gone + 1] = user; here[user] = true end
end
return gone
