import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { BSON, MongoClient } from 'mongodb';
import { RedisKeys } from '../src/live/redis-keys.ts';
import { eachAtMost, withDeadline } from './bounded.ts';
import type { Cleanup } from './cleanup.ts';
import { accepted, type LoadSocket, openSocket } from './load-socket.ts';
import type { RedisServer } from './redis-server.ts';
import { startNodes } from './rollcast-target.ts';
import * as roster from './roster.ts';
import type { Target } from './target.ts';

/** What connections, sessions and students take of a node, of Redis and of MongoDB: the figures that sizing begins with. */

/** What one step of a class took, divided by what it did so often. */
export interface Step {
  what: string;
  count: number;
  node_cpu_us: number;
  redis_cpu_us: number;
  redis_bytes_in: number;
  redis_bytes_out: number;
  /** Growth of the append-only file. */
  aof_bytes: number;
  /** Growth of what Redis holds (used_memory), and of the node's resident memory. */
  redis_memory_bytes: number;
  node_memory_bytes: number;
}

export interface SizesRound {
  students: number;
  classes: number;
  steps: Step[];
  /** MEMORY USAGE of one roll's keys, everybody joined and half of them marked. */
  keys: Record<string, number>;
  /** Of one archived session's documents, as BSON; null without MongoDB. */
  documents: Record<string, { count: number; bytes: number }> | null;
}

export interface SizesOptions {
  mongodb_url: string | null;
  redis_server: string;
  data_parent: string;
  quick: boolean;
}

type Tell = (line: string) => void;

const SIZES: readonly (roster.Size & { idle_s: number })[] = [
  { students: 100, classes: 40, idle_s: 60 },
  { students: 1_000, classes: 4, idle_s: 60 },
];
const QUICK_SIZES: typeof SIZES = [{ students: 10, classes: 2, idle_s: 1 }];
/** So many do the same thing at the same time. */
const AT_ONCE = 50;
/** Memory that Redis and the node give back, statistics that are due, and the append-only file, which is written behind. */
const SETTLE_MS = 2_000;
const ANSWER_MS = 30_000;
const PREFIX = 'rollcast';

export async function measureSizes(
  options: SizesOptions,
  cleanup: Cleanup,
  tell: Tell,
): Promise<{ rounds: SizesRound[]; documents: true | null }> {
  const rounds: SizesRound[] = [];
  for (const size of options.quick ? QUICK_SIZES : SIZES) {
    tell(`${size.classes} classes of ${size.students}`);
    const measured = await measureClasses(size, options, cleanup);
    tell(`documents of one session of ${size.students}`);
    const documents = options.mongodb_url === null ? null : await measureDocuments(size, options, cleanup);
    rounds.push({ students: size.students, classes: size.classes, ...measured, documents });
  }
  return { rounds, documents: options.mongodb_url === null ? null : true };
}

const targetFor = (size: roster.Size, options: SizesOptions, cleanup: Cleanup, mongodb_url?: string) =>
  startNodes('the node', {
    ...size,
    nodes: 1,
    rounds: 1,
    namespace: '/',
    dataParent: options.data_parent,
    redisServer: options.redis_server,
    cleanup,
    mongodb_url,
  });

async function measureClasses(size: (typeof SIZES)[number], options: SizesOptions, cleanup: Cleanup) {
  const target = await targetFor(size, options, cleanup);
  const ids = await target.createSessions(1);
  const people = new People(target, size, ids);
  const { classes, students } = size;
  const everybody = classes * (students + 1);
  const steps: Step[] = [];
  const step = async (what: string, count: number, work: () => Promise<unknown>) => {
    steps.push(await measureStep(what, count, target, work));
    people.assertConnected();
  };
  // The first of everything costs more than the next, and is no size of anything.
  await people.warmUp();
  await step('connection', everybody, () => people.connect());
  await step('session started', classes, () => people.start());
  await step('join', classes * students, () => people.join());
  await step('mark', classes * Math.ceil(students / 2), () => people.markHalf());
  const keys = await memoryOfKeys(target.redis as RedisServer, ids[0] ?? '');
  await step('connection and second', everybody * size.idle_s, () => pause(size.idle_s * 1_000));
  await step('session archived', classes, () => people.end());
  people.close();
  return { steps, keys };
}

async function measureStep(what: string, count: number, target: Target, work: () => Promise<unknown>): Promise<Step> {
  const before = await standing(target);
  await work();
  await pause(SETTLE_MS);
  const after = await standing(target);
  const each = (of: keyof typeof before) => (after[of] - before[of]) / count;
  return {
    what,
    count,
    node_cpu_us: each('node_cpu_us'),
    redis_cpu_us: each('redis_cpu_us'),
    redis_bytes_in: each('redis_bytes_in'),
    redis_bytes_out: each('redis_bytes_out'),
    aof_bytes: each('aof_bytes'),
    redis_memory_bytes: each('redis_memory_bytes'),
    node_memory_bytes: each('node_memory_bytes'),
  };
}

async function standing({ processes: [node], redis }: Target) {
  if (node === undefined || redis === null) throw new Error('there is no node, or no Redis');
  const { cpu_us, bytes_in, bytes_out } = await redis.work();
  const info = String(await redis.call('INFO', 'memory', 'persistence'));
  const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
  return {
    node_cpu_us: await node.cpuMicros(),
    node_memory_bytes: await node.residentBytes(),
    redis_cpu_us: cpu_us,
    redis_bytes_in: bytes_in,
    redis_bytes_out: bytes_out,
    redis_memory_bytes: field('used_memory'),
    aof_bytes: field('aof_current_size'),
  };
}

async function memoryOfKeys(redis: RedisServer, session_id: string): Promise<Record<string, number>> {
  const keys: Record<string, number> = {};
  for (const key of new RedisKeys(PREFIX).ofRoll(session_id)) {
    const bytes = Number(await redis.call('MEMORY', 'USAGE', key, 'SAMPLES', '0'));
    if (bytes > 0) keys[key.split(':')[2] ?? key] = bytes;
  }
  return keys;
}

async function measureDocuments({ students }: roster.Size, options: SizesOptions, cleanup: Cleanup) {
  const size = { classes: 1, students };
  const url = new URL(options.mongodb_url ?? '');
  url.pathname = `/sizes_${students}_${randomUUID().slice(0, 8)}`;
  const target = await targetFor(size, options, cleanup, url.href);
  const ids = await target.createSessions(1);
  const people = new People(target, size, ids);
  for (const act of ['connect', 'start', 'join', 'markHalf', 'end'] as const) await people[act]();
  people.close();
  const client = new MongoClient(url.href);
  const documents: Record<string, { count: number; bytes: number }> = {};
  try {
    for (const { name } of await client.db().listCollections().toArray()) {
      const found = await client.db().collection(name).find().toArray();
      if (found.length === 0) continue;
      const bytes = found.reduce((sum, it) => sum + BSON.calculateObjectSize(it), 0);
      documents[name] = { count: found.length, bytes };
    }
    await client.db().dropDatabase();
  } finally {
    await client.close();
  }
  return documents;
}

/** Everybody of all classes, each with one WebSocket. */
class People {
  private readonly target: Target;
  private readonly size: roster.Size;
  private readonly ids: string[];
  private readonly teachers: LoadSocket[] = [];
  private readonly students: LoadSocket[][];
  private persisted = 0;
  private lost: string | null = null;

  constructor(target: Target, size: roster.Size, ids: string[]) {
    this.target = target;
    this.size = size;
    this.ids = ids;
    this.students = ids.map(() => []);
  }

  async warmUp(): Promise<void> {
    const socket = await this.socketOf({ id: roster.teacherId(0), name: 'Warm-up', role: 'teacher' });
    await ask(socket, 'checkActiveSessions', { course_id: roster.courseId(0) });
    socket.close();
    await pause(SETTLE_MS);
  }

  async connect(): Promise<void> {
    const { classes, students } = this.size;
    await eachAtMost(AT_ONCE, classes, async (n) => {
      const teacher = await this.socketOf({ id: roster.teacherId(n), name: roster.teacherName(n), role: 'teacher' });
      teacher.onEvent = (frame, start) => {
        if (frame.toString('utf8', start, start + 32).startsWith('["attendancePersisted"')) this.persisted += 1;
      };
      this.teachers[n] = teacher;
    });
    await eachAtMost(AT_ONCE, classes * students, async (i) => {
      const [n, s] = [i % classes, Math.floor(i / classes)];
      const socket = await this.socketOf({
        id: roster.studentId(n, s),
        name: roster.studentName(n, s),
        role: 'student',
      });
      (this.students[n] as LoadSocket[])[s] = socket;
    });
  }

  start(): Promise<void> {
    return this.eachClass((session_id, teacher) => ask(teacher, 'startAttendanceSession', { session_id }));
  }

  async join(): Promise<void> {
    const { classes, students } = this.size;
    await eachAtMost(AT_ONCE, classes * students, async (i) => {
      const [n, s] = [i % classes, Math.floor(i / classes)];
      const payload = { session_id: this.ids[n], request_id: randomUUID() };
      await ask((this.students[n] as LoadSocket[])[s] as LoadSocket, 'joinAttendanceSession', payload);
    });
  }

  /** One by one in each class, every other student. */
  markHalf(): Promise<void> {
    return this.eachClass(async (session_id, teacher, n) => {
      for (let s = 0; s < this.size.students; s += 2) {
        const student_id = roster.studentId(n, s);
        const mark = { session_id, student_id, status: 'late', request_id: randomUUID() };
        await ask(teacher, 'markStudentAttendance', mark);
      }
    });
  }

  /** Resolves when all are archived. */
  async end(): Promise<void> {
    await this.eachClass((session_id, teacher) => ask(teacher, 'endAttendanceSession', { session_id }));
    const deadline = performance.now() + 4 * ANSWER_MS;
    while (this.persisted < this.size.classes) {
      if (performance.now() > deadline) throw new Error('not all sessions were archived in time');
      await pause(10);
    }
  }

  /** A connection that went away by itself would make everything after it look cheaper. */
  assertConnected(): void {
    if (this.lost !== null) throw new Error(`a connection was lost: ${this.lost}`);
  }

  close(): void {
    for (const socket of [...this.teachers, ...this.students.flat()]) socket.close();
  }

  private async socketOf(person: roster.Person): Promise<LoadSocket> {
    const token = await roster.tokenSigner(this.target.secret)(person);
    const socket = await openSocket({ url: this.target.urls[0] ?? '', namespace: '/', token });
    socket.onLost = (why) => {
      this.lost ??= why;
    };
    return socket;
  }

  private eachClass(work: (session_id: string, teacher: LoadSocket, n: number) => Promise<void>): Promise<void> {
    return eachAtMost(AT_ONCE, this.ids.length, (n) => work(this.ids[n] ?? '', this.teachers[n] as LoadSocket, n));
  }
}

/** Must be accepted. */
async function ask(socket: LoadSocket, event: string, payload: object): Promise<void> {
  const answer = new Promise<string>((resolve) => socket.emit(event, payload, resolve));
  const body = await withDeadline(answer, ANSWER_MS, event);
  if (!accepted(body)) throw new Error(`${event} was refused: ${body.slice(0, 300)}`);
}
