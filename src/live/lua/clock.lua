-- The clock, as every script's first argument gives it: milliseconds, or empty for the server's own. And JSON.
local null = cjson.null
local floor = math.floor

local function clock()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local time = redis.call('TIME')
  return time[1] * 1000 + floor(time[2] / 1000)
end
local now_ms = clock()

-- The instant in the form of JavaScript's toISOString; days are turned into dates by eras of 400 years from March on.
local function iso(ms)
  local days = floor(ms / 86400000)
  local rest = ms - days * 86400000
  local shifted = days + 719468
  local era = floor(shifted / 146097)
  local day_of_era = shifted - era * 146097
  local year_of_era = floor((day_of_era - floor(day_of_era / 1460) + floor(day_of_era / 36524)
    - floor(day_of_era / 146096)) / 365)
  local day_of_year = day_of_era - (365 * year_of_era + floor(year_of_era / 4) - floor(year_of_era / 100))
  local month_from_march = floor((5 * day_of_year + 2) / 153)
  local day = day_of_year - floor((153 * month_from_march + 2) / 5) + 1
  local month = month_from_march < 10 and month_from_march + 3 or month_from_march - 9
  local year = year_of_era + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, day, floor(rest / 3600000),
    floor(rest / 60000) % 60, floor(rest / 1000) % 60, rest % 1000)
end
local now_iso = iso(now_ms)

-- One value as JSON. Only for single values: cjson would make an object of an empty list.
local function json(value)
  if value == nil or value == null then return 'null' end
  if type(value) == 'number' then return string.format('%.0f', value) end
  return cjson.encode(value)
end
-- Calls fn(first, last) for pieces of a list that are small enough to be unpacked as arguments.
local function in_pieces(size, fn)
  for first = 1, size, 1000 do fn(first, math.min(first + 999, size)) end
end
