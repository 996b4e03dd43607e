/**
 * A class over bad connections: people on the client library, each behind a proxy that delays and cuts, while staff mark
 * and students come. When it is quiet again, what every client holds must be what the service holds.
 */
import { expect, test } from 'vitest';
import { type AttendanceSession, Rollcast, type RollRecord } from '../../src/client/index.ts';
import { ATTENDANCE_STATUSES } from '../../src/contract/nouns.ts';
import type { Classroom } from '../support/classroom.ts';
import type { Deployment } from '../support/deployment.ts';
import { type Person, REMARK_MARK, type Student } from '../support/people.ts';
import { Random } from '../support/random.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const SEED = Number(process.env.ROLLCAST_TEST_SEED ?? Date.now() % 1_000_000);
const STUDENTS = 8;
const STEPS = 150;
const DEADLINE_MS = 90_000;
/** A heartbeat tells who has missed the last of all, and there may be one more for the answer. */
const QUIET_WITHIN_MS = 40_000;
const MAX_LATENCY_MS = 40;

type Participant = { person: Person; client: Rollcast; session: AttendanceSession; proxy: TcpProxy };

class StormyClass {
  readonly people: Participant[] = [];
  private readonly deployment: Deployment;
  private readonly room: Classroom;
  private readonly random: Random;
  private readonly pending: Promise<unknown>[] = [];

  constructor(deployment: Deployment, room: Classroom, random: Random) {
    this.deployment = deployment;
    this.room = room;
    this.random = random;
  }

  async connect(person: Person): Promise<Participant> {
    const { deployment, random } = this;
    const node = random.pick(deployment.nodes);
    const proxy = await TcpProxy.start(Number(new URL(node.url).port));
    const client = new Rollcast({
      url: `http://127.0.0.1:${proxy.port}`,
      token: () => deployment.token(person),
      namespace: random.pick(['/', '/attendance'] as const),
      socket: { transports: ['websocket'], reconnectionDelay: 20, reconnectionDelayMax: 200, forceNew: true },
    }).connect();
    const participant = { person, client, session: client.session(this.room.session_id), proxy };
    this.people.push(participant);
    return participant;
  }

  /** What nobody waits for; it must work out in the end. */
  later(what: Promise<unknown>): void {
    this.pending.push(what);
  }

  async step(staff: Participant[], students: (Participant & { person: Student })[]): Promise<void> {
    const { random } = this;
    const somebody = random.pick(this.people);
    switch (random.weighted({ mark: 6, bulk: 2, join: 3, cut: 3, away: 1, slow: 2, wait: 3 })) {
      case 'mark': {
        const remarks = random.pick([undefined, null, `${REMARK_MARK} ${random.int(9)}`]);
        const { student_id } = random.pick(this.room.students);
        const options = remarks === undefined ? {} : { remarks };
        this.later(random.pick(staff).session.mark(student_id, random.pick(ATTENDANCE_STATUSES), options));
        break;
      }
      case 'bulk': {
        const status = random.pick(ATTENDANCE_STATUSES);
        const updates = this.room.students.map(({ student_id }) => ({ student_id, status }));
        this.later(random.pick(staff).session.markMany(updates, { only_unmarked: random.chance(0.5) }));
        break;
      }
      case 'join':
        this.later(random.pick(students).session.join());
        break;
      case 'cut':
        for (const it of somebody.proxy.connections) it.cut();
        break;
      case 'away':
        await somebody.proxy.cut();
        this.later(pause(random.int(300)).then(() => somebody.proxy.restore()));
        break;
      case 'slow':
        somebody.proxy.latency_ms = random.int(MAX_LATENCY_MS);
        break;
      case 'wait':
        await pause(random.int(60));
    }
  }

  async settled(): Promise<void> {
    await Promise.all(this.pending);
  }

  async close(): Promise<void> {
    for (const { client, proxy } of this.people) {
      client.close();
      await proxy.stop();
    }
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** As both sides can be compared: what only one of them knows left out. */
const comparable = (records: Iterable<RollRecord>) =>
  [...records]
    .map(({ profile_picture: _picture, flags, ...it }) => ({ ...it, ...(flags === undefined ? {} : { flags }) }))
    .sort((a, b) => (a.student_id < b.student_id ? -1 : 1));

export const stormyClassScenarios = (deployment: () => Deployment): void => {
  test.each([0, 1, 2])(
    `SYNC-1 whatever connections do, every client ends with the state of the service (seed ${SEED} + %i)`,
    async (n) => {
      const random = new Random(SEED + n);
      const room = await deployment().classroom({ students: STUDENTS });
      const storm = new StormyClass(deployment(), room, random);
      try {
        const teacher = await storm.connect(room.teacher);
        await teacher.session.start();
        const assistant = await storm.connect(room.assistant);
        await assistant.session.attend();
        const students = await Promise.all(
          room.students.map(async (it) => ({ ...(await storm.connect(it)), person: it })),
        );
        for (let step = 0; step < STEPS; step += 1) await storm.step([teacher, assistant], students);
        await storm.settled();
        await expectConverged(room, storm, n % 2 === 0);

        // And over the end.
        for (const { proxy } of storm.people) if (random.chance(0.5)) for (const it of proxy.connections) it.cut();
        await teacher.session.end();
        for (const { session, person } of storm.people) {
          if (session.roll.get().phase === 'out') continue;
          await until(
            `${person.sub} knows that it is over`,
            () => session.roll.get().phase === 'over',
            QUIET_WITHIN_MS,
          );
        }
      } finally {
        await storm.close();
      }
    },
    DEADLINE_MS,
  );
};

const expectConverged = async (room: Classroom, storm: StormyClass, wait: boolean): Promise<void> => {
  const view = async () => {
    const { attendanceRecords, statistics } = await room.attendance();
    const records = attendanceRecords.map(({ version: _version, ...it }: { version?: number }) => it as RollRecord);
    return { statistics, records: comparable(records) };
  };
  // Without a word from anybody, by heartbeats alone; or as somebody who looks again.
  if (!wait) await Promise.all(storm.people.map(({ session }) => session.refresh().catch(() => {})));
  for (const { session, person } of storm.people) {
    if (session.roll.get().phase === 'out') continue;
    const server = await view();
    const own = server.records.find((it) => 'sub' in person && it.student_id === (person as Student).student_id);
    await until(
      `${person.role} ${person.sub} has what the service has`,
      () => {
        const { records, statistics, in_sync } = session.roll.get();
        const me = session.me.get();
        if (!in_sync || JSON.stringify(statistics) !== JSON.stringify(server.statistics)) return false;
        if (person.role !== 'student')
          return JSON.stringify(inOrder(comparable(records.values()))) === JSON.stringify(inOrder(server.records));
        return me.status === own?.status && me.joined_at === own?.joined_at;
      },
      QUIET_WITHIN_MS,
    ).catch((error: unknown) => {
      const { records, statistics, ...numbers } = session.roll.get();
      expect({ numbers, statistics, me: session.me.get(), records: comparable(records.values()) }).toEqual(server);
      throw error;
    });
  }
};

const inOrder = (records: object[]) =>
  records.map((it) => Object.fromEntries(Object.entries(it).sort(([a], [b]) => (a < b ? -1 : 1))));
