-- answered: what a request was answered, by the roll or after it.
--
-- Arguments beyond the common ones: the request's key and hash.
-- Answers nil when it is not known, else the outcome (JSON).
local request = { key = ARGV[OWN_ARGV], hash = ARGV[OWN_ARGV + 1] }
if not load_roll() then
  local kept_until = redis.call('HGET', KEPT, KEPT_UNTIL)
  if not kept_until or tonumber(kept_until) <= now_ms then return false end
  requests.key = KEPT
end
local outcome = answered_before(request)
return outcome and outcome.text or false
