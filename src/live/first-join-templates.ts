/**
 * Texts of what comes by the thousand: a first join in time, of a student whom nobody has marked. lua/arrive.lua cuts
 * them out of the record as it is stored, and puts them together without parsing any.
 */
import { admittedRecord, type RollRecord } from '../domain/record.ts';
import { joinedPayload } from '../event-payloads.ts';
import { luaTemplates, place, storedRecord, TEMPLATES } from './lua-templates.ts';
import { LAST_PART, PACKETS } from './roll-packets.ts';

const now = place('now');
const student = {
  student_id: place('student_id'),
  user_id: place('user_id'),
  student_name: place('student_name'),
  roll: place('roll'),
};

/** As the roll's opening or the registry made it, and nothing has happened to it. */
const before: RollRecord = { ...admittedRecord(place('line'), student), profile_picture: place('earlier_picture') };
const after: RollRecord = {
  ...before,
  profile_picture: place('profile_picture'),
  status: 'present',
  joined_at: now,
  marked_at: now,
  marked_by: 'self',
  own_seq: 1,
};
const { own_seq, status, joined_at, marked_at, marked_by, remarks, profile_picture } = after;
const line = { student_id: student.student_id, from: before.status, status, joined_at, marked_at, marked_by, remarks };
const { seq } = TEMPLATES.change;
const event = {
  event: 'studentJoinedAttendance',
  payload: joinedPayload(place('session_id'), after, now, place('online_count'), seq),
};

const SHAPES = {
  record: storedRecord(after),
  change: {
    ...TEMPLATES.change,
    kind: 'join',
    at: now,
    by: student.user_id,
    by_name: student.student_name,
    source: 'checkin',
    lines: [{ ...line, own_seq, profile_picture }],
    counts: TEMPLATES.counts,
    follow: student.user_id,
  },
  answer: { ...TEMPLATES.accepted, changed: true, records: [place('record')], first_join: true },
  packet: filled(PACKETS.event, { part: LAST_PART, ...event }),
  applied: { ...TEMPLATES.applied, counts: TEMPLATES.counts, overtaken: [], changed_since: {} },
};

/** A shape with values at some of its places. */
function filled(shape: object, values: Record<string, unknown>): object {
  return JSON.parse(JSON.stringify(shape), (_key, it) => {
    const name = typeof it === 'string' && it.startsWith('@@') ? it.slice(2, -2) : '';
    return Object.hasOwn(values, name) ? values[name] : it;
  }) as object;
}

const STATUS = '"status":';
const untouched = JSON.stringify(storedRecord(before));
const END_BEGINS = untouched.indexOf(STATUS);
/**
 * Values are caught as the texts that they are, each up to the name of the field after it, the last one too. A quote inside
 * of a text is escaped, so none can hold such a name; and what is around the places holds no character that a Lua pattern
 * takes for more than itself.
 */
const beginning = untouched
  .slice(0, END_BEGINS + STATUS.length)
  .replaceAll(/"@@(\w+)@@"/g, (_it, name) => (name === 'earlier_picture' ? '.-' : '(.-)'));

/** As Lua source: a table JOIN of templates, the end of the text of a record that is untouched, a pattern for all before its value. */
export const FIRST_JOIN_SOURCE = [
  luaTemplates('JOIN', SHAPES),
  `local UNTOUCHED_END = '${untouched.slice(END_BEGINS)}'`,
  `local UNTOUCHED = '^${beginning}'`,
].join('\n');
