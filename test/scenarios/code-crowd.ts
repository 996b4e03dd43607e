/** The first minute of a large class with one code on the wall, and people who guess. */
import { expect, test } from 'vitest';
import type { Calls } from '../support/counted-calls.ts';
import type { ClockedDeployment } from '../support/in-process.ts';
import { freshId } from '../support/people.ts';
import { RestClient } from '../support/rest-client.ts';
import type { TestClient } from '../support/socket-client.ts';

const STUDENTS = 1_000;
const SECONDS = 60;
/** Of the students: they send wrong codes all the time. */
const GUESSERS = 50;
/** Statistics, which are paced, and what the guessers' own errors are. */
const STUDENT_MAX_EVENTS = 40;
/** Sockets that connect at the same time. */
const AT_ONCE = 100;
/** What a node asks by itself every half minute. */
const OF_THE_NODE = new Set(['unopened', 'sessions', 'pendingErasures', 'finishUnfinished', 'expired']);
const DEADLINE_MS = 120_000;

export type Watched = {
  deployment: ClockedDeployment;
  /** Calls of the stores of courses, sessions and results, by all nodes. */
  calls: Calls;
  /** Runs of scripts of the live store so far; null: it has none. */
  scriptRuns: () => Promise<number | null>;
};

export const codeCrowdScenarios = (watched: () => Watched): void => {
  test(
    'CODE-1 1,000 students, one code, one minute: all in, no database read, nobody starved by wrong codes',
    async () => {
      const { deployment: node, calls, scriptRuns } = watched();
      const room = await node.classroom({ students: STUDENTS, checkin: { code: 'rotating' } });
      const { session_id } = room;
      const teacher = await room.started();
      const clients: TestClient[] = [];
      for (let from = 0; from < STUDENTS; from += AT_ONCE) {
        const some = room.students.slice(from, from + AT_ONCE);
        clients.push(...(await Promise.all(some.map((it) => node.connect(it, { auth: { device_id: it.sub } })))));
      }
      const guessers = clients.slice(0, GUESSERS);
      const honest = clients.slice(GUESSERS);
      calls.clear();
      const runsBefore = await scriptRuns();
      let sent = 0;
      let tickets = 0;
      const anybody = new RestClient(node.rest(room.teacher).url, null);
      const codes = new Map<string, number>();
      const guess = async (client: TestClient, n: number): Promise<void> => {
        sent += 1;
        const answer = await client.ask('joinAttendanceSession', { session_id, code: `guess ${n}` });
        const { code } = answer as { code: string };
        codes.set(code, (codes.get(code) ?? 0) + 1);
      };
      for (let second = 0; second < SECONDS; second += 1) {
        sent += 1;
        const { code } = await teacher.does('getCheckInCode', { session_id });
        const perSecond = Math.ceil(honest.length / SECONDS);
        const arriving = honest.slice(second * perSecond, (second + 1) * perSecond);
        sent += arriving.length;
        // Every third has to sign in first, and comes with a ticket.
        const joins = arriving.map(async (it, n) => {
          const request_id = freshId('join');
          if (n % 3 > 0) return it.does('joinAttendanceSession', { session_id, code, request_id });
          tickets += 1;
          const body = { code, device_id: it.person.sub };
          const { ticket } = await anybody.call('checkinTicket', { params: { id: session_id }, body });
          return it.does('joinAttendanceSession', { session_id, ticket, request_id });
        });
        // One wrong code a second from each of a sixth of the guessers.
        const wrong = guessers.filter((_, i) => i % 6 === second % 6).map((it) => guess(it, second));
        expect((await Promise.all(joins)).every(({ status }) => status === 'present')).toBe(true);
        await Promise.all(wrong);
        node.clock.advance(1000);
      }
      expect([...calls.keys()].filter((it) => !OF_THE_NODE.has(it))).toEqual([]);
      const runs = await scriptRuns();
      // A join or a ticket is one run at most; the code takes a peek and the clock. The rest is heartbeats and leases.
      if (runs !== null && runsBefore !== null) expect(runs - runsBefore).toBeLessThan(sent + tickets + SECONDS + 200);
      expect(codes.get('CHECKIN_CODE_INVALID')).toBe(GUESSERS * 5);
      expect(codes.get('RATE_LIMITED')).toBe(sent - SECONDS - honest.length - GUESSERS * 5);

      const { statistics } = await teacher.does('getAttendanceSessionData', { session_id });
      expect(statistics).toMatchObject({ presentCount: honest.length, absentCount: GUESSERS });
      await teacher.hears('studentJoinedAttendance', ({ seq }) => seq === honest.length);
      expect(teacher.payloads('studentJoinedAttendance')).toHaveLength(honest.length);
      for (const { heard } of clients) expect(heard.length).toBeLessThan(STUDENT_MAX_EVENTS);
    },
    DEADLINE_MS,
  );
};
