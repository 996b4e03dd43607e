/**
 * Many busy classes behind one balancer, and what goes on over REST beside them. Clients come and come back as apps do
 * that leave the client library as it is; everybody insists, and everything that was acknowledged is compared at the end.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { ArchiveContents } from './archive-contents.ts';
import { BusyClass } from './busy-class.ts';
import type { Deployment } from './deployment.ts';
import { keepCookies } from './haproxy.ts';
import { counted, spread } from './in-figures.ts';
import { InsistingRest } from './insisting-rest.ts';
import type { Listener } from './listener.ts';
import { OfficeHours } from './office-hours.ts';
import type { Person } from './people.ts';
import type { RedisProcess } from './redis-server.ts';
import { atTheLibrarysPace } from './roaming.ts';

const POLLING_EVERY = 20;
const MARK_EVERY_MS = 1_000;
const ARCHIVED_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 500;

export type BusySchoolOptions = {
  /** What the balancer is reached by. */
  outside: Deployment;
  classes: number;
  /** Students with a client in each class. */
  listeners: number;
  /** Of these: they connect and check in while the school is busy. */
  late: number;
  /** How long it takes until the last of them comes. */
  arrive_within_ms: number;
  /** Marks that everybody is asked whether they heard. */
  probes: number;
};

export class BusySchool {
  readonly classes: BusyClass[] = [];
  readonly rest = new InsistingRest();
  /** Tries to connect that did not succeed: why, each time. */
  readonly unconnected: string[] = [];
  private readonly options: BusySchoolOptions;
  private office: OfficeHours | null = null;

  private constructor(options: BusySchoolOptions) {
    this.options = options;
  }

  static async open(options: BusySchoolOptions): Promise<BusySchool> {
    const school = new BusySchool(options);
    const { outside, classes, listeners, late, probes } = options;
    const connect = (person: Person, i?: number) => school.client(person, i);
    const makeRoom = (students: number) => outside.classroom({ students });
    // One after the other: a database on a busy machine does not take the enrollments of several in time.
    for (let n = 0; n < classes; n += 1) {
      school.classes.push(await BusyClass.open({ makeRoom, connect, listeners, late, probes }));
    }
    return school;
  }

  get listeners(): Listener[] {
    return this.classes.flatMap((it) => it.listeners);
  }

  /** Everybody is busy until it is over; resolves when what was begun has been acknowledged. */
  async during<T>(what: () => Promise<T>): Promise<T> {
    let isOver = false;
    const goesOn = () => !isOver;
    const office = new OfficeHours(
      this.classes.map(({ room }) => room),
      this.rest,
    );
    this.office = office;
    const busy = Promise.all([
      ...this.classes.map((it) => it.keepMarking(goesOn, MARK_EVERY_MS)),
      this.arrivals(),
      office.keepOpen(goesOn),
    ]);
    try {
      // Who gives up ends it, and is not left to itself either.
      const [result] = await Promise.all([what().finally(() => (isOver = true)), busy]);
      return result;
    } finally {
      isOver = true;
      await busy.catch(() => {});
    }
  }

  /** The n-th probe of each class is marked, and that is acknowledged. Answers their ids. */
  async markProbes(n: number): Promise<Set<string>> {
    const marking = this.classes.map(async (it) => {
      const student_id = it.probe(n);
      const body = { updates: [{ student_id, status: 'excused' }], request_id: `probe ${n}` };
      await this.rest.send(it.room.rest, 'markAttendance', { params: { id: it.room.session_id }, body });
      it.wasMarked(student_id, 'excused');
      return student_id;
    });
    return new Set(await Promise.all(marking));
  }

  /**
   * All classes end. Fails unless their logs, and then the archive, have everything that was acknowledged, once, and
   * nothing else. Nobody asks a node for it.
   */
  async endAndCompare(redis: RedisProcess, prefix: string, archive: ArchiveContents): Promise<void> {
    const held = this.office?.held ?? [];
    const logs = await Promise.all(this.classes.map((it) => it.end(redis, prefix)));
    const sessions = [...held, ...this.classes.map(({ room }) => room)].map(({ session_id }) => session_id);
    const deadline = performance.now() + ARCHIVED_WITHIN_MS;
    const isCompleted = async () => (await archive.completed(sessions)) === sessions.length;
    while (!(await isCompleted()) && performance.now() < deadline) await pause(LOOK_EVERY_MS);
    const stored = await archive.everything();
    for (const [i, it] of this.classes.entries()) it.expectStored(stored, logs[i] ?? []);
    this.office?.expectStored(stored);
  }

  /** What its people went through, in lines. */
  report(): string[] {
    const losses = this.listeners.flatMap((it) => it.losses);
    const since = (at: number, end: number | null) => (end === null ? null : end - at);
    const acknowledged = this.classes.reduce((sum, it) => sum + it.acknowledged.length, 0);
    return [
      `connections lost: ${spread(losses.map(({ at, back_at }) => since(at, back_at)))} until they were back`,
      `and until they heard a mark: ${spread(losses.map(({ at, heard_at }) => since(at, heard_at)))}`,
      `tries to connect that failed: ${counted(this.unconnected)}`,
      `${acknowledged} changes acknowledged in class; tries that were not: ${counted(this.classes.flatMap(({ refusals }) => refusals))}`,
      `${this.rest.requests} REST requests, ${this.office?.held.length} further sessions; not accepted: ${counted(this.rest.refusals)}`,
    ];
  }

  private client(person: Person, i = 1) {
    const polls = i % POLLING_EVERY === 0;
    const client = this.options.outside.client(person, { transports: [polls ? 'polling' : 'websocket'] });
    atTheLibrarysPace(client);
    if (polls) keepCookies(client);
    client.socket.on('connect_error', (error: Error & { description?: { message?: string } | number }) => {
      const { message, description } = error;
      const more = typeof description === 'object' ? description.message : description;
      this.unconnected.push(`${message}${more === undefined ? '' : `: ${more}`}`);
    });
    return client;
  }

  /** Everybody who is late, in turn over all classes. */
  private async arrivals(): Promise<void> {
    const { late, arrive_within_ms } = this.options;
    const all = Array.from({ length: late }, (_, n) => this.classes.map((it) => ({ it, i: it.late[n] ?? 0 }))).flat();
    const under_way: Promise<void>[] = [];
    for (const { it, i } of all) {
      const arriving = it.arrive(i);
      arriving.catch(() => {});
      under_way.push(arriving);
      await pause(arrive_within_ms / all.length);
    }
    await Promise.all(under_way);
  }
}
