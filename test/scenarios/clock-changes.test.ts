/** A course across a change of its clocks, over HTTP and sockets: one node on a clock that the test moves. */
import { afterEach, describe, expect, test } from 'vitest';
import { CSV_BOM } from '../../src/rest/csv.ts';
import type { Classroom } from '../support/classroom.ts';
import { CLOCK_CHANGES, type ClockChange } from '../support/clock-changes.ts';
import { FixedClock, MINUTE_MS } from '../support/fixed-clock.ts';
import { InProcess } from '../support/in-process.ts';
import type { RouteName } from '../support/rest-client.ts';
import type { TestClient } from '../support/socket-client.ts';

const WEEK_MS = 7 * 24 * 60 * MINUTE_MS;
const SECOND_MS = 1_000;

let node: InProcess;
afterEach(async () => {
  node.settle();
  await node.stop();
});

/** A course in the zone of the change, a week before it. */
const courseBefore = async ({ zone, at }: ClockChange, students: number): Promise<Classroom> => {
  node = await new InProcess({ clock: new FixedClock(Date.parse(at) - WEEK_MS) }).start();
  return node.classroom({ students, timezone: zone });
};

/** Real time from the change on. */
const about = ({ at }: ClockChange) => ({
  iso: (ms: number) => new Date(Date.parse(at) + ms).toISOString(),
  clockTo: (ms: number) => {
    node.clock.now = Date.parse(at) + ms;
  },
});

const endsByItselfAt = async (ms: number, change: ClockChange, room: Classroom, teacher: TestClient, id: string) => {
  const { clockTo, iso } = about(change);
  clockTo(ms - 1);
  await teacher.does('markStudentPresent', { session_id: id, student_id: room.student(0).student_id });
  clockTo(ms);
  expect(await teacher.hears('attendanceSessionEnded')).toMatchObject({ ended_by: 'auto', ended_at: iso(ms) });
  await room.archived(id);
};

describe.each(CLOCK_CHANGES)('in $zone across $at', (change) => {
  const { at, last, first, lesson, odd, day } = change;
  const { iso, clockTo } = about(change);

  test('JOIN-1 END-4 late, closed and over after so many real minutes from the start', async () => {
    const room = await courseBefore(change, 6);
    const { session_id } = room;
    const planned = await room.rest.call('patchSession', {
      params: { id: session_id },
      body: {
        date: lesson.begins,
        ends_at: lesson.ends,
        checkin: { late_after_minutes: 45, closes_after_minutes: 75, auto_end_after_minutes: 100 },
      },
    });
    expect(planned).toMatchObject({
      date: String(Date.parse(at) - 30 * MINUTE_MS),
      starts_at: iso(-30 * MINUTE_MS),
      ends_at: iso(60 * MINUTE_MS),
    });
    clockTo(-30 * MINUTE_MS);
    const teacher = await room.started();
    const arrivals = [
      [-1, 'present'],
      [0, 'present'],
      [15 * MINUTE_MS - 1, 'present'],
      [15 * MINUTE_MS, 'late'],
      [45 * MINUTE_MS - 1, 'late'],
    ] as const;
    for (const [index, [ms, status]] of arrivals.entries()) {
      clockTo(ms);
      const client = await node.connect(room.student(index));
      expect(await client.does('joinAttendanceSession', { session_id })).toMatchObject({ status, joined_at: iso(ms) });
    }
    clockTo(45 * MINUTE_MS);
    const tooLate = await node.connect(room.student(5));
    await tooLate.refused('joinAttendanceSession', { session_id }, 'CHECKIN_CLOSED');
    await endsByItselfAt(70 * MINUTE_MS, change, room, teacher, session_id);
  });

  test('JOIN-1 END-4 open so many real minutes before the planned start, over ten after the planned end', async () => {
    const room = await courseBefore(change, 2);
    const { course_id } = room;
    const session_id = 'after-the-change';
    const planned = await room.rest.call('createSession', {
      body: {
        id: session_id,
        course_id,
        title: 'After the change',
        date: lesson.ends,
        ends_at: iso(90 * MINUTE_MS),
        checkin: { opens_before_minutes: 80 },
      },
    });
    expect(planned.starts_at).toBe(iso(60 * MINUTE_MS));
    clockTo(-30 * MINUTE_MS);
    const teacher = await node.connect(room.teacher);
    await teacher.does('startAttendanceSession', { session_id });
    const client = await node.connect(room.student(1));
    for (const early of [-30 * MINUTE_MS, -20 * MINUTE_MS - 1]) {
      clockTo(early);
      const refusal = await client.refused('joinAttendanceSession', { session_id }, 'CHECKIN_NOT_OPEN');
      expect(refusal.opens_at).toBe(iso(-20 * MINUTE_MS));
    }
    clockTo(-20 * MINUTE_MS);
    expect((await client.does('joinAttendanceSession', { session_id })).status).toBe('present');
    await endsByItselfAt(100 * MINUTE_MS, change, room, teacher, session_id);
  });

  test('CSV shows the offset that holds at each instant; all else is UTC', async () => {
    const room = await courseBefore(change, 3);
    const { session_id, course_id, rest } = room;
    const params = { id: session_id };
    await rest.call('patchSession', { params, body: { date: lesson.begins, ends_at: lesson.ends } });
    clockTo(-30 * MINUTE_MS);
    const teacher = await room.started();
    clockTo(-SECOND_MS);
    const before = await room.joined(0);
    clockTo(0);
    const after = await room.joined(1);
    const [one, two, three] = room.students.map(({ student_id }) => student_id);
    const updates = [{ student_id: three, status: 'excused' }];
    await rest.call('markAttendance', { params, body: { updates } });

    const begins = `${lesson.begins}:00${last.slice(-6)}`;
    const rows = [
      [begins, one, last, last],
      [begins, two, first, first],
      [begins, three, '', first],
    ];
    const rowsOf = async () => {
      const { text } = await rest.send('downloadAttendance', { params });
      const [header = [], ...lines] = linesOf(text);
      const columns = ['date', 'student_id', 'joined_at', 'marked_at'].map((column) => header.indexOf(column));
      return lines.map((cells) => columns.map((column) => cells[column]));
    };
    expect(await rowsOf()).toEqual(rows);
    await rest.call('endSession', { params, body: {} });
    await room.archived();
    expect(await rowsOf()).toEqual(rows);

    const of = (student_id: string | undefined) => ({ params: { id: student_id ?? '' } });
    const reads: [RouteName, object][] = [
      ['getCourse', { params: { id: course_id } }],
      ['getSession', { params }],
      ['listSessions', {}],
      ['getAttendance', { params }],
      ['getAudit', { params }],
      ['getHistory', of(one)],
    ];
    const answers: unknown[] = [await node.service().call('exportStudent', of(two))];
    for (const [name, input] of reads) answers.push(await rest.call(name, input));
    for (const told of [...answers, before.heard, after.heard, teacher.heard]) {
      expect(instantsIn(told).filter((text) => !UTC.test(text))).toEqual([]);
      expect(datesIn(told).filter((text) => !/^"\d{13}"$/.test(text))).toEqual([]);
      expect(instantsIn(told)).not.toEqual([]);
    }
    expect(instantsIn(answers)).toEqual(expect.arrayContaining([iso(-SECOND_MS), iso(0)]));
    // The report counts, and says nothing of times.
    const report = linesOf((await rest.send('downloadReport', { params: { id: course_id } })).text);
    expect(report.slice(1).map((cells) => cells.slice(3))).toEqual([
      ['1', '1', '0', '0', '0', '100'],
      ['1', '1', '0', '0', '0', '100'],
      ['1', '0', '0', '0', '1', '0'],
    ]);
  });

  test('a list has the whole local day, and begins and ends where a local time is', async () => {
    const room = await courseBefore(change, 0);
    const { course_id, rest } = room;
    const beside = Math.abs(odd.minutes) * MINUTE_MS;
    const sessions: Record<string, string> = {
      begins: day.begins,
      before: iso(-beside),
      after: iso(beside),
      ends: new Date(Date.parse(day.ends) - MINUTE_MS).toISOString(),
      next: day.ends,
    };
    for (const [id, date] of Object.entries(sessions)) {
      // Lists are in the order in which sessions were made.
      node.clock.advance(SECOND_MS);
      await rest.call('createSession', { body: { id, course_id, title: id, date } });
    }
    const list = async (query: Record<string, string>) =>
      (await rest.call('listSessions', { query })).items.map(({ id }) => id).reverse();
    const inCourse = (from: string, to: string) => list({ course_id, from, to });

    expect(await inCourse(day.date, day.next)).toEqual(['begins', 'before', 'after', 'ends']);
    for (const then of [at, String(Date.parse(at)), first]) {
      expect(await inCourse(day.date, then)).toEqual(['begins', 'before']);
      expect(await inCourse(then, day.next)).toEqual(['after', 'ends']);
    }
    expect(await inCourse(last, first)).toEqual([]);
    // Skipped, it is after the change; shown twice, it is the first time, before the change.
    const isSkipped = odd.minutes > 0;
    expect(await inCourse(day.date, odd.local)).toEqual(isSkipped ? ['begins', 'before'] : ['begins']);
    expect(await inCourse(odd.local, day.next)).toEqual(isSkipped ? ['after', 'ends'] : ['before', 'after', 'ends']);
    // Over several courses there is no zone to read them in but UTC.
    const onThatDayInUtc = Object.keys(sessions).filter((id) => sessions[id]?.startsWith(day.date));
    expect(await list({ from: day.date, to: day.next })).toEqual(onThatDayInUtc);
  });
});

const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** Everything in an answer that begins as a date does. */
const instantsIn = (value: unknown): string[] =>
  [...JSON.stringify(value).matchAll(/"(\d{4}-\d\d-\d\d[^"]*)"/g)].map(([, text = '']) => text);
const datesIn = (value: unknown): string[] =>
  [...JSON.stringify(value).matchAll(/"date":([^,}]*)/g)].map(([, text = '']) => text);

/** No cell of these downloads needs quotes. */
const linesOf = (csv: string): string[][] =>
  csv
    .replace(CSV_BOM, '')
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','));
