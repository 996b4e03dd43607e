-- lease: a node says that it is alive, and learns who is not any more.
--
-- KEYS: the leases of all nodes. ARGV: clock, the node's id, how long its lease holds (milliseconds).
-- Answers whether the node held a lease until now (1 or 0), and then the ids of the nodes whose lease has lapsed.
local NODE = ARGV[2]
local lease_ends = redis.call('ZSCORE', KEYS[1], NODE)
redis.call('ZADD', KEYS[1], string.format('%.0f', now_ms + ARGV[3]), NODE)
local answer = { lease_ends and tonumber(lease_ends) > now_ms and 1 or 0 }
for _, node in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now_ms))) do
  if node ~= NODE then answer[#answer + 1] = node end
end
return answer
