/**
 * Classes on two nodes that go on while Redis is not itself: people connect, begin sessions, join, mark, sync and try
 * again until it works. What they were answered meanwhile is written down; afterwards it is told who hears what.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { type Classroom, openClassroom } from './classroom.ts';
import { FollowedRoll } from './followed-roll.ts';
import { freshId } from './people.ts';
import { type RedisProxy, startRedisProxy } from './redis-proxy.ts';
import type { Environment } from './service.ts';
import { SeveralNodes } from './several-nodes.ts';
import type { HeardEvent, TestClient } from './socket-client.ts';
import { TimedCalls } from './timed-calls.ts';
import { until } from './until.ts';

/** A session with whoever is in it; its first client is its teacher. */
export type LiveSession = { room: Classroom; session_id: string; teacher: TestClient; others: TestClient[] };

const CLASSES = 3;
const STUDENTS = 8;
/** How long people wait before they try again, and how often another session is begun. */
const AGAIN_AFTER_MS = 400;
const NEW_SESSION_EVERY_MS = 1_000;
const ACCEPTED_WITHIN_MS = 20_000;
/** Refusals that mean: try again. Of a session that its teacher could not begin yet, students hear the second one. */
const AGAIN = ['STORE_UNAVAILABLE', 'SESSION_NOT_ACTIVE'];
/** What no node may ever write. */
const BROKEN = /unhandled|uncaught|MaxListenersExceeded|"level":60/i;

export class BusyCampus {
  readonly nodes: SeveralNodes;
  /** Of each node its own way to Redis. */
  readonly ways: readonly RedisProxy[];
  readonly sessions: LiveSession[] = [];
  readonly calls: TimedCalls;

  private constructor(nodes: SeveralNodes, ways: RedisProxy[]) {
    this.nodes = nodes;
    this.ways = ways;
    this.calls = new TimedCalls(nodes.nodes);
  }

  static async open(redis_url: string, env: Environment = {}): Promise<BusyCampus> {
    const ways = await Promise.all([0, 1].map(() => startRedisProxy(redis_url)));
    const envOf = (node: number) => ({ REDIS_URL: ways[node]?.url ?? '', ...env });
    const nodes = await SeveralNodes.start({ count: ways.length, env: envOf });
    const campus = new BusyCampus(nodes, ways);
    await Promise.all(Array.from({ length: CLASSES }, (_, n) => campus.openClass(n)));
    return campus;
  }

  /** Fails when a node has died, has logged what it must not, or has sent what the contract forbids. */
  async close(): Promise<void> {
    this.calls.stop();
    for (const { isRunning, output } of this.nodes.nodes) {
      expect(isRunning, output.slice(-2_000)).toBe(true);
      expect(output.split('\n').find((line) => BROKEN.test(line))).toBeUndefined();
    }
    try {
      this.nodes.settle();
    } finally {
      await this.nodes.stop();
      for (const { proxy } of this.ways) await proxy.stop();
    }
  }

  get clients(): TestClient[] {
    return this.sessions.flatMap(({ teacher, others }) => [teacher, ...others]);
  }

  /** Students 2 and 3 of a class, one on each node, and its assistant send nothing more by themselves. */
  private async openClass(n: number): Promise<void> {
    const room = await openClassroom(this.nodes, { students: STUDENTS });
    const { session_id } = room;
    const teacher = await this.nodes.connect(room.teacher, { node: n % 2 });
    await teacher.does('startAttendanceSession', { session_id });
    const people = [...room.students.slice(0, 4), room.assistant];
    const others = await Promise.all(
      people.map(async (person, i) => {
        const client = await this.nodes.connect(person, { node: i % 2 });
        await client.does('joinAttendanceSession', { session_id });
        // Who observes begins with what is.
        if (person === room.assistant) await client.does('getAttendanceSessionData', { session_id });
        return client;
      }),
    );
    this.sessions.push({ room, session_id, teacher, others });
  }

  // --- while it lasts -------------------------------------------------------------------------------------------

  /**
   * Everybody tries everything for so long; resolves when the fault may end. `settled`: resolves when what was begun
   * meanwhile has been accepted, which it must be soon after.
   */
  async bustle(ms: number): Promise<{ settled: () => Promise<unknown> }> {
    const ends = performance.now() + ms;
    const begun: Promise<void>[] = [];
    const trying = [...this.sessions].map(async (session) => {
      while (performance.now() < ends) await Promise.all([this.tryEverything(session), pause(AGAIN_AFTER_MS)]);
    });
    for (let n = 0; performance.now() < ends; n += 1) {
      begun.push(this.beginSession(n));
      await pause(NEW_SESSION_EVERY_MS);
    }
    // Who waits for them may come later.
    for (const it of begun) it.catch(() => {});
    return { settled: () => Promise.all([...trying, ...begun]) };
  }

  private async tryEverything({ room, session_id, teacher, others }: LiveSession): Promise<void> {
    const { calls } = this;
    const { course_id } = room;
    const [first, second] = others as [TestClient, TestClient];
    const { student_id } = room.student(4);
    const mark = { student_id, status: calls.count % 2 === 0 ? 'late' : 'present' };
    const params = { id: session_id };
    await Promise.all([
      calls.ask(first, 'joinAttendanceSession', { session_id }),
      calls.ask(second, 'joinAttendanceSession', { session_id }),
      calls.ask(second, 'syncAttendance', { session_id }),
      calls.ask(second, 'getActiveSessions', { course_id }),
      calls.ask(teacher, 'startAttendanceSession', { session_id }),
      calls.ask(teacher, 'markStudentAttendance', { session_id, ...mark }),
      calls.ask(teacher, 'getAttendanceSessionData', { session_id }),
      calls.send(room.rest, 'getAttendance', { params }),
      calls.send(room.rest, 'markAttendance', { params, body: { updates: [mark] } }),
      calls.send(room.rest, 'startSession', { params }),
    ]);
  }

  /** Another session of a class, over new connections: its teacher on one node, a student on the other. */
  private async beginSession(n: number): Promise<void> {
    const { room } = this.sessions[n % CLASSES] as LiveSession;
    const session_id = await room.schedule(freshId('session'));
    const connected = async (person: (typeof room)['teacher'], node: number) => {
      const client = this.nodes.client(person, { node });
      await this.calls.time('connect', async () => ({ ok: (await client.connected()).socket.connected }));
      return client;
    };
    const [teacher, student] = await Promise.all([
      connected(room.teacher, n % 2),
      connected(room.student(5 + (n % 3)), (n + 1) % 2),
    ]);
    await Promise.all([
      this.untilAccepted(teacher, 'startAttendanceSession', { session_id }),
      this.untilAccepted(student, 'joinAttendanceSession', { session_id }),
    ]);
    this.sessions.push({ room, session_id, teacher, others: [student] });
  }

  private async untilAccepted(
    client: TestClient,
    event: Parameters<TimedCalls['ask']>[1],
    payload: object,
  ): Promise<object> {
    let lastRefusal = performance.now();
    const deadline = lastRefusal + ACCEPTED_WITHIN_MS;
    for (;;) {
      const answer = await this.calls.ask(client, event, payload);
      if (answer.ok) return answer;
      expect(AGAIN, JSON.stringify(answer)).toContain(answer.code);
      lastRefusal = performance.now();
      expect(lastRefusal, `${event} is refused for too long: ${JSON.stringify(answer)}`).toBeLessThan(deadline);
      await pause(AGAIN_AFTER_MS);
    }
  }

  // --- and afterwards -------------------------------------------------------------------------------------------

  /**
   * Resolves when every client has heard a mark that was made from now on in each of its sessions. Marks are repeated, as
   * a client that has just connected hears only what is marked once it is back in its rolls; the others hear all of them.
   */
  async allHear(within_ms: number): Promise<void> {
    const deadline = performance.now() + within_ms;
    await Promise.all(
      [...this.sessions].map(async ({ room, session_id, teacher, others }) => {
        const { student_id } = room.student(4);
        const seqs = new Set<unknown>();
        const isOurs = ({ event, payload }: HeardEvent) =>
          event === 'attendanceUpdated' && payload.session_id === session_id && seqs.has(payload.seq);
        const deaf = () => [teacher, ...others].filter(({ heard }) => !heard.some(isOurs));
        for (let n = 0; n < 2 || deaf().length > 0; n += 1) {
          const mark = { session_id, student_id, status: n % 2 === 0 ? 'late' : 'excused' };
          const { seq } = (await this.untilAccepted(teacher, 'markStudentAttendance', mark)) as { seq?: number };
          // The first one may have changed nothing.
          if (n > 0) seqs.add(seq);
          await until('it is heard', () => deaf().length === 0, AGAIN_AFTER_MS).catch(() => {});
          const who = deaf().map(({ person, socket }) => `${person.role} ${person.sub} (${socket.id})`);
          if (performance.now() > deadline) expect(who, `deaf in ${session_id} after ${within_ms} ms`).toEqual([]);
        }
      }),
    );
  }

  /**
   * Every client that syncs once knows the same as the roll. Answers how many had heard everything before that, of those
   * that had stayed connected and of the others.
   */
  async allConverge(): Promise<{ stayed: number; whole: number; others: number; others_whole: number }> {
    const counts = { stayed: 0, whole: 0, others: 0, others_whole: 0 };
    for (const { room, session_id, teacher, others } of this.sessions) {
      const asker = await this.nodes.connect(room.assistant);
      const { epoch, seq, room_seq, statistics, attendanceRecords } = await asker.does('getAttendanceSessionData', {
        session_id,
      });
      asker.close();
      const statuses = Object.fromEntries(attendanceRecords.map((it) => [it.student_id, it.status]));
      for (const client of [teacher, ...others]) {
        const { person } = client;
        const own = 'student_id' in person ? String(person.student_id) : null;
        const truth = {
          epoch,
          seq,
          room_seq,
          statistics,
          statuses: own === null ? statuses : { [own]: statuses[own] },
        };
        const roll = new FollowedRoll(client, session_id);
        const stayed = client.disconnects.length === 0;
        counts[stayed ? 'stayed' : 'others'] += 1;
        if (!roll.hasGap) counts[stayed ? 'whole' : 'others_whole'] += 1;
        await roll.sync();
        // Of arrivals, students hear in the statistics alone, which may be on their way.
        const now = () => ({ ...roll.known, statistics: new FollowedRoll(client, session_id).statistics });
        await until('the statistics are told', () => isDeepStrictEqual(now().statistics, statistics)).catch(() => {});
        expect(now(), `${person.role} ${person.sub} in ${session_id}`).toEqual(truth);
      }
    }
    return counts;
  }
}
