-- One roll as its keys hold it: numbers, records, users, followers, remembered requests.

local TEXTS = { 'state', 'epoch', 'replication_id', 'staff' }
local NUMBERS = {
  'version', 'seq', 'room_seq', 'present', 'absent', 'late', 'excused', 'joined', 'size', 'no_ops', 'online', 'run',
  'room_1', 'room_2', 'staff_1', 'staff_2', 'opens_at', 'late_at', 'closes_at', 'statistics_at', 'fence', 'tries',
  'due_since', 'takes_code', 'self',
}
local FIELDS = {}
for _, field in ipairs(TEXTS) do FIELDS[#FIELDS + 1] = field end
for _, field in ipairs(NUMBERS) do FIELDS[#FIELDS + 1] = field end

-- stored: what its fields hold; nil as long as there is none.
local roll, stored = {}, nil
local marks, users, followers, requests = hash(MARKS), hash(USERS), hash(FOLLOWERS), hash(REQUESTS)

local function forget_roll()
  redis.call('DEL', ROLL, MARKS, USERS, FOLLOWERS, ONLINE, PLACES, LOG, REQUESTS, WRONG_CODES, GUESSERS, DEVICES)
  redis.call('ZREM', DUE, SESSION)
end

-- False: there is no such roll. One of which a part is missing is lost as a whole (LOSS-1): whatever removed it, the
-- rest must not be taken for the truth.
local function load_roll()
  local values = redis.call('HMGET', ROLL, unpack(FIELDS))
  if not values[1] then return false end
  stored = {}
  for i, field in ipairs(FIELDS) do
    local value = values[i]
    if value ~= '' then
      value = i > #TEXTS and tonumber(value) or value
      roll[field], stored[field] = value, value
    end
  end
  if redis.call('HLEN', MARKS) ~= roll.size or redis.call('XLEN', LOG) ~= roll.seq then
    forget_roll()
    stored = nil
    return false
  end
  -- Another server answers, or the same one after a restart: changes may be missing that were told before.
  if REPLICATION ~= '' and roll.replication_id ~= REPLICATION then
    roll.replication_id = REPLICATION
    roll.epoch = FRESH_EPOCH
    redis.call('HSET', ROLL, 'replication_id', REPLICATION, 'epoch', FRESH_EPOCH)
    stored.replication_id, stored.epoch = REPLICATION, FRESH_EPOCH
  end
  return true
end

local function write_roll()
  local set = {}
  for i, field in ipairs(FIELDS) do
    local value = roll[field]
    if not stored or value ~= stored[field] then
      set[#set + 1] = field
      set[#set + 1] = value == nil and '' or i > #TEXTS and string.format('%.0f', value) or value
    end
  end
  if #set > 0 then redis.call('HSET', ROLL, unpack(set)) end
end

local records = {}

-- The record of a student as a table; false: not on the roll.
local function record_of(student_id)
  local record = records[student_id]
  if record == nil then
    local text = get(marks, student_id)
    record = text and cjson.decode(text) or false
    records[student_id] = record
  end
  return record
end

local function record_text(record)
  local text = T.record({
    line = json(record.line), user_id = json(record.user_id), profile_picture = json(record.profile_picture),
    own_seq = json(record.own_seq), approved = json(record.approved), student_id = json(record.student_id),
    student_name = json(record.student_name), roll = json(record.roll), status = json(record.status),
    joined_at = json(record.joined_at), marked_at = json(record.marked_at), marked_by = json(record.marked_by),
    remarks = json(record.remarks),
  })
  -- Of most records there are none; and last, so that what is cut off before them stays the same.
  if not record.flags or #record.flags == 0 then return text end
  return string.sub(text, 1, -2) .. ',"flags":' .. cjson.encode(record.flags) .. '}'
end

local function has_flag(record, flag)
  for _, it in ipairs(record.flags or {}) do
    if it == flag then return true end
  end
  return false
end

-- A new list: the one before may be in a change.
local function set_flag(record, flag, is_set)
  local flags = {}
  for _, it in ipairs(record.flags or {}) do
    if it ~= flag or is_set then flags[#flags + 1] = it end
  end
  if is_set and not has_flag(record, flag) then flags[#flags + 1] = flag end
  record.flags = flags
end

local function put_record(record)
  records[record.student_id] = record
  put(marks, record.student_id, record_text(record))
end

-- What staff and the archive see of a record: the end of its text, from the student on.
local function full_record(student_id)
  local text = get(marks, student_id)
  return '{' .. string.sub(text, string.find(text, '"student_id":', 1, true), -1)
end

-- The full records of everybody, in the order of their lines.
local function all_full_records()
  local full = {}
  each(marks, function(student_id, text)
    full[tonumber(string.match(text, '^{"line":(%d+)')) + 1] = full_record(student_id)
  end)
  return '[' .. table.concat(full, ',') .. ']'
end

local function follows(user_id)
  return get(followers, user_id) ~= false
end

local function is_staff(user_id)
  for _, id in ipairs(cjson.decode(roll.staff)) do
    if id == user_id then return true end
  end
  return false
end

local function counts_json()
  return T.counts({
    present = json(roll.present), absent = json(roll.absent), late = json(roll.late), excused = json(roll.excused),
  })
end

-- (present + late) / (total - excused) in percent with two decimals, as domain/statistics.ts has it.
local function rate_json()
  local expected = roll.present + roll.absent + roll.late
  if expected == 0 then return '0' end
  local hundredths = floor((roll.present + roll.late) / expected * 10000 + 0.5)
  return string.format('%d.%02d', floor(hundredths / 100), hundredths % 100)
end

local function statistics_json()
  return T.statistics({
    total = json(roll.present + roll.absent + roll.late + roll.excused), present = json(roll.present),
    absent = json(roll.absent), late = json(roll.late), excused = json(roll.excused), rate = rate_json(),
  })
end
