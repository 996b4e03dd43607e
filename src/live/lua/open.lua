-- open: puts a roll there, every student absent, due at its limit, in one step. One that is there is left as it is.
--
-- Arguments beyond the common ones: the session object (JSON), the rest of the header (JSON), the staff (JSON list),
-- opens_at, the waits until late, closing and end by its own rule (milliseconds from now; empty: no such rule), the
-- planned end, the grace after that, the wait until the end when nothing else is set, whether it takes a code and whether
-- students hear only of themselves (1 or 0), the header's version; then for each student: student_id, user_id, the record.
-- Answers the instant at which it will be due; nil: there was one.
if load_roll() then return false end
forget_roll()

local function argument(n) return ARGV[OWN_ARGV + n] end
local function after(wait) return wait ~= '' and now_ms + tonumber(wait) or nil end

local planned_end = tonumber(argument(7))
local after_planned_end = planned_end and planned_end > now_ms and planned_end + tonumber(argument(8)) or nil
local auto_end_at = after(argument(6)) or after_planned_end or after(argument(9))
local opens_at, closes_at = tonumber(argument(3)), after(argument(5))
-- Started so early that it would close before it opens, it is open from the start: or nobody could ever check in.
if opens_at and closes_at and opens_at >= closes_at then opens_at = nil end
local FIRST = OWN_ARGV + 13
local size = (#ARGV - FIRST + 1) / 3

roll = {
  state = 'active', epoch = FRESH_EPOCH, replication_id = REPLICATION, staff = argument(2), version = tonumber(argument(12)), seq = 0,
  room_seq = 0, present = 0, absent = size, late = 0, excused = 0, joined = 0, size = size, no_ops = 0, online = 0,
  run = 0, room_1 = 0, room_2 = 0, staff_1 = 0, staff_2 = 0, opens_at = opens_at,
  late_at = after(argument(4)), closes_at = closes_at, statistics_at = 0, fence = 0, tries = 0,
  due_since = auto_end_at, takes_code = tonumber(argument(10)), self = tonumber(argument(11)),
}
for n = 0, size - 1 do
  local at = FIRST + n * 3
  put(marks, ARGV[at], ARGV[at + 2])
  put(users, ARGV[at + 1], ARGV[at])
end
write_back(marks)
write_back(users)
write_roll()
redis.call('HSET', ROLL, 'format', FORMAT, 'session', argument(0), 'header', argument(1), 'started_at', now_iso,
  'auto_end_at', string.format('%.0f', auto_end_at))
redis.call('ZADD', DUE, auto_end_at, SESSION)
return string.format('%.0f', auto_end_at)
