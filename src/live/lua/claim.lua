-- claim: takes a roll that is due, for a lease; whoever held it before can neither confirm nor defer it any more.
--
-- Argument beyond the common ones: the lease in milliseconds.
-- Answers nil when there is no such roll; { due } with the instant when it is not due yet; else
-- { due, fence, 'end' | 'archive', tries so far }.
local due = redis.call('ZSCORE', DUE, SESSION)
if not due then return false end
if tonumber(due) > now_ms then return { due } end
if not load_roll() then return false end

local kind = roll.state == 'active' and 'end' or 'archive'
local tries = roll.tries
roll.fence = roll.fence + 1
if kind == 'archive' then roll.tries = tries + 1 end
write_roll()
local lapses_at = string.format('%.0f', now_ms + ARGV[OWN_ARGV])
redis.call('ZADD', DUE, lapses_at, SESSION)
return { lapses_at, roll.fence, kind, tries }
