-- Who is connected, with which connections, on which node. Online and present are two things: nothing here ever changes
-- a record. `online` holds each connection as [user_id, student_id or null, node, namespace]; `places` each user's
-- connections as a list of [connection, student_id or false, namespace].

local online, places = hash(ONLINE), hash(PLACES)

local function entry_of(connection)
  local text = get(online, connection)
  if not text then return nil end
  local entry = cjson.decode(text)
  return {
    connection = connection, user_id = entry[1], student_id = entry[2] ~= null and entry[2] or nil, node = entry[3],
    namespace = entry[4],
  }
end

local function places_of(user_id)
  local text = get(places, user_id)
  return text and cjson.decode(text) or {}
end

local function put_places(user_id, list)
  put(places, user_id, #list > 0 and cjson.encode(list) or false)
end

local function is_online(student_id, list)
  for _, place in ipairs(list) do
    if place[2] == student_id then return true end
  end
  return false
end

-- Connections of a student, by namespace. All of them are of the user that the record names, who may have others.
local function connections_of(student_id)
  local by_namespace = {}
  for namespace = 1, NAMESPACE_COUNT do by_namespace[namespace] = {} end
  local record = record_of(student_id)
  for _, place in ipairs(record and places_of(record.user_id) or {}) do
    local ids = by_namespace[place[3]]
    if place[2] == student_id then ids[#ids + 1] = place[1] end
  end
  return by_namespace
end

local function has_other_connection(user_id, connection)
  for _, place in ipairs(places_of(user_id)) do
    if place[1] ~= connection then return true end
  end
  return false
end

-- How many connections each node has here: the first and the last of them are written down where a sweeper looks.
local held, held_before = {}, {}
local function count_node(node, by)
  if held[node] == nil then
    held_before[node] = tonumber(redis.call('HGET', ROLL, 'node:' .. node) or 0)
    held[node] = held_before[node]
  end
  held[node] = held[node] + by
end

local function write_nodes()
  for node, count in pairs(held) do
    local before = held_before[node]
    if count == 0 then redis.call('HDEL', ROLL, 'node:' .. node)
    elseif count ~= before then redis.call('HSET', ROLL, 'node:' .. node, count) end
    if count > 0 and before == 0 then redis.call('SADD', HELD_BY .. node, SESSION) end
    if count == 0 and before > 0 then redis.call('SREM', HELD_BY .. node, SESSION) end
  end
end

local function count_connection(entry, by)
  local at = entry.namespace
  roll['room_' .. at] = roll['room_' .. at] + by
  if not entry.student_id then roll['staff_' .. at] = roll['staff_' .. at] + by end
  count_node(entry.node, by)
end

local function left_events(record)
  local of = {
    session_id = SESSION_JSON, student_id = json(record.student_id), student_name = json(record.student_name),
    roll = json(record.roll), disconnected_at = NOW, remaining_online_count = json(roll.online),
  }
  return {
    { event = 'studentLeftAttendance', to = 'staff', payload = T.left(of) },
    { event = 'studentLeft', to = 'staff', payload = T.left_short(of) },
  }
end

-- Removes a connection; answers its entry, or nil, and whether it was the last of its student.
local function detach(connection)
  local entry = entry_of(connection)
  if not entry then return nil, false end
  put(online, connection, false)
  local rest = {}
  for _, place in ipairs(places_of(entry.user_id)) do
    if place[1] ~= connection then rest[#rest + 1] = place end
  end
  put_places(entry.user_id, rest)
  count_connection(entry, -1)
  local went_offline = entry.student_id ~= nil and not is_online(entry.student_id, rest)
  if went_offline then roll.online = roll.online - 1 end
  return entry, went_offline
end

-- The same; answers what staff are to hear of it: something when it was its student's last, unless the session is over.
local function leaving(connection)
  local entry, went_offline = detach(connection)
  local record = went_offline and roll.state == 'active' and record_of(entry.student_id)
  return record and left_events(record) or {}
end

local function take_offline(connection) tell(leaving(connection)) end

local function joined_payload(template, student_id, joined_at)
  local record = record_of(student_id)
  return template({
    session_id = SESSION_JSON, student_id = json(student_id), student_name = json(record.student_name),
    roll = json(record.roll), profile_picture = json(record.profile_picture), joined_at = json(joined_at),
    status = json(record.status), online_count = json(roll.online), seq = json(roll.seq),
  })
end

-- Connections that were put in by this run.
local entered = {}

-- Puts a connection in. returning: staff are to hear of a return if its student was gone.
local function put_online(entry, returning)
  local before = entry_of(entry.connection)
  -- Its user is somebody else on this roll by now, or has become staff: it is not the former one's too.
  if before and before.student_id ~= entry.student_id then
    take_offline(entry.connection)
    before = nil
  end
  if before then return end
  local list = places_of(entry.user_id)
  local came_online = entry.student_id ~= nil and not is_online(entry.student_id, list)
  list[#list + 1] = { entry.connection, entry.student_id or false, entry.namespace }
  put_places(entry.user_id, list)
  put(online, entry.connection,
    cjson.encode({ entry.user_id, entry.student_id or null, entry.node, entry.namespace }))
  count_connection(entry, 1)
  entered[entry.connection] = true
  if not came_online then return end
  roll.online = roll.online + 1
  if not returning then return end
  local record = record_of(entry.student_id)
  if record.joined_at == null then return end
  local payload = joined_payload(T.returned, entry.student_id, record.joined_at)
  tell({ { event = 'studentJoinedAttendance', to = 'staff', payload = payload } })
end

-- Ids of the connections that fit, in their order.
local function connections_that(fit)
  local ids = {}
  each(online, function(connection)
    if fit(entry_of(connection)) then ids[#ids + 1] = connection end
  end)
  table.sort(ids)
  return ids
end

-- After a change of roster or staff: who may not be here any more is out (AUTH-1).
local function expel_unentitled()
  local out = connections_that(function(entry)
    if not entry.student_id then return not follows(entry.user_id) end
    local record = record_of(entry.student_id)
    return not (record and record.approved and get(users, entry.user_id) == entry.student_id)
  end)
  if #out == 0 then return end
  take_out(out)
  -- All are out before anybody is told: staff among them hear nothing any more.
  local told = {}
  for _, connection in ipairs(out) do told[#told + 1] = leaving(connection) end
  for _, events in ipairs(told) do tell(events) end
end

-- A node is gone, and its connections with it.
local function sweep_node(node)
  for _, connection in ipairs(connections_that(function(entry) return entry.node == node end)) do
    take_offline(connection)
  end
end

-- The session is over for students; staff stay until the archive has it (END-5). Answers who had just come in, and is not
-- in the rooms of their node yet.
local function let_students_go()
  take_out('students')
  local overtaken = {}
  for _, connection in ipairs(connections_that(function(entry) return entry.student_id ~= nil end)) do
    detach(connection)
    if entered[connection] then overtaken[#overtaken + 1] = connection end
  end
  return overtaken
end
