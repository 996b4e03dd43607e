-- apply: everything that changes a roll or who is connected to it, for all commands of one turn of one node, in order.
--
-- Arguments beyond the common ones: the node's id, and the commands as a JSON list. A command is one of
-- domain/commands.ts with `connection` { id, namespace } where a socket sent it, or one of { kind: 'detach', connection },
-- { kind: 'reattach', user_id, as, header_version, connection }, { kind: 'sweep', node }.
-- In place of the list, of nothing but joins by connections of students who need no admission: an empty text, the version
-- of the header that all of them name, and six texts for each: user, connection, namespace, profile picture (JSON), key
-- and hash of the request (empty: none). Users and connections that would not be themselves as JSON are not sent so.
-- Answers nil when there is no roll, else JSON: the roll's numbers after all of them, the answer to each, and which of
-- the connections named are online now.
-- Events: those of each command, in the order of domain and fan-out.

if not load_roll() then return false end

local function joins_sent()
  local joins = {}
  for at = FIRST_JOIN, #ARGV, JOIN_ARGS do
    joins[#joins + 1] = {
      kind = 'join', header_version = tonumber(HEADER_VERSION), user_id = ARGV[at],
      connection = { id = ARGV[at + 1], namespace = tonumber(ARGV[at + 2]) },
      profile_picture = cjson.decode('[' .. ARGV[at + 3] .. ']')[1],
      request = ARGV[at + 4] ~= '' and { key = ARGV[at + 4], hash = ARGV[at + 5] } or nil,
    }
  end
  return joins
end

local commands = LIST == '' and joins_sent() or cjson.decode(LIST)

-- One read of each kind for the whole turn.
local function prefetch_all()
  local user_ids, student_ids, keys, connections, proving, device_names = {}, {}, {}, {}, {}, {}
  for _, command in ipairs(commands) do
    if command.user_id then user_ids[#user_ids + 1] = command.user_id end
    if command.request then keys[#keys + 1] = command.request.key end
    if command.connection then connections[#connections + 1] = command.connection.id end
    for _, device in ipairs(command.devices or {}) do device_names[#device_names + 1] = device end
    for _, update in ipairs(command.updates or {}) do student_ids[#student_ids + 1] = update.student_id end
    for _, entry in ipairs(command.entries or {}) do student_ids[#student_ids + 1] = entry.student_id end
    if command.admit and command.admit.student_id then student_ids[#student_ids + 1] = command.admit.student_id end
  end
  prefetch(users, user_ids)
  for _, user_id in ipairs(user_ids) do
    if get(users, user_id) then student_ids[#student_ids + 1] = get(users, user_id) end
  end
  if roll.takes_code == 1 then proving = student_ids end
  prefetch(marks, student_ids)
  prefetch(wrong_codes, proving)
  prefetch(devices, device_names)
  prefetch(followers, user_ids)
  prefetch(requests, keys)
  prefetch(online, connections)
  prefetch(places, user_ids)
end

local function updated_event(line, change, to)
  return {
    event = 'attendanceUpdated', to = to, connections = to == 'student' and connections_of(line.student_id) or nil,
    payload = T.updated({
      session_id = SESSION_JSON, student_id = json(line.student_id), status = json(line.status),
      marked_at = json(line.marked_at), by_name = json(change.by_name), at = NOW, statistics = statistics_json(),
      seq = json(roll.seq), room_seq = json(roll.room_seq),
    }),
  }
end

local function somebody_is_staff()
  for namespace = 1, NAMESPACE_COUNT do
    if staff_in(namespace) then return true end
  end
  return false
end

local function add_marked_event(events, student_id)
  if not somebody_is_staff() then return end
  events[#events + 1] = {
    event = 'studentMarked', to = 'staff',
    payload = T.marked({
      session_id = SESSION_JSON, student_id = json(student_id), record = full_record(student_id), seq = json(roll.seq),
    }),
  }
end

-- What staff and the student concerned hear of each changed record, alone or in a bulk.
local function add_line_events(events, line)
  add_marked_event(events, line.student_id)
  events[#events + 1] = {
    event = 'attendanceMarked', to = 'student', connections = connections_of(line.student_id),
    payload = T.own_mark({
      session_id = SESSION_JSON, student_id = json(line.student_id), status = json(line.status),
      marked_at = json(line.marked_at), own_seq = json(line.own_seq),
    }),
  }
end

local function add_bulk_events(events, change)
  local reduced = {}
  for i, line in ipairs(change.lines) do
    add_line_events(events, line)
    reduced[i] = T.reduced({
      student_id = json(line.student_id), status = json(line.status), marked_at = json(line.marked_at),
    })
  end
  events[#events + 1] = {
    event = 'attendanceBulkUpdated', to = roll.self == 1 and 'staff' or 'room',
    payload = T.bulk({
      session_id = SESSION_JSON, records = '[' .. table.concat(reduced, ',') .. ']', by_name = json(change.by_name),
      at = NOW, statistics = statistics_json(), seq = json(roll.seq), room_seq = json(roll.room_seq),
    }),
  }
end

-- The session object as it is now that the roll has ended. Quotes inside of texts are escaped, so this finds the field.
local function ended_session()
  local session = redis.call('HGET', ROLL, 'session')
  local first, last = string.find(session, '"status":"active"', 1, true)
  return string.sub(session, 1, first - 1) .. '"status":' .. json(roll.state) .. string.sub(session, last + 1)
end

local function add_end_events(events, change)
  if #change.lines > 0 then add_bulk_events(events, change) end
  local session = ended_session()
  local function payload(records)
    return T.ended({
      session_id = SESSION_JSON, session = session, statistics = statistics_json(), records = records,
      by_name = json(change.by_name), at = NOW, seq = json(roll.seq), room_seq = json(roll.room_seq),
    })
  end
  events[#events + 1] = { event = 'attendanceSessionEnded', to = 'room', payload = payload('[]') }
  if not somebody_is_staff() then return end
  events[#events + 1] = { event = 'attendanceSessionEndedConfirm', to = 'staff', payload = payload(all_full_records()) }
  if not change.submitted then return end
  events[#events + 1] = {
    event = 'attendanceSubmitted', to = 'staff',
    payload = T.submitted({
      session_id = SESSION_JSON, statistics = statistics_json(), by_name = json(change.by_name), at = NOW,
    }),
  }
end

local function events_of(change)
  local events = {}
  if change.kind == 'join' then
    local line = change.lines[1]
    events[1] = {
      event = 'studentJoinedAttendance', to = 'staff',
      payload = joined_payload(T.joined, line.student_id, line.joined_at),
    }
    if line.status ~= 'present' then events[2] = updated_event(line, change, 'staff') end
    -- Who shares a device: the one who came, and everybody who had.
    if line.flags then add_marked_event(events, line.student_id) end
    for _, id in ipairs(change.flagged) do add_marked_event(events, id) end
  elseif change.kind == 'mark' then
    for _, line in ipairs(change.lines) do
      if roll.self == 1 then
        events[#events + 1] = updated_event(line, change, 'staff')
        events[#events + 1] = updated_event(line, change, 'student')
      else
        events[#events + 1] = updated_event(line, change, 'room')
      end
      add_line_events(events, line)
    end
  elseif change.kind == 'bulk' then add_bulk_events(events, change)
  else add_end_events(events, change) end
  return events
end

-- A repeated request is answered even after its user left or the session ended, but lets nobody in again.
local function enter(command, outcome)
  local user_id = command.user_id
  if not command.connection or not outcome.ok or not follows(user_id) then return end
  local entry = {
    connection = command.connection.id, namespace = command.connection.namespace, node = NODE, user_id = user_id,
  }
  if command.kind == 'attend' then return put_online(entry, false) end
  if command.kind ~= 'join' or roll.state ~= 'active' then return end
  entry.student_id = get(users, user_id) or nil
  if entry.student_id then put_online(entry, outcome.repeated or not outcome.first_join) end
end

-- Students' connections that came in by this run and were let go by it.
local overtaken = {}

local function finish(command, outcome, change, is_last)
  if command.kind == 'leave' and command.connection and outcome.ok and not outcome.repeated then
    -- What is told after this, in the same turn, is not for this connection any more.
    if not is_last and get(online, command.connection.id) then take_out({ command.connection.id }) end
    take_offline(command.connection.id)
  end
  enter(command, outcome)
  if not change then return end
  if change.kind == 'course' then
    local events = {}
    for _, id in ipairs(change.flagged or {}) do add_marked_event(events, id) end
    tell(events)
    return expel_unentitled()
  end
  tell(events_of(change), true, change.tells_room)
  if change.kind ~= 'end' then return end
  overtaken = let_students_go()
  roll.due_since = now_ms
end

local function reattach(command)
  local not_back = '{"ok":false,"code":"NOT_BACK"}'
  if command.header_version ~= roll.version then return '{"ok":false,"code":"STALE_HEADER"}' end
  if not follows(command.user_id) then return not_back end
  local entry = {
    connection = command.connection.id, namespace = command.connection.namespace, node = NODE,
    user_id = command.user_id,
  }
  if command.as == 'student' then
    local student_id = get(users, command.user_id)
    local record = student_id and record_of(student_id)
    if not record or not record.approved or record.joined_at == null or roll.state ~= 'active' then return not_back end
    entry.student_id = student_id
  end
  put_online(entry, entry.student_id ~= nil)
  return '{"ok":true,"student_id":' .. json(entry.student_id) .. '}'
end

prefetch_all()
local answers, joined = {}, {}
for i, command in ipairs(commands) do
  if command.kind == 'detach' then
    take_offline(command.connection.id)
    answers[i] = '{"ok":true}'
  elseif command.kind == 'reattach' then
    answers[i] = reattach(command)
  elseif command.kind == 'sweep' then
    sweep_node(command.node)
    answers[i] = '{"ok":true}'
  else
    local outcome, change = decide(command)
    finish(command, outcome, change, i == #commands)
    answers[i] = outcome.text
    local student_id = command.kind == 'join' and outcome.ok and get(users, command.user_id)
    if student_id then joined[student_id] = joined[student_id] or get(marks, student_id) end
  end
end

local here, changed_since = {}, {}
for _, command in ipairs(commands) do
  if command.connection then
    local entry = entry_of(command.connection.id)
    here[#here + 1] = json(command.connection.id) .. ':' .. (entry and json(entry.student_id) or 'false')
  end
end
for student_id, text in pairs(joined) do
  if get(marks, student_id) ~= text then
    changed_since[#changed_since + 1] = json(student_id) .. ':' .. get(marks, student_id)
  end
end

if next(online.dirty) or #outbox > 0 then roll.run = roll.run + 1 end
write_back(marks)
write_back(users)
write_back(followers)
write_back(requests)
write_back(wrong_codes)
write_back(devices)
write_back(online)
write_back(places)
write_nodes()
for _, entry in ipairs(entries) do redis.call('XADD', LOG, entry.seq .. '-0', 'change', entry.text) end
write_roll()
if ended then
  redis.call('HSET', ROLL, 'end', ended)
  redis.call('ZADD', DUE, now_ms, SESSION)
end
send_outbox()

return T.applied({
  state = json(roll.state), version = json(roll.version), epoch = json(roll.epoch), seq = json(roll.seq),
  room_seq = json(roll.room_seq), counts = counts_json(), online_count = json(roll.online), run = json(roll.run),
  answers = '[' .. table.concat(answers, ',') .. ']', here = '{' .. table.concat(here, ',') .. '}',
  overtaken = #overtaken > 0 and cjson.encode(overtaken) or '[]', changed_since = '{' .. table.concat(changed_since, ',') .. '}',
})
