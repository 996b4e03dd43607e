-- due-now: the time, and sessions that may be due, from the index over all partitions.
--
-- KEYS: the index. ARGV: clock, the greatest number of sessions wanted.
-- Answers a list: the time (milliseconds), then the sessions, those that have waited longest first.
local now = string.format('%.0f', now_ms)
return { now, unpack(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[2])) }
