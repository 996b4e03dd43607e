-- statistics: sends the roll's statistics, unless any node has done so just now.
--
-- Arguments beyond the common ones: to whom ('room' or 'staff'), and the shortest wait since the last time (milliseconds).
-- Answers 1 when they were sent.
-- Events: attendanceStatistics.
if not load_roll() or roll.state ~= 'active' then return 0 end
if math.abs(now_ms - roll.statistics_at) < tonumber(ARGV[OWN_ARGV + 1]) then return 0 end
roll.statistics_at = now_ms
tell({ {
  event = 'attendanceStatistics', to = ARGV[OWN_ARGV],
  payload = T.statistics_event({
    session_id = SESSION_JSON, statistics = statistics_json(), online_count = json(roll.online), seq = json(roll.seq),
    room_seq = json(roll.room_seq), epoch = json(roll.epoch),
  }),
} })
write_roll()
send_outbox()
return 1
