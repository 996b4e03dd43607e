-- What is published, collected while commands are decided and sent after everything is written.

local NAMESPACE_COUNT = #NAMESPACES
-- Parts of a change: a node counts it as heard with its last part (see sockets/session-feeds.ts).
local NEWS, PART, LAST_PART, OWN = 0, 1, 2, 4
local outbox = {}

local function channel(namespace, room)
  return CHANNELS .. NAMESPACES[namespace] .. '#' .. room .. '#'
end

local function staff_in(namespace) return roll['staff_' .. namespace] > 0 end
local function somebody_in(namespace) return roll['room_' .. namespace] > 0 end

-- Where an event goes: for each namespace the channel's room, and the rooms or sockets in it that hear it.
local function targets_of(event, namespace)
  if event.to == 'staff' then
    return staff_in(namespace) and STAFF_ROOM or nil, '["' .. STAFF_ROOM .. '"]'
  end
  if event.to == 'room' then
    return somebody_in(namespace) and ROOM or nil, '["' .. ROOM .. '"]'
  end
  local ids = {}
  for _, id in ipairs(event.connections[namespace]) do ids[#ids + 1] = json(id) end
  return #ids > 0 and ROOM or nil, '[' .. table.concat(ids, ',') .. ']'
end

-- Events in order: { event, payload (JSON), to = 'staff' | 'room' | 'student', connections by namespace (student) }.
-- numbered: they are the parts of the change that the roll has just taken. tells_room: it has a room_seq; else what goes
-- to the room's channel is for some students alone, and no step of what the room hears.
local function tell(events, numbered, tells_room)
  local last = {}
  local first = #outbox + 1
  for _, event in ipairs(events) do
    for namespace = 1, NAMESPACE_COUNT do
      local room, receivers = targets_of(event, namespace)
      if room then
        local message = {
          channel = channel(namespace, room), namespace = namespace, event = event, receivers = receivers,
          part = numbered and PART or NEWS, seq = roll.seq, room_seq = roll.room_seq,
        }
        outbox[#outbox + 1] = message
        if numbered and not tells_room and event.to == 'student' then message.part = OWN
        else last[message.channel] = message end
      end
    end
  end
  if numbered and #outbox >= first then
    for _, message in pairs(last) do message.part = LAST_PART end
  end
end

-- Takes connections out of the rooms, in its place among the events: a list of ids, 'students' or 'all'.
local function take_out(who)
  for namespace = 1, NAMESPACE_COUNT do
    if somebody_in(namespace) then
      outbox[#outbox + 1] = {
        channel = channel(namespace, ROOM), seq = roll.seq, room_seq = roll.room_seq, out = cjson.encode(who),
        run = roll.run + 1,
      }
    end
  end
end

local function send_outbox()
  for _, it in ipairs(outbox) do
    local text
    if it.out then
      text = PACKET.out({ seq = json(it.seq), room_seq = json(it.room_seq), out = it.out, run = json(it.run) })
    else
      text = PACKET.event({
        seq = json(it.seq), room_seq = json(it.room_seq), part = json(it.part),
        namespace = '"' .. NAMESPACES[it.namespace] .. '"', event = '"' .. it.event.event .. '"',
        payload = it.event.payload, receivers = it.receivers,
      })
    end
    redis.call('SPUBLISH', it.channel, text)
  end
end
