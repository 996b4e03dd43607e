-- How often somebody has sent a wrong code of late, as domain/wrong-codes.ts has it: "since count" in a field of a hash.

local function wrong_of(h, who)
  local since, count = string.match(get(h, who) or '', '^(%d+) (%d+)$')
  if not since or math.abs(now_ms - since) >= LIMITS.wrong_window_ms then return nil end
  return { since = tonumber(since), count = tonumber(count) }
end

-- Milliseconds until a code is looked at again; nil: it is looked at now.
local function must_wait(wrong, max)
  return wrong and wrong.count >= max and wrong.since + LIMITS.wrong_window_ms - now_ms or nil
end

local function one_more(h, who, wrong)
  wrong = { since = wrong and wrong.since or now_ms, count = (wrong and wrong.count or 0) + 1 }
  put(h, who, string.format('%.0f %d', wrong.since, wrong.count))
end

-- A code is valid in its slot and the next one.
local function is_slot_valid(slot)
  local now = floor(now_ms / LIMITS.code_slot_ms)
  return slot == now or slot == now - 1
end
