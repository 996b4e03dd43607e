-- arrive: the short way for a turn of nothing but first joins in time, of students whom nobody has marked and who have
-- no other connection. That is what comes by the thousand when classes begin. It does for them just what the rules do
-- (decide.lua and the rest of apply.lua), by cutting and joining texts instead of parsing them. Whatever differs in one
-- of the joins is left to the rules, with the whole turn; the model test sends joins both ways.
--
-- Arguments: see apply.lua.
-- Answers as apply does, or nil with nothing changed: the rules decide.
--
-- A table that grows costs more than one that is made large, so tables are made with a place for all that comes in.

local NODE, LIST, HEADER_VERSION = ARGV[OWN_ARGV], ARGV[OWN_ARGV + 1], ARGV[OWN_ARGV + 2]
local FIRST_JOIN, JOIN_ARGS = OWN_ARGV + 3, 6
local RECEIVERS = '["' .. STAFF_ROOM .. '"]'

-- A list with room.
local function list()
  return { false, false, false, false, false, false, false, false, false, false, false, false, false, false, false, false }
end

local function some(values)
  for _, value in ipairs(values) do
    if value then return true end
  end
  return false
end

-- Two of the same, or something that is not there.
local function twice_or_missing(ids, count)
  if count == 1 then return not ids[1] end
  local seen = {}
  for i = 1, count do
    if not ids[i] or seen[ids[i]] then return true end
    seen[ids[i]] = true
  end
  return false
end

-- What each join is about: the texts (JSON) of its record that stay as they are. nil: something has happened to a record.
local function untouched_records(texts, user_ids, count)
  local records = list()
  for i = 1, count do
    local text, user_id = texts[i] or '', user_ids[i]
    if string.sub(text, -#UNTOUCHED_END) ~= UNTOUCHED_END then return nil end
    local line, user, student, name, number = string.match(text, UNTOUCHED)
    -- The registry may have given this line to another user since.
    if user ~= '"' .. user_id .. '"' then return nil end
    records[i] = {
      line = line, user_id = user, student_id = student, student_name = name, roll = number, session_id = SESSION_JSON,
      receivers = RECEIVERS, now = NOW, seq = '', room_seq = '', present = '', absent = '', late = '', excused = '',
      online_count = '', profile_picture = '', record = '', namespace = '',
    }
  end
  return records
end

-- to: how many staff each namespace has.
local function publish(records, count, to)
  for namespace, name in ipairs(NAMESPACES) do
    local channel, quoted = CHANNELS .. name .. '#' .. STAFF_ROOM .. '#', '"' .. name .. '"'
    for i = 1, to[namespace] > 0 and count or 0 do
      records[i].namespace = quoted
      redis.call('SPUBLISH', channel, JOIN.packet(records[i]))
    end
  end
end

local function arrive()
  if LIST ~= '' then return nil end
  local joins = (#ARGV - FIRST_JOIN + 1) / JOIN_ARGS
  local state, version, replication_id, epoch, seq, room_seq, present, absent, late, excused, joined, size, online, run,
    opens_at, late_at, closes_at, takes_code, room_1, room_2, staff_1, staff_2, here = unpack(redis.call('HMGET', ROLL, 'state',
    'version', 'replication_id', 'epoch', 'seq', 'room_seq', 'present', 'absent', 'late', 'excused', 'joined', 'size',
    'online', 'run', 'opens_at', 'late_at', 'closes_at', 'takes_code', 'room_1', 'room_2', 'staff_1', 'staff_2', 'node:' .. NODE))
  if state ~= 'active' or version ~= HEADER_VERSION then return nil end
  if takes_code == '1' then return nil end
  if REPLICATION ~= '' and replication_id ~= REPLICATION then return nil end
  if opens_at ~= '' and now_ms < tonumber(opens_at) then return nil end
  if late_at ~= '' and now_ms >= tonumber(late_at) then return nil end
  if closes_at ~= '' and now_ms >= tonumber(closes_at) then return nil end
  if seq + joins > LIMITS.changes then return nil end
  if redis.call('HLEN', MARKS) ~= tonumber(size) or redis.call('XLEN', LOG) ~= tonumber(seq) then return nil end

  -- Of each join: user, connection, namespace, profile picture (JSON), key and hash of its request (empty: none).
  local user_ids, connections, keys, in_namespace = list(), list(), {}, { 0, 0 }
  for i = 1, joins do
    local at = FIRST_JOIN + (i - 1) * JOIN_ARGS
    user_ids[i], connections[i] = ARGV[at], ARGV[at + 1]
    local namespace = tonumber(ARGV[at + 2])
    in_namespace[namespace] = in_namespace[namespace] + 1
    if ARGV[at + 4] ~= '' then keys[#keys + 1] = ARGV[at + 4] end
  end
  local student_ids = redis.call('HMGET', USERS, unpack(user_ids, 1, joins))
  if twice_or_missing(student_ids, joins) then return nil end
  if some(redis.call('HMGET', PLACES, unpack(user_ids, 1, joins))) then return nil end
  if #keys > 0 and some(redis.call('HMGET', REQUESTS, unpack(keys))) then return nil end
  local records = untouched_records(redis.call('HMGET', MARKS, unpack(student_ids)), user_ids, joins)
  if not records then return nil end

  -- From here on everything is written; nothing of it can fail.
  local marks, followers, online_set, places, requests = list(), list(), list(), list(), {}
  local answers, entered = list(), list()
  run = run + 1
  for i = 1, joins do
    local it, at = records[i], FIRST_JOIN + (i - 1) * JOIN_ARGS
    local connection = '"' .. connections[i] .. '"'
    seq, present, absent, joined, online = seq + 1, present + 1, absent - 1, joined + 1, online + 1
    -- As texts, since each is written several times.
    it.seq, it.present, it.absent, it.online_count = seq .. '', present .. '', absent .. '', online .. ''
    it.room_seq, it.late, it.excused, it.profile_picture = room_seq, late, excused, ARGV[at + 3]
    it.record = JOIN.record(it)
    answers[i] = JOIN.answer(it)
    local n = 2 * i - 1
    marks[n], marks[n + 1] = student_ids[i], it.record
    followers[n], followers[n + 1] = user_ids[i], '1'
    online_set[n], online_set[n + 1] = connections[i],
      '[' .. it.user_id .. ',' .. it.student_id .. ',"' .. NODE .. '",' .. ARGV[at + 2] .. ']'
    places[n], places[n + 1] = user_ids[i], '[[' .. connection .. ',' .. it.student_id .. ',' .. ARGV[at + 2] .. ']]'
    if ARGV[at + 4] ~= '' then
      requests[#requests + 1] = ARGV[at + 4]
      requests[#requests + 1] = ARGV[at + 5] .. '\n' .. answers[i]
    end
    entered[i] = connection .. ':' .. it.student_id
    redis.call('XADD', LOG, it.seq .. '-0', 'change', JOIN.change(it))
  end
  redis.call('HSET', MARKS, unpack(marks, 1, 2 * joins))
  redis.call('HSET', FOLLOWERS, unpack(followers, 1, 2 * joins))
  redis.call('HSET', ONLINE, unpack(online_set, 1, 2 * joins))
  redis.call('HSET', PLACES, unpack(places, 1, 2 * joins))
  if #requests > 0 then redis.call('HSET', REQUESTS, unpack(requests)) end
  redis.call('HSET', ROLL, 'seq', seq, 'present', present, 'absent', absent, 'joined', joined, 'online', online,
    'run', run, 'room_1', room_1 + in_namespace[1], 'room_2', room_2 + in_namespace[2],
    'node:' .. NODE, (here or 0) + joins)
  if not here then redis.call('SADD', HELD_BY .. NODE, SESSION) end
  publish(records, joins, { tonumber(staff_1), tonumber(staff_2) })

  return JOIN.applied({
    state = '"active"', version = version, epoch = '"' .. epoch .. '"', seq = seq, room_seq = room_seq, present = present,
    absent = absent, late = late, excused = excused, online_count = online, run = run,
    answers = '[' .. table.concat(answers, ',', 1, joins) .. ']', here = '{' .. table.concat(entered, ',', 1, joins) .. '}',
  })
end
