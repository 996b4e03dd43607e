-- read: a roll as it stands.
--
-- Arguments beyond the common ones: which records ('all', '@' and a user id, or a JSON list of student ids), whether to tell who is online
-- ('1'), and the first seq and the greatest number of changes wanted (empty: none).
-- Answers nil when there is no roll, else a list: its numbers (JSON), records, users (field, value, ...), online
-- (field, value, ...), changes.
if not load_roll() then return false end

local which, wants_online = ARGV[OWN_ARGV], ARGV[OWN_ARGV + 1] == '1'
local from, limit = ARGV[OWN_ARGV + 2], ARGV[OWN_ARGV + 3]

local texts, user_pairs = {}, {}
if which == 'all' then
  texts = redis.call('HVALS', MARKS)
  user_pairs = redis.call('HGETALL', USERS)
elseif string.sub(which, 1, 1) == '@' then
  local user_id = string.sub(which, 2)
  local student_id = get(users, user_id)
  if student_id then
    texts = { get(marks, student_id) or nil }
    user_pairs = { user_id, student_id }
  end
else
  for _, student_id in ipairs(cjson.decode(which)) do
    local text = get(marks, student_id)
    if text then texts[#texts + 1] = text end
  end
end

local changes = {}
if from ~= '' then
  for _, entry in ipairs(redis.call('XRANGE', LOG, from .. '-0', '+', 'COUNT', limit)) do
    changes[#changes + 1] = entry[2][2]
  end
end

local fixed = redis.call('HMGET', ROLL, 'header', 'started_at', 'auto_end_at', 'end', 'session')
local head = T.head({
  session = fixed[5], header = fixed[1], started_at = json(fixed[2]), auto_end_at = fixed[3], ['end'] = fixed[4] or 'null',
  state = json(roll.state), version = json(roll.version), epoch = json(roll.epoch), staff = roll.staff,
  seq = json(roll.seq), room_seq = json(roll.room_seq), counts = counts_json(), joined = json(roll.joined),
  online_count = json(roll.online), opens_at = json(roll.opens_at), late_at = json(roll.late_at),
  closes_at = json(roll.closes_at), run = json(roll.run), fence = json(roll.fence),
})
return { head, texts, user_pairs, wants_online and redis.call('HGETALL', ONLINE) or {}, changes }
