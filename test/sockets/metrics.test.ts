/** What an embedded node counts and measures, as a scrape tells it. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { InProcess } from '../support/in-process.ts';
import { freshId } from '../support/people.ts';
import { type Scrape, scrape, scrapeUntil } from '../support/scrape.ts';

let failing = false;
const node = new InProcess({
  beforeCommit: () => {
    if (failing) throw new Error('disk full');
  },
});
beforeAll(() => node.start());
afterEach(() => {
  failing = false;
  node.settle();
});
afterAll(() => node.stop());

const url = () => node.nodes[0]?.url ?? '';
const COUNTED = ['joins_total', 'marks_total', 'sessions_started_total', 'sessions_ended_total', 'archived_total'];

/** What these counters have grown by, those that have not left out: `joins_total new` and so on. */
const grown = (before: Scrape, after: Scrape): Record<string, number> => {
  const labels = { joins_total: 'result', marks_total: 'status', sessions_ended_total: 'by' } as Record<string, string>;
  const found: Record<string, number> = {};
  for (const name of COUNTED) {
    const label = labels[name];
    for (const value of label === undefined ? [''] : after.labelValues(name, label)) {
      const of = label === undefined ? {} : { [label]: value };
      const by = (after.value(name, of) ?? 0) - (before.value(name, of) ?? 0);
      if (by !== 0) found[`${name} ${value}`.trim()] = by;
    }
  }
  return found;
};

test('a node that has done nothing: what it is, and zeros for whatever somebody waits for', async () => {
  const idle = await scrape(url());
  expect(idle.labelValues('build_info', 'profile')).toEqual(['embedded']);
  expect(idle.labelValues('build_info', 'version')).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+/)]);
  for (const result of ['new', 'again']) expect(idle.value('joins_total', { result })).toBe(0);
  for (const by of ['staff', 'clock']) expect(idle.value('sessions_ended_total', { by })).toBe(0);
  for (const status of ['present', 'absent', 'late', 'excused']) expect(idle.value('marks_total', { status })).toBe(0);
  for (const name of ['draining', 'journal_failures_total', 'drained_connections_total', 'live_rolls']) {
    expect(idle.value(name), name).toBe(0);
  }
  // Of stores that it has not.
  expect(idle.text).not.toMatch(/^rollcast_(redis|mongodb)_up/m);
});

test('joins, marks, starts and ends count once; what is repeated or refused does not', async () => {
  const room = await node.classroom({ students: 4 });
  const { session_id } = room;
  const before = await scrape(url());
  const teacher = await room.started();
  await teacher.does('startAttendanceSession', { session_id });
  const join = { session_id, request_id: 'join' };
  const first = await node.connect(room.student(0));
  await first.does('joinAttendanceSession', join);
  await first.repeats('joinAttendanceSession', join);
  await first.does('joinAttendanceSession', { session_id });
  await room.joined(1);
  // Staff attend, and check in nowhere.
  await teacher.does('joinAttendanceSession', { session_id });
  const mark = { session_id, student_id: room.student(2).student_id, request_id: 'mark' };
  await teacher.does('markStudentPresent', mark);
  await teacher.repeats('markStudentPresent', mark);
  await teacher.does('markStudentPresent', { session_id, student_id: mark.student_id });
  await teacher.refused('markStudentPresent', { session_id, student_id: 'nobody' }, 'STUDENT_NOT_ON_ROLL');
  const updates = [0, 3].map((n) => ({ student_id: room.student(n).student_id, status: 'late' }));
  const marks = { params: { id: session_id }, body: { updates, request_id: 'marks' } };
  await room.rest.call('markAttendance', marks);
  await room.rest.call('markAttendance', marks);
  const submit = {
    session_id,
    attendanceUpdates: [{ student_id: room.student(1).student_id, status: 'excused' }],
    request_id: 'submit',
  };
  await teacher.does('submitAttendance', submit);
  await teacher.repeats('submitAttendance', submit);
  await teacher.does('endAttendanceSession', { session_id });
  const stranger = await node.connect(room.student(3));
  await stranger.refused('joinAttendanceSession', { session_id }, 'SESSION_NOT_ACTIVE');
  await room.archived();
  await first.repeats('joinAttendanceSession', join);
  expect(grown(before, await scrape(url()))).toEqual({
    'joins_total new': 2,
    'joins_total again': 3,
    'marks_total present': 1,
    'marks_total late': 2,
    'marks_total excused': 1,
    sessions_started_total: 1,
    'sessions_ended_total staff': 1,
    archived_total: 1,
  });
});

test('a session that the clock ends, and one that staff cancel', async () => {
  const [timed, cancelled] = [await node.classroom({ ends_in_minutes: 10 }), await node.classroom()];
  const before = await scrape(url());
  await timed.started();
  await cancelled.started();
  await cancelled.rest.call('cancelSession', { params: { id: cancelled.session_id }, body: {} });
  node.clock.now += 3 * 3_600_000;
  await scrapeUntil(url(), 'both are archived', (it) => grown(before, it).archived_total === 2);
  expect(grown(before, await scrape(url()))).toEqual({
    sessions_started_total: 2,
    'sessions_ended_total clock': 1,
    'sessions_ended_total staff': 1,
    archived_total: 2,
  });
});

test('commits and tries to archive are measured; a commit that fails is counted', async () => {
  const room = await node.classroom();
  const before = await scrape(url());
  const teacher = await room.started();
  await room.joined(0);
  failing = true;
  await teacher.refused('endAttendanceSession', { session_id: room.session_id }, 'STORE_UNAVAILABLE');
  failing = false;
  const failed = await scrape(url());
  expect(failed.value('journal_failures_total')).toBe((before.value('journal_failures_total') ?? 0) + 1);
  await teacher.does('endAttendanceSession', { session_id: room.session_id });
  await room.archived();
  const after = await scrape(url());
  // Its opening, the staff who attend, the join, the end, and that it is forgotten.
  const commits =
    (after.value('journal_commit_seconds_count') ?? 0) - (before.value('journal_commit_seconds_count') ?? 0);
  expect(commits).toBe(5);
  expect(after.value('archive_seconds_count', { outcome: 'archived' })).toBe(after.value('archived_total'));
  expect(after.value('archive_seconds_sum', { outcome: 'archived' })).toBeGreaterThan(0);
});

test('HTTP requests are measured by the pattern of their route, whatever is asked for', async () => {
  const { rest, session_id } = await node.classroom();
  await rest.call('getSession', { params: { id: session_id } });
  for (const path of ['/nothing/secret-path', '/assets/secret-asset.js', `/sessions/${session_id}`, '/docs/static/x']) {
    await fetch(`${url()}${path}`);
  }
  await fetch(`${url()}/api/v1/sessions?course_id=secret-query`, { method: 'OPTIONS' });
  const it = await scrape(url());
  expect(it.value('http_request_seconds_count', { method: 'GET', route: '/api/v1/sessions/:id' })).toBeGreaterThan(0);
  expect(it.value('http_request_seconds_count', { method: 'GET', route: 'unknown' })).toBeGreaterThan(0);
  expect(it.text).not.toContain('secret-');
  const routes = it.labelValues('http_requests_total', 'route');
  expect(it.labelValues('http_request_seconds_count', 'route')).toEqual(routes);
});

test('no label names a session, a person, a code, a token or an address', async () => {
  const room = await node.classroom({ students: 2, checkin: { code: 'rotating' } });
  const { session_id } = room;
  const teacher = await room.started();
  const { code } = await teacher.does('getCheckInCode', { session_id });
  const student = await node.connect(room.student(0));
  const request_id = freshId('request');
  await student.refused('joinAttendanceSession', { session_id, code: 'ZZZZZZ' }, 'CHECKIN_CODE_INVALID');
  await student.does('joinAttendanceSession', { session_id, code, request_id });
  await student.refused('markStudentPresent', { session_id, student_id: 'x' }, 'FORBIDDEN');
  await teacher.does('markStudentAbsent', { session_id, student_id: room.student(1).student_id });
  student.socket.emit(`event-${session_id}`, { session_id });
  const bad = node.client(room.student(0), { token: 'eyJub3QuYS50b2tlbg' });
  await expect(bad.connected()).rejects.toThrow();
  await room.rest.send('getSession', {
    params: { id: `unknown-${session_id}` },
    headers: { 'x-request-id': request_id },
  });
  await fetch(`${url()}/join/${session_id}?code=${code}`);
  await teacher.does('endAttendanceSession', { session_id });
  await room.archived();
  const { words } = await scrape(url());
  const people = [room.teacher, room.assistant, ...room.students];
  const secrets = [
    ...[session_id, room.course_id, code, 'ZZZZZZ', request_id, 'eyJ', '127.0.0.1', url()],
    ...people.flatMap(({ sub, name }) => [sub, name]),
    ...room.students.flatMap(({ student_id, roll }) => [student_id, `"${roll}"`]),
  ];
  for (const it of secrets) expect(words, it).not.toContain(it);
});

test('the series of a node stay few', async () => {
  expect((await scrape(url())).series).toBeLessThan(2_000);
});
