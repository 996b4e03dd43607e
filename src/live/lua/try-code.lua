-- try-code: whether a code is right now, for somebody without a token. A wrong one counts for their device and address.
--
-- Arguments beyond the common ones: the slot of the code (empty: of none), device, address, and how many wrong codes each
-- of the two may send within a window.
-- Answers nil when there is no roll, else { 'OK', now }, { a code of errors.ts } or { 'RATE_LIMITED', milliseconds to wait }.
if not load_roll() then return false end

local slot, device, address = tonumber(ARGV[OWN_ARGV]), ARGV[OWN_ARGV + 1], ARGV[OWN_ARGV + 2]
local device_max, address_max = tonumber(ARGV[OWN_ARGV + 3]), tonumber(ARGV[OWN_ARGV + 4])
local CLEARED_AT = ' cleared_at'
local guessers = hash(GUESSERS)

-- Milliseconds to wait while too many are counted; those whose time is over are forgotten, once in a window.
local function full()
  if redis.call('HLEN', GUESSERS) < LIMITS.guessers then return nil end
  local next_at = (tonumber(get(guessers, CLEARED_AT) or 0) or 0) + LIMITS.wrong_window_ms
  if next_at > now_ms then return next_at - now_ms end
  local kept = 0
  each(guessers, function(who)
    if wrong_of(guessers, who) then kept = kept + 1 else put(guessers, who, false) end
  end)
  put(guessers, CLEARED_AT, string.format('%.0f', now_ms))
  write_back(guessers)
  return kept >= LIMITS.guessers and LIMITS.wrong_window_ms or nil
end

if roll.state ~= 'active' then return { 'SESSION_NOT_ACTIVE' } end
if slot and is_slot_valid(slot) then return { 'OK', string.format('%.0f', now_ms) } end
local of_device, of_address = wrong_of(guessers, device), wrong_of(guessers, address)
local wait = must_wait(of_device, device_max) or must_wait(of_address, address_max) or full()
if wait then return { 'RATE_LIMITED', string.format('%.0f', wait) } end
one_more(guessers, device, of_device)
one_more(guessers, address, of_address)
write_back(guessers)
return { 'CHECKIN_CODE_INVALID' }
