import { describe, expect, test } from 'vitest';
import { type RouteRow, routes } from '../../src/contract/routes.ts';
import { T0 } from '../support/fixed-clock.ts';
import { ada, anna, bea, ben, type Caller, carl, dora, RestService } from './rest-service.ts';

/** What each student is called, and what staff remarked about them: nobody else of them may receive it. */
const MARKS_OF: Record<string, RegExp> = {
  s1: /Anna Canary|Confidential of s1|u\.anna@school/,
  s2: /Ben Canary|Confidential of s2|s2@canary/,
  s3: /Cleo Canary|Confidential of s3/,
  s4: /Dora Canary/,
  s9: /Carl Canary/,
};

/** A body that passes each route's schema. */
const BODIES: Record<string, unknown> = {
  createCourse: { title: 'Mine' },
  patchCourse: { title: 'Mine', staff: [] },
  putEnrollments: { enrollments: [{ student_id: 's1', name: 'Mine' }] },
  createSession: { course_id: 'c1', title: 'Mine', date: T0 },
  patchSession: { title: 'Mine' },
  cancelSession: { reason: 'mine' },
  checkinTicket: { code: '123456' },
  markAttendance: { updates: [{ student_id: 's1', status: 'present' }] },
  correctRecord: { status: 'present', reason: 'mine' },
  correctRecords: { updates: [{ student_id: 's1', status: 'present' }], reason: 'mine' },
};

const ROWS = Object.entries(routes) as [string, RouteRow][];
/** Routes about one course or session, which have a path that names it. */
const ABOUT_ONE = ROWS.filter(([, { path, open }]) => /^\/(courses|sessions)\/:id/.test(path) && !open);
const GETS = ROWS.filter(([, { method }]) => method === 'GET');
const SESSIONS = ['planned', 'running', 'ending', 'stored', 'taken-out'];

const line = ({ method, path }: RouteRow, id: string) =>
  `${method} ${path.replace(':id', encodeURIComponent(id)).replace(':student_id', 's2')}`;

/** One session of each kind, everybody marked and remarked on. */
const school = async () => {
  const rest = await new RestService().school();
  const updates = ['s1', 's2', 's3'].map((student_id) => ({
    student_id,
    status: 'late',
    remarks: `Confidential of ${student_id}`,
  }));
  for (const id of SESSIONS) await rest.schedule(id);
  for (const id of SESSIONS.slice(1)) {
    await rest.ok(ada, `POST /sessions/${id}/start`);
    await rest.ok(ada, `POST /sessions/${id}/marks`, { updates });
  }
  for (const id of ['stored', 'taken-out']) await rest.ok(ada, `POST /sessions/${id}/end`);
  await rest.archive();
  const corrections = updates.map((it) => ({ ...it, status: 'excused' }));
  await rest.ok(ada, 'POST /sessions/stored/corrections', { updates: corrections, reason: 'Confidential of s2' });
  await rest.ok(ada, 'POST /sessions/taken-out/cancel', { reason: 'Confidential of s3' });
  await rest.ok(ada, 'POST /sessions/ending/end');
  return rest;
};

const idsFor = (path: string): string[] => {
  if (path.startsWith('/sessions/:id')) return SESSIONS;
  if (path.startsWith('/courses/:id')) return ['c1', 'c2'];
  return path.includes(':id') ? [...Object.keys(MARKS_OF), anna.user_id] : [''];
};

describe('what a student receives holds nothing of another student', () => {
  test.each([
    ['s1', anna],
    ['s2', ben],
    ['s4', dora],
    ['s9', carl],
  ] as [string, Caller][])('AUTH-1 in any GET route, as %s', async (self, who) => {
    const rest = await school();
    let answered = 0;
    for (const [name, row] of GETS) {
      for (const id of idsFor(row.path)) {
        const { status, text, headers } = await rest.send(who, line(row, id));
        if (status < 300) answered += 1;
        for (const [student_id, mark] of Object.entries(MARKS_OF)) {
          if (student_id === self) continue;
          expect([name, id, mark.exec(text + JSON.stringify(headers))?.[0]]).toEqual([name, id, undefined]);
        }
      }
    }
    expect(answered).toBeGreaterThan(3);
  });
});

describe('what is not theirs', () => {
  test.each([
    ['another teacher', bea],
    ['a student of another course', carl],
    ['a student who is not approved', dora],
  ] as [string, Caller][])('AUTH-1 looks to %s exactly as if it did not exist', async (_who, who) => {
    const rest = await school();
    for (const [name, row] of ABOUT_ONE) {
      const unknown = await rest.send(who, line(row, 'no-such-id'), BODIES[name]);
      expect([name, unknown.status]).toEqual([name, 404]);
      for (const id of row.path.startsWith('/courses') ? ['c1'] : SESSIONS) {
        const theirs = await rest.send(who, line(row, id), BODIES[name]);
        expect([name, id, theirs.body, theirs.status]).toEqual([name, id, unknown.body, 404]);
        expect(Object.keys(theirs.headers)).toEqual(Object.keys(unknown.headers));
      }
    }
  });

  test('AUTH-1 nothing is changed by somebody who is not staff of the course', async () => {
    const rest = await school();
    const state = async () => {
      const seen: unknown[] = [
        await rest.ok(ada, 'GET /courses/c1'),
        await rest.all(ada, '/courses/c1/enrollments', 50),
      ];
      seen.push(await rest.all(ada, '/sessions?course_id=c1', 50));
      for (const id of SESSIONS.slice(1)) {
        seen.push(
          await rest.ok(ada, `GET /sessions/${id}/attendance`),
          await rest.all(ada, `/sessions/${id}/audit`, 50),
        );
      }
      return seen;
    };
    const before = await state();
    for (const who of [anna, bea, carl, dora]) {
      for (const [name, row] of ROWS) {
        if (row.method === 'GET' || name === 'createCourse') continue;
        for (const id of idsFor(row.path)) {
          if (row.path.startsWith('/courses/:id') && id === 'c2') continue;
          const { status } = await rest.send(who, line(row, id), BODIES[name]);
          expect([name, id, [403, 404, 409].includes(status)]).toEqual([name, id, true]);
        }
      }
    }
    expect(await state()).toEqual(before);
  });

  test('AUTH-1 every route but the open ones needs a token', async () => {
    const rest = await school();
    for (const [name, row] of ROWS) {
      const { status } = await rest.send(null, line(row, 'running'), BODIES[name]);
      expect([name, status]).toEqual([name, row.open ? 409 : 401]);
    }
  });
});
