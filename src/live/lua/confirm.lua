-- confirm: the archive has the roll. Staff are told, everybody is let go, and the roll is forgotten, but for what its
-- requests were answered.
--
-- Arguments beyond the common ones: the claim's fence, the version that the archive made, how long requests are kept
-- (milliseconds).
-- Answers 1, or 0 when the claim is not valid any more.
-- Events: attendancePersisted to staff.
if not load_roll() or roll.state == 'active' or roll.fence ~= tonumber(ARGV[OWN_ARGV]) then return 0 end

local version, kept_ms = ARGV[OWN_ARGV + 1], tonumber(ARGV[OWN_ARGV + 2])
tell({ {
  event = 'attendancePersisted', to = 'staff',
  payload = T.persisted({ session_id = SESSION_JSON, version = version, persisted_at = NOW }),
} })
take_out('all')
for _, connection in ipairs(connections_that(function() return true end)) do detach(connection) end
write_nodes()
redis.call('DEL', KEPT)
if redis.call('EXISTS', REQUESTS) == 1 then
  redis.call('RENAME', REQUESTS, KEPT)
  redis.call('HSET', KEPT, KEPT_UNTIL, string.format('%.0f', now_ms + kept_ms))
  redis.call('PEXPIRE', KEPT, kept_ms)
end
forget_roll()
send_outbox()
return 1
