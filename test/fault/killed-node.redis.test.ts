/**
 * A node is killed at a random instant in the life of the commands that it has in hand. What is on the roll's log then,
 * staff on other nodes have heard, by themselves.
 *
 * ROLLCAST_TEST_KILLS sets how many nodes are killed, 30 unless given; 200 take some minutes.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { ClientEventName } from '../../src/contract/events.ts';
import type { Change } from '../../src/domain/roll.ts';
import type { Classroom } from '../support/classroom.ts';
import { Random } from '../support/random.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { changesHeardBy, changesOf, toldStaff } from '../support/roll-log.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import type { TestClient } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

const KILLS = Number(process.env.ROLLCAST_TEST_KILLS ?? 30);
const SEED = Number(process.env.ROLLCAST_TEST_SEED ?? Date.now() % 1_000_000);
const random = new Random(SEED);
const withSeed = `(repeat with ROLLCAST_TEST_SEED=${SEED})`;

const PREFIX = 'test';
const SURVIVORS = 2;
/** Killed in one round, each at an instant of its own. */
const VICTIMS = 4;
const ROUNDS = Math.ceil(KILLS / VICTIMS);
/** Of a victim in a round: one joins before it is known how long that takes, the others when it is killed. */
const STUDENTS_OF_A_VICTIM = 4;
/** On the roll for marks; nobody joins as one of them. */
const MARKED = 20;
/** Sooner than any heartbeat could mend what was not told. */
const HEARD_WITHIN_MS = 5_000;
const ROUND_MAX_MS = 20_000;

type Command = { client: TestClient; event: ClientEventName; payload: Record<string, unknown> };
/** What names its change on the log: the student who joins, or the remarks of a mark. */
type Sent = { name: string; answered: boolean; acknowledged: boolean };

const namesOf = ({ kind, lines }: Change): string[] =>
  lines.map(({ student_id, remarks }) => (kind === 'join' ? student_id : (remarks ?? '')));

/** Lets this much time pass to a part of a millisecond, which timers cannot. */
const passed = async (ms: number): Promise<void> => {
  const end = performance.now() + ms;
  while (performance.now() < end) await turn();
};

describeWithRedis('a node that is killed', 'process', () => {
  let redis: RedisProcess;
  let nodes: SeveralNodes;
  beforeAll(async () => {
    redis = await RedisProcess.start({ aof: true });
    const count = SURVIVORS + VICTIMS;
    nodes = await SeveralNodes.start({ count, env: () => ({ REDIS_URL: redis.url, REDIS_PREFIX: PREFIX }) });
  }, 60_000);
  afterEach(() => nodes.settle());
  afterAll(async () => {
    await nodes?.stop();
    await redis?.stop();
  });

  /** Staff and students on one victim, who are not in the session yet but for the staff. */
  class Victim {
    readonly node: number;
    private readonly room: Classroom;
    private readonly name: string;
    private readonly clients: TestClient[] = [];
    private marks = 0;

    constructor(room: Classroom, round: number, n: number) {
      this.room = room;
      this.node = SURVIVORS + n;
      this.name = `round ${round} victim ${n}`;
    }

    async enter(students: number): Promise<this> {
      const at = { node: this.node, transports: ['websocket' as const] };
      const first = students * STUDENTS_OF_A_VICTIM;
      const people = [this.room.teacher, ...this.room.students.slice(first, first + STUDENTS_OF_A_VICTIM)];
      this.clients.push(...(await Promise.all(people.map((it) => nodes.connect(it, at)))));
      return this;
    }

    /** One of each kind for each student who joins, in any order. */
    commands(students: number[]): Command[] {
      const { teacher, joining } = { teacher: this.client(0), joining: students.map((n) => this.client(n + 1)) };
      const update = () => {
        const student_id = this.room.student(this.room.students.length - 1 - random.int(MARKED)).student_id;
        this.marks += 1;
        return {
          student_id,
          status: random.pick(['present', 'late', 'excused']),
          remarks: `${this.name} ${this.marks}`,
        };
      };
      return joining.flatMap((client) => [
        { client, event: 'joinAttendanceSession' as const, payload: {} },
        { client: teacher, event: 'markStudentAttendance' as const, payload: update() },
        { client: teacher, event: 'bulkUpdateAttendance' as const, payload: { attendanceUpdates: [update()] } },
      ]);
    }

    /** Without waiting for an answer. */
    send({ client, event, payload }: Command): Sent {
      const update = (payload.attendanceUpdates as { remarks: string }[] | undefined)?.[0] ?? payload;
      const name = event === 'joinAttendanceSession' ? this.idOf(client) : String(update.remarks);
      const sent = { name, answered: false, acknowledged: false };
      client.socket.emit(event, { session_id: this.room.session_id, ...payload }, (answer: { ok: boolean }) => {
        sent.answered = true;
        sent.acknowledged = answer.ok;
      });
      return sent;
    }

    leave(): void {
      for (const client of this.clients) client.close();
    }

    private client(n: number): TestClient {
      return this.clients[n] as TestClient;
    }

    private idOf({ person }: TestClient): string {
      return this.room.students.find(({ sub }) => sub === person.sub)?.student_id ?? '';
    }
  }

  /** How long this takes from the first byte to the last answer. */
  const lifeOf = async (victim: Victim, commands: Command[]): Promise<number> => {
    const began = performance.now();
    const sent = commands.map((it) => victim.send(it));
    await until('all are answered', () => sent.every(({ answered }) => answered));
    return performance.now() - began;
  };

  /** Sends, and kills it at any instant until a little after the last answer; early ones more often, where most happens. */
  const sendAndKill = async (victim: Victim, commands: Command[], life_ms: number): Promise<Sent[]> => {
    const sent = commands.map((it) => victim.send(it));
    await passed(random.next() ** 2 * life_ms * 1.2);
    await nodes.node(victim.node).kill('SIGKILL');
    return sent;
  };

  test(`JOIN-6, JOIN-2: ${KILLS} nodes killed at any step of joins, marks and bulks: staff on others heard all that is on the log, by themselves ${withSeed}`, {
    timeout: 60_000 + ROUNDS * ROUND_MAX_MS,
  }, async ({ annotate }) => {
    const room = await nodes.classroom({ students: ROUNDS * VICTIMS * STUDENTS_OF_A_VICTIM + MARKED });
    const { session_id } = room;
    const params = { id: session_id };
    await room.rest.call('startSession', { params });
    const listeners = await Promise.all([
      nodes.connect(room.teacher, { node: 0, namespace: '/', transports: ['websocket'] }),
      nodes.connect(room.assistant, { node: 1, namespace: '/attendance', transports: ['websocket'] }),
    ]);
    for (const it of listeners) await it.does('joinAttendanceSession', { session_id });
    const from = listeners.map(({ heard }) => heard.length);
    const outcomes = { whole: 0, part: 0, none: 0 };
    let unanswered = 0;
    const lives: number[] = [];
    let latest_ms = 0;

    for (let round = 0; round < ROUNDS; round += 1) {
      const victims = await Promise.all(
        Array.from({ length: VICTIMS }, (_, n) => new Victim(room, round, n).enter(round * VICTIMS + n)),
      );
      const life_ms = Math.max(...(await Promise.all(victims.map((it) => lifeOf(it, it.commands([0]))))));
      lives.push(life_ms);
      const sent = await Promise.all(victims.map((it) => sendAndKill(it, it.commands([1, 2, 3]), life_ms)));
      const killed_at = performance.now();
      for (const it of victims) it.leave();

      // Redis may still be reading what a dead node has sent: so both are looked at until they agree.
      let changes: Change[] = [];
      let told: string[] = [];
      await until(
        `both listeners have heard the log of round ${round}, seed ${SEED}`,
        async () => {
          changes = await changesOf(redis, PREFIX, session_id);
          told = changes.flatMap(toldStaff);
          return listeners.every((it, i) => changesHeardBy(it, from[i]).length === told.length);
        },
        HEARD_WITHIN_MS,
      );
      latest_ms = Math.max(latest_ms, performance.now() - killed_at);
      for (const [i, it] of listeners.entries()) expect(changesHeardBy(it, from[i]), withSeed).toEqual(told);
      expect(changes.map(({ seq }) => seq)).toEqual(changes.map((_, n) => n + 1));
      const onLog = new Set(changes.flatMap(namesOf));
      for (const of of sent) {
        expect(
          of.filter(({ name, acknowledged }) => acknowledged && !onLog.has(name)),
          withSeed,
        ).toEqual([]);
        const made = of.filter(({ name }) => onLog.has(name)).length;
        unanswered += of.filter(({ name, answered }) => onLog.has(name) && !answered).length;
        outcomes[made === of.length ? 'whole' : made === 0 ? 'none' : 'part'] += 1;
      }
      // One after another: each has a deadline of its own, and a busy machine starts several no faster.
      if (round < ROUNDS - 1) for (const { node } of victims) await nodes.node(node).start();
    }
    await annotate(
      `${ROUNDS * VICTIMS} kills: all commands on the log ${outcomes.whole}, some ${outcomes.part}, none ${outcomes.none}; ` +
        `${unanswered} on the log without an answer; commands lived ${Math.round(Math.min(...lives))} to ${Math.round(Math.max(...lives))} ms; all was heard at most ` +
        `${Math.round(latest_ms)} ms after the last kill of a round`,
    );
    // Else the nodes were not killed where it matters.
    expect(outcomes.whole).toBeGreaterThan(0);
    expect(outcomes.none + outcomes.part).toBeGreaterThan(0);
    expect(unanswered).toBeGreaterThan(0);
  });
});
