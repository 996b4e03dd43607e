-- defer: a claimed roll was not archived; it is due again after a while.
--
-- Arguments beyond the common ones: the claim's fence, the delay in milliseconds.
-- Answers the instant at which it is due, or nil when the claim is not valid any more.
if not load_roll() or roll.fence ~= tonumber(ARGV[OWN_ARGV]) then return false end
local due = string.format('%.0f', now_ms + ARGV[OWN_ARGV + 1])
redis.call('ZADD', DUE, due, SESSION)
return due
