-- Hashes that are read through and written back at the end: while a command is decided nothing is written, so a script
-- that fails has changed nothing.

local function hash(key)
  return { key = key, values = {}, dirty = {} }
end

-- Reads many fields at once.
local function prefetch(h, fields)
  local wanted = {}
  for _, field in ipairs(fields) do
    if h.values[field] == nil then
      h.values[field] = false
      wanted[#wanted + 1] = field
    end
  end
  in_pieces(#wanted, function(first, last)
    local values = redis.call('HMGET', h.key, unpack(wanted, first, last))
    for i = first, last do h.values[wanted[i]] = values[i - first + 1] end
  end)
end

-- The text of a field, or false.
local function get(h, field)
  local value = h.values[field]
  if value == nil then
    value = redis.call('HGET', h.key, field)
    h.values[field] = value
  end
  return value
end

-- false removes the field.
local function put(h, field, value)
  h.values[field] = value
  h.dirty[field] = true
end

-- Every field with its text, as it is by now.
local function each(h, fn)
  local stored = redis.call('HGETALL', h.key)
  for i = 1, #stored, 2 do
    if h.values[stored[i]] == nil then h.values[stored[i]] = stored[i + 1] end
  end
  for field, value in pairs(h.values) do
    if value then fn(field, value) end
  end
end

local function write_back(h)
  local set, removed = {}, {}
  for field in pairs(h.dirty) do
    local value = h.values[field]
    if value then
      set[#set + 1] = field
      set[#set + 1] = value
    else
      removed[#removed + 1] = field
    end
  end
  in_pieces(#set, function(first, last) redis.call('HSET', h.key, unpack(set, first, last)) end)
  in_pieces(#removed, function(first, last) redis.call('HDEL', h.key, unpack(removed, first, last)) end)
end
