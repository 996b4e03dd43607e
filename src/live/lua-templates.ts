/**
 * Templates for the scripts: Lua functions that make JSON texts. Each is derived from the very builder that makes the
 * same thing in process, called with markers for values; so a field is named in one place.
 */
import type { AttendanceStatus, Statistics } from '../contract/nouns.ts';
import { type Admission, fullRecord, type Line, type RollRecord, reducedRecord } from '../domain/record.ts';
import type { RollEnd } from '../domain/roll.ts';
import { type Counts, statisticsFrom } from '../domain/statistics.ts';
import {
  bulkPayload,
  endedPayload,
  joinedPayload,
  leftPayload,
  leftShortPayload,
  markedPayload,
  ownMarkPayload,
  persistedPayload,
  returnedPayload,
  statisticsPayload,
  submittedPayload,
  updatedPayload,
} from '../event-payloads.ts';

/** A place that a script fills with a JSON text: of whatever type its builder wants. */
export const place = (name: string): never => `@@${name}@@` as never;

/** Lua source of a function from a table of JSON texts to the JSON text of `shape`. */
export const luaTemplate = (shape: object): string => {
  const pieces = JSON.stringify(shape).split(/"@@(\w+)@@"/);
  const texts = pieces.map((piece, i) => (i % 2 === 1 ? `v['${piece}']` : `'${piece}'`));
  return `function(v) return ${texts.filter((it) => it !== "''").join(' .. ')} end`;
};

/** A table of templates as Lua source. */
export const luaTemplates = (name: string, shapes: Record<string, object>): string => {
  const entries = Object.entries(shapes).map(([key, shape]) => `  ['${key}'] = ${luaTemplate(shape)},`);
  return `local ${name} = {\n${entries.join('\n')}\n}\n`;
};

const session_id = place('session_id');
const numbers = { seq: place('seq'), room_seq: place('room_seq') };
const done = { by_name: place('by_name'), at: place('at') };
const statistics: Statistics = place('statistics');
const counts: Counts = {
  present: place('present'),
  absent: place('absent'),
  late: place('late'),
  excused: place('excused'),
};

const record: Omit<RollRecord, 'flags'> = {
  line: place('line'),
  user_id: place('user_id'),
  profile_picture: place('profile_picture'),
  own_seq: place('own_seq'),
  approved: place('approved'),
  student_id: place('student_id'),
  student_name: place('student_name'),
  roll: place('roll'),
  status: place('status'),
  joined_at: place('joined_at'),
  marked_at: place('marked_at'),
  marked_by: place('marked_by'),
  remarks: place('remarks'),
};

/** A record as it is stored: what everybody else sees of it comes last, from student_id on (full_record in roll.lua). */
export const storedRecord = (it: RollRecord): RollRecord => {
  const { line, user_id, profile_picture, own_seq, approved } = it;
  return { line, user_id, profile_picture, own_seq, approved, ...fullRecord(it) };
};

const line: Line = {
  student_id: record.student_id,
  from: place('from'),
  status: record.status,
  joined_at: record.joined_at,
  marked_at: record.marked_at,
  marked_by: record.marked_by,
  remarks: record.remarks,
  own_seq: record.own_seq,
};

const admission: Admission = {
  student_id: record.student_id,
  user_id: record.user_id,
  student_name: record.student_name,
  roll: record.roll,
};

const end: RollEnd = {
  at: place('at'),
  by: place('by'),
  by_name: place('by_name'),
  outcome: place('outcome'),
  reason: place('reason'),
  traceparent: place('traceparent'),
};

/** Every text that a script makes, but for the packets around events. */
export const TEMPLATES = {
  counts,
  statistics: statisticsFrom(counts, place('total'), place('rate')),
  record: storedRecord(record),
  reduced: reducedRecord(record),
  line,
  admission,
  ended_by: end,
  change: {
    kind: place('kind'),
    ...numbers,
    at: place('at'),
    by: place('by'),
    by_name: place('by_name'),
    source: place('source'),
    lines: place('lines'),
    counts: place('counts'),
  },
  accepted: { ok: true, ...numbers, changed: place('changed'), records: place('records') },
  joined: joinedPayload(session_id, record, place('joined_at'), place('online_count'), numbers.seq),
  returned: returnedPayload(session_id, record, place('joined_at'), place('online_count'), numbers.seq),
  updated: updatedPayload(session_id, record, done, statistics, numbers),
  marked: { ...markedPayload(session_id, record, numbers.seq), attendanceRecord: place('record') },
  own_mark: ownMarkPayload(
    session_id,
    record.student_id,
    place('status') as AttendanceStatus,
    place('marked_at'),
    place('own_seq'),
  ),
  bulk: bulkPayload(session_id, place('records'), done, statistics, numbers),
  ended: endedPayload(
    session_id,
    { session: place('session'), statistics, attendanceRecords: place('records') },
    done,
    numbers,
  ),
  submitted: submittedPayload(session_id, statistics, done),
  left: leftPayload(session_id, record, place('disconnected_at'), place('remaining_online_count')),
  left_short: leftShortPayload(session_id, record.student_id),
  statistics_event: statisticsPayload(session_id, statistics, place('online_count'), numbers, place('epoch')),
  persisted: persistedPayload(session_id, place('version'), place('persisted_at')),
  applied: {
    state: place('state'),
    version: place('version'),
    epoch: place('epoch'),
    ...numbers,
    counts: place('counts'),
    online_count: place('online_count'),
    run: place('run'),
    answers: place('answers'),
    here: place('here'),
    overtaken: place('overtaken'),
    changed_since: place('changed_since'),
  },
  head: {
    session: place('session'),
    header: place('header'),
    started_at: place('started_at'),
    windows: {
      opens_at: place('opens_at'),
      late_at: place('late_at'),
      closes_at: place('closes_at'),
      auto_end_at: place('auto_end_at'),
    },
    end: place('end'),
    state: place('state'),
    version: place('version'),
    epoch: place('epoch'),
    staff: place('staff'),
    ...numbers,
    counts: place('counts'),
    joined: place('joined'),
    online_count: place('online_count'),
    run: place('run'),
    fence: place('fence'),
  },
};
