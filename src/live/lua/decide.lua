-- The rules of a roll: what each command changes and what it is answered. The same as domain/decide.ts, which is the
-- model of this; a seeded test compares the two.

-- An outcome as { ok, text (JSON), first_join, repeated }, and the change that it made, if any.
local function refused(code, more)
  return { ok = false, text = '{"ok":false,"code":"' .. code .. '"' .. (more or '') .. '}' }
end

local function ids_json(ids)
  local texts = {}
  for i, id in ipairs(ids) do texts[i] = json(id) end
  return ',"student_ids":[' .. table.concat(texts, ',') .. ']'
end

local function accepted(changed, record_texts, first_join)
  local text = T.accepted({
    seq = json(roll.seq), room_seq = json(roll.room_seq), changed = json(changed),
    records = '[' .. table.concat(record_texts, ',') .. ']',
  })
  if first_join then text = string.sub(text, 1, -2) .. ',"first_join":true}' end
  return { ok = true, text = text, first_join = first_join }
end

local function remember(request, outcome)
  put(requests, request.key, request.hash .. '\n' .. outcome.text)
end

local function answered_before(request)
  local earlier = request and get(requests, request.key)
  if not earlier then return nil end
  local hash_end = string.find(earlier, '\n', 1, true)
  if string.sub(earlier, 1, hash_end - 1) ~= request.hash then return refused('CONFLICT') end
  local text = string.sub(earlier, hash_end + 1, -2) .. ',"repeated":true}'
  return { ok = true, text = text, repeated = true }
end

-- Accepted without a number. Remembered while there is room for that, so that a late repeat stays harmless.
local function quiet(request, record_texts)
  local outcome = accepted(false, record_texts)
  if request and roll.no_ops < LIMITS.remembered_no_ops then
    remember(request, outcome)
    roll.no_ops = roll.no_ops + 1
  end
  return outcome
end

local function unchanged(request, record_texts)
  if request and roll.no_ops >= LIMITS.remembered_no_ops then return refused('ROLL_FULL') end
  return quiet(request, record_texts)
end

local function admitted_record(admission)
  local record = {
    line = roll.size, student_id = admission.student_id, user_id = admission.user_id,
    student_name = admission.student_name, roll = admission.roll, profile_picture = null, status = 'absent',
    joined_at = null, marked_at = null, marked_by = null, remarks = null, own_seq = 0, approved = true,
  }
  roll.size = roll.size + 1
  put(users, admission.user_id, admission.student_id)
  return record
end

local function apply_line(line)
  local record = record_of(line.student_id) or admitted_record(line.admitted)
  if line.admitted == nil then roll[line.from] = roll[line.from] - 1 end
  roll[line.status] = roll[line.status] + 1
  if record.joined_at == null and line.joined_at ~= null then roll.joined = roll.joined + 1 end
  record.status, record.joined_at, record.own_seq = line.status, line.joined_at, line.own_seq
  record.marked_at, record.marked_by, record.remarks = line.marked_at, line.marked_by, line.remarks
  if line.profile_picture ~= nil then record.profile_picture = line.profile_picture end
  if line.flags then record.flags = line.flags end
  put_record(record)
end

local function line_json(line)
  local text = T.line({
    student_id = json(line.student_id), from = json(line.from), status = json(line.status),
    joined_at = json(line.joined_at), marked_at = json(line.marked_at), marked_by = json(line.marked_by),
    remarks = json(line.remarks), own_seq = json(line.own_seq),
  })
  if line.profile_picture ~= nil then
    text = string.sub(text, 1, -2) .. ',"profile_picture":' .. json(line.profile_picture) .. '}'
  end
  if line.admitted ~= nil then
    local it = line.admitted
    local admitted = T.admission({
      student_id = json(it.student_id), user_id = json(it.user_id), student_name = json(it.student_name),
      roll = json(it.roll),
    })
    text = string.sub(text, 1, -2) .. ',"admitted":' .. admitted .. '}'
  end
  if line.flags and #line.flags > 0 then text = string.sub(text, 1, -2) .. ',"flags":' .. cjson.encode(line.flags) .. '}' end
  return text
end

local entries = {}

-- Makes a change that takes the next number, and writes it on the log. more: further fields of its entry, as JSON.
local function numbered(change, more)
  roll.seq = roll.seq + 1
  if change.tells_room then roll.room_seq = roll.room_seq + 1 end
  local lines, changed = {}, {}
  for i, line in ipairs(change.lines) do
    apply_line(line)
    lines[i] = line_json(line)
  end
  for i, line in ipairs(change.lines) do changed[i] = get(marks, line.student_id) end
  change.text = string.sub(T.change({
    kind = json(change.kind), seq = json(roll.seq), room_seq = json(roll.room_seq), at = NOW, by = json(change.by),
    by_name = json(change.by_name), source = json(change.source), lines = '[' .. table.concat(lines, ',') .. ']',
    counts = counts_json(),
  }), 1, -2) .. (more or '') .. '}'
  entries[#entries + 1] = { seq = roll.seq, text = change.text }
  return changed
end

-- The end of the roll as JSON, once it is decided.
local ended

-- Makes a numbered change and answers its outcome: the records as they are after it.
local function accepted_change(change, request, more, first_join)
  local changed = numbered(change, more)
  local outcome = accepted(true, changed, first_join)
  if request then remember(request, outcome) end
  return outcome
end

local function is_full() return roll.seq >= LIMITS.changes end

local wrong_codes, devices = hash(WRONG_CODES), hash(DEVICES)

-- nil: the code is right. A ticket is never guessed, so it counts for nothing, and is good whatever was guessed before.
local function decide_code(student_id, proof)
  local slot, valid_until = proof and proof.slot, proof and proof.valid_until
  if valid_until and valid_until ~= null and now_ms <= valid_until then return nil end
  if not slot then return refused(valid_until and 'CHECKIN_CODE_INVALID' or 'CHECKIN_CODE_REQUIRED') end
  local wrong = wrong_of(wrong_codes, student_id)
  local wait = must_wait(wrong, LIMITS.wrong_codes)
  if wait then return refused('RATE_LIMITED', ',"retry_after_ms":' .. json(wait)) end
  if slot ~= null and is_slot_valid(slot) then return nil end
  one_more(wrong_codes, student_id, wrong)
  return refused('CHECKIN_CODE_INVALID')
end

-- The other students who were the first to check in from one of these devices, once each; this one is of the rest.
local function share_devices(student_id, names)
  local others, seen = {}, { [student_id] = true }
  for _, device in ipairs(names) do
    local first = get(devices, device)
    if not first then put(devices, device, student_id)
    elseif not seen[first] and record_of(first) then
      others[#others + 1] = first
      seen[first] = true
    end
  end
  return others
end

local function decide_join(command)
  local user_id, request, admit = command.user_id, command.request, command.admit
  local student_id = get(users, user_id) or (admit and admit.student_id)
  if not student_id then return refused('ADMISSION_NEEDED', ids_json({})) end
  local record = record_of(student_id)
  -- The registry gave this line to another user since, or dropped its student.
  if record and (not record.approved or record.user_id ~= user_id) then return refused('STUDENT_NOT_ENROLLED') end
  if record and record.joined_at ~= null then
    -- Here before: rules apply to the first join alone.
    local texts = { get(marks, student_id) }
    if follows(user_id) then return unchanged(request, texts) end
    put(followers, user_id, '1')
    return quiet(request, texts)
  end
  if roll.opens_at and now_ms < roll.opens_at then
    return refused('CHECKIN_NOT_OPEN', ',"opens_at":' .. json(roll.opens_at))
  end
  if roll.closes_at and now_ms >= roll.closes_at then return refused('CHECKIN_CLOSED') end
  local refusal = roll.takes_code == 1 and decide_code(student_id, command.proof)
  if refusal then return refusal end
  if is_full() or (not record and roll.size >= LIMITS.students) then return refused('ROLL_FULL') end
  local late = roll.late_at and now_ms >= roll.late_at
  local line = {
    student_id = student_id, from = 'absent', status = late and 'late' or 'present', joined_at = now_iso,
    marked_at = now_iso, marked_by = 'self', remarks = null, own_seq = 1, profile_picture = command.profile_picture,
  }
  if record then
    line.from, line.remarks, line.own_seq = record.status, record.remarks, record.own_seq + 1
    -- A mark that staff made earlier stands (JOIN-1): then the join only says when they came.
    if record.marked_by ~= null then
      line.status, line.marked_at, line.marked_by = record.status, record.marked_at, record.marked_by
    end
  else
    line.admitted = admit
  end
  local names, more = command.devices or {}, ',"follow":' .. json(user_id)
  local flagged, texts = {}, {}
  if #names > 0 then
    local others = share_devices(student_id, names)
    if #others > 0 then line.flags = { 'shared_device' } end
    for _, id in ipairs(others) do
      local it = record_of(id)
      if not has_flag(it, 'shared_device') then
        set_flag(it, 'shared_device', true)
        put_record(it)
        flagged[#flagged + 1], texts[#texts + 1] = id, get(marks, id)
      end
    end
    more = more .. ',"devices":' .. cjson.encode(names)
    if #texts > 0 then more = more .. ',"flagged":[' .. table.concat(texts, ',') .. ']' end
  end
  local change = {
    kind = 'join', source = 'checkin', by = user_id, by_name = record and record.student_name or admit.student_name,
    lines = { line }, tells_room = false, flagged = flagged,
  }
  put(followers, user_id, '1')
  local outcome = accepted_change(change, request, more, true)
  return outcome, change
end

-- A mark is an absolute value: nil when the record already says so, by the same hand.
local function marked_line(record, update, by)
  local remarks = update.remarks
  if remarks == nil then remarks = record and record.remarks or null end
  if record and record.status == update.status and record.remarks == remarks and record.marked_by == by then
    return nil
  end
  return {
    student_id = update.student_id, from = record and record.status or 'absent', status = update.status,
    joined_at = record and record.joined_at or null, marked_at = now_iso, marked_by = by, remarks = remarks,
    own_seq = (record and record.own_seq or 0) + 1, flags = record and record.flags or nil,
  }
end

-- The lines that a set of marks changes, in the order of the updates; the last update of a student counts. Or nil and
-- the refusal.
local function lines_of(command, only_unmarked)
  local wanted, order, admissions = {}, {}, {}
  for _, update in ipairs(command.updates) do
    if not wanted[update.student_id] then order[#order + 1] = update.student_id end
    wanted[update.student_id] = update
  end
  for _, admission in ipairs(command.admit) do admissions[admission.student_id] = admission end
  local unknown, barred, lines, newcomers = {}, {}, {}, 0
  for _, student_id in ipairs(order) do
    local record, admission = record_of(student_id), admissions[student_id]
    if not record and not admission then unknown[#unknown + 1] = student_id
    elseif record and not record.approved then barred[#barred + 1] = student_id
    elseif not (only_unmarked and record and record.marked_by ~= null) then
      local line = marked_line(record, wanted[student_id], command.by)
      if line then
        if not record then
          line.admitted = admission
          newcomers = newcomers + 1
        end
        lines[#lines + 1] = line
      end
    end
  end
  if #barred > 0 then return nil, refused('STUDENT_NOT_ON_ROLL', ids_json(barred)) end
  if #unknown > 0 then return nil, refused('ADMISSION_NEEDED', ids_json(unknown)) end
  if roll.size + newcomers > LIMITS.students then return nil, refused('ROLL_FULL') end
  return lines
end

local function decide_marks(command)
  local lines, refusal = lines_of(command, command.only_unmarked)
  if not lines then return refusal end
  if #lines == 0 then
    local only = command.kind == 'mark' and get(marks, command.updates[1].student_id)
    return unchanged(command.request, only and { only } or {})
  end
  if is_full() then return refused('ROLL_FULL') end
  local change = {
    kind = command.kind, source = command.kind, by = command.by, by_name = command.by_name, lines = lines,
    tells_room = roll.self ~= 1,
  }
  local outcome = accepted_change(change, command.request)
  return outcome, change
end

local function decide_end(command)
  -- A roll that is full can still end, with its last marks.
  local lines, refusal = lines_of(command, false)
  if not lines then return refusal end
  local change = {
    kind = 'end', source = command.submitted and 'submit' or 'end', by = command.by, by_name = command.by_name,
    lines = lines, tells_room = true, submitted = command.submitted,
  }
  roll.state = command.outcome
  ended = T.ended_by({
    at = NOW, by = json(command.by), by_name = json(command.by_name), outcome = json(command.outcome),
    reason = json(command.reason), traceparent = json(command.traceparent),
  })
  local more = ',"end":' .. ended .. (command.submitted and ',"submitted":true' or '')
  local outcome = accepted_change(change, command.request, more)
  return outcome, change
end

local function unfollow(user_id)
  -- Who lost their place as a student does not follow any more, unless they are staff by now.
  if not is_staff(user_id) then put(followers, user_id, false) end
end

local function differs(record, entry)
  return record.user_id ~= entry.user_id or record.student_name ~= entry.student_name or record.roll ~= entry.roll
    or record.approved ~= entry.approved
end

-- Registry changes: known students follow at once, unknown ones come by their join or a mark (JOIN-4). A stranger still
-- makes older headers stale: a join or a mark on its way may carry an admission from before.
local function decide_roster(command)
  if roll.state ~= 'active' then return unchanged(nil, {}) end
  local changes, names_stranger = {}, false
  for _, entry in ipairs(command.entries) do
    local record = record_of(entry.student_id)
    if not record then names_stranger = true
    elseif differs(record, entry) then changes[#changes + 1] = entry end
  end
  if #changes == 0 and not names_stranger then return unchanged(nil, {}) end
  -- First free every user id that changes hands, then give: two students may have swapped theirs.
  for _, entry in ipairs(changes) do
    local record = record_of(entry.student_id)
    if get(users, record.user_id) == entry.student_id then
      put(users, record.user_id, false)
      if record.user_id ~= entry.user_id then unfollow(record.user_id) end
    end
  end
  local told = {}
  for _, entry in ipairs(changes) do
    local record = record_of(entry.student_id)
    record.approved, record.user_id = entry.approved, entry.user_id
    record.student_name, record.roll = entry.student_name, entry.roll
    local flagged = has_flag(record, 'removed')
    set_flag(record, 'removed', not entry.approved)
    put_record(record)
    if flagged == entry.approved then told[#told + 1] = entry.student_id end
    -- Whoever still has it followed as somebody else.
    if not entry.approved or get(users, entry.user_id) then unfollow(entry.user_id) end
    put(users, entry.user_id, entry.student_id)
  end
  roll.version = roll.version + 1
  return quiet(nil, {}), { kind = 'course', flagged = told }
end

local function decide_staff(command)
  local stays = {}
  for _, id in ipairs(command.staff) do stays[id] = true end
  for _, id in ipairs(cjson.decode(roll.staff)) do
    if not stays[id] then put(followers, id, false) end
  end
  roll.staff = #command.staff > 0 and cjson.encode(command.staff) or '[]'
  roll.version = roll.version + 1
  return quiet(nil, {}), { kind = 'course' }
end

local function decide_leave(command)
  local before = answered_before(command.request)
  if before then return before end
  local stays = has_other_connection(command.user_id, command.connection and command.connection.id)
  if stays or not follows(command.user_id) then return unchanged(command.request, {}) end
  put(followers, command.user_id, false)
  return quiet(command.request, {})
end

local function is_barred(user_id)
  local student_id = get(users, user_id)
  local record = student_id and record_of(student_id)
  return record and not record.approved
end

local function decide_attend(command)
  if follows(command.user_id) then return unchanged(command.request, {}) end
  put(followers, command.user_id, '1')
  return quiet(command.request, {})
end

local DECIDE = { join = decide_join, attend = decide_attend, mark = decide_marks, bulk = decide_marks, ['end'] = decide_end }

local function decide(command)
  if command.kind == 'roster' then return decide_roster(command) end
  if command.kind == 'staff' then return decide_staff(command) end
  if command.kind == 'leave' then return decide_leave(command) end
  -- Even a repeat must not let somebody back in who was dropped since.
  if command.kind == 'join' and is_barred(command.user_id) then
    return refused(roll.state == 'active' and 'STUDENT_NOT_ENROLLED' or 'SESSION_NOT_ACTIVE')
  end
  local before = answered_before(command.request)
  if before then return before end
  if roll.state ~= 'active' then return refused('SESSION_NOT_ACTIVE') end
  if command.header_version ~= roll.version then return refused('STALE_HEADER') end
  return DECIDE[command.kind](command)
end
