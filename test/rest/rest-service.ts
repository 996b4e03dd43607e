/** The whole REST side over real stores in memory, asked without a network; the clock stands until a test moves it. */
import { Writable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { SignJWT } from 'jose';
import { pino } from 'pino';
import { expect, onTestFinished } from 'vitest';
import { Archiver } from '../../src/archive/archiver.ts';
import { SqliteArchive } from '../../src/archive/sqlite-archive.ts';
import { Attendance } from '../../src/attendance/attendance.ts';
import { finishPendingErasures } from '../../src/attendance/erasure.ts';
import type { Services } from '../../src/attendance/services.ts';
import { AttendanceViews } from '../../src/attendance/views.ts';
import type { ErrorCode } from '../../src/contract/errors.ts';
import { Problem } from '../../src/contract/rest-shapes.ts';
import { API_PREFIX, type RouteRow, routes } from '../../src/contract/routes.ts';
import type { Actor } from '../../src/domain/policy.ts';
import { EmbeddedLiveStore } from '../../src/live/embedded-live-store.ts';
import { createMetrics } from '../../src/metrics.ts';
import { attendanceReports } from '../../src/metrics-reports.ts';
import { SqliteRegistry } from '../../src/registry/sqlite-registry.ts';
import { buildHttpServer, type HttpServerOptions } from '../../src/rest/http-server.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { tokenVerifier } from '../../src/token.ts';
import { FixedClock, T0 } from '../support/fixed-clock.ts';
import { strictly, wrongWithAnswer } from '../support/wire-check.ts';

const SECRET = 'the secret of the tests, long enough for HS256';
export const LOG_SECRETS = ['Canary', 'canary.example', 'Authorization', 'eyJ'];

export type Caller = Pick<Actor, 'user_id' | 'role' | 'name'>;
const caller = (role: Caller['role'], user_id: string, name = `Name of ${user_id}`): Caller => ({
  role,
  user_id,
  name,
});

/** Ada teaches c1 with Tom; Bea teaches c2. Anna's token carries another id than her student_id. */
export const ada = caller('teacher', 't-ada', 'Ada');
export const tom = caller('teacher', 't-tom', 'Tom');
export const bea = caller('teacher', 't-bea', 'Bea');
export const admin = caller('admin', 'root');
export const machine = caller('service', 'sis');
export const anna = caller('student', 'u.anna@school', 'Anna Canary');
export const ben = caller('student', 's2', 'Ben Canary');
/** A student of c2 alone. */
export const carl = caller('student', 's9', 'Carl Canary');
/** A student of c1 who is not approved. */
export const dora = caller('student', 's4', 'Dora Canary');

export type Answer<T = unknown> = { status: number; body: T; text: string; headers: Record<string, string> };
export type ProblemBody = {
  code: ErrorCode;
  status: number;
  detail: string;
  retryable: boolean;
  field?: string;
} & Record<string, unknown>;
type Sent = { headers?: Record<string, string>; contentType?: string };

const wrongWithProblem = strictly(Problem);

export class RestService {
  readonly clock = new FixedClock();
  readonly services: Services;
  readonly attendance: Attendance;
  readonly archiver: Archiver;
  readonly app: FastifyInstance;
  readonly told: { course_id: string; event: string }[] = [];
  /** Courses whose members may have changed. */
  readonly changed: string[] = [];
  readonly requests: { method: string; route: string; status: number }[] = [];
  readonly metrics = createMetrics();
  log = '';
  draining = false;

  constructor(options: Partial<HttpServerOptions> = {}) {
    const db = openDatabase({ file: ':memory:', busyTimeoutMs: 0 });
    const clock = this.clock.read;
    let ids = 0;
    const makeId = () => {
      ids += 1;
      return `made-${ids}`;
    };
    const live = new EmbeddedLiveStore({
      db,
      clock,
      makeId,
      audience: { deliver: () => {}, admit: () => {}, expel: () => {} },
      onDue: () => {},
    });
    this.services = {
      live,
      registry: new SqliteRegistry(db),
      archive: new SqliteArchive(db),
      courseRooms: {
        tell: (course_id, event) => this.told.push({ course_id, event }),
        membersChanged: async (course_id) => void this.changed.push(course_id),
      },
      clock,
      makeId,
      autoEndAfterMinutes: 720,
      studentVisibility: 'room',
      deviceSignals: false,
      reports: attendanceReports(this.metrics),
    };
    this.attendance = new Attendance(this.services);
    this.archiver = new Archiver({
      live: this.services.live,
      archive: this.services.archive,
      endByClock: (id) => this.attendance.endByClock(id),
      random: () => 0.5,
      events: { archived: () => {}, failed: (_id, _tries, error) => expect.unreachable(String(error)) },
    });
    this.app = buildHttpServer({
      attendance: this.attendance,
      views: new AttendanceViews(this.services),
      services: this.services,
      verifyToken: tokenVerifier({
        key: { kind: 'secret', secret: SECRET },
        algorithms: [],
        issuer: undefined,
        audience: undefined,
        clock,
      }),
      logger: pino({ level: 'debug', base: undefined }, this.#sink()),
      allowOrigin: (origin) => origin === 'https://school.example',
      trustProxy: false,
      publicUrl: undefined,
      loginUrl: undefined,
      webDir: 'not built',
      demoPeople: () => [],
      isDraining: () => this.draining,
      metricsText: async () => 'rollcast_sockets 0\n',
      metricsContentType: 'text/plain; version=0.0.4; charset=utf-8',
      serveMetrics: true,
      onResponse: (method, route, status) => this.requests.push({ method, route, status }),
      ...options,
    });
    onTestFinished(async () => {
      await this.app.close();
      await live.close();
      db.close();
      for (const secret of LOG_SECRETS) expect(this.log).not.toContain(secret);
    });
  }

  #sink(): Writable {
    return new Writable({
      write: (chunk, _encoding, done) => {
        this.log += chunk;
        done();
      },
    });
  }

  /** The log lines so far. */
  lines(): Record<string, unknown>[] {
    return this.log
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  /** Valid for ten hours of the tests' clock unless the claims say otherwise. */
  async token(who: Caller, claims: Record<string, unknown> = {}): Promise<string> {
    const { user_id: sub, role, name } = who;
    return new SignJWT({ sub, role, name, email: `${sub}@canary.example`, exp: T0 / 1000 + 36_000, ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(SECRET));
  }

  /** Any request; an answer under the API is held against the schema of its route, a problem against that of problems. */
  async send(who: Caller | null, line: string, payload?: unknown, { headers = {}, contentType }: Sent = {}) {
    const [method = '', path = ''] = line.split(' ');
    const url = path.startsWith('//') ? path.slice(1) : `${API_PREFIX}${path}`;
    const type = contentType ?? (payload === undefined ? undefined : 'application/json');
    const response = await this.app.inject({
      method: method as 'GET',
      url,
      headers: {
        ...(who === null ? {} : { authorization: `Bearer ${await this.token(who)}` }),
        ...(type === undefined ? {} : { 'content-type': type }),
        ...headers,
      },
      ...(payload === undefined
        ? {}
        : { payload: typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload) }),
    });
    const isJson = /json/.test(String(response.headers['content-type']));
    const answer: Answer = {
      status: response.statusCode,
      text: response.payload,
      body: isJson ? JSON.parse(response.payload) : response.payload,
      headers: response.headers as Record<string, string>,
    };
    if (answer.status >= 400 && !path.startsWith('//')) this.#checkProblem(answer);
    const row = rowOf(method, path);
    if (row !== undefined && answer.status < 300) expect(wrongWithAnswer(row, answer.status, answer.body)).toBeNull();
    return answer;
  }

  #checkProblem({ status, body, headers }: Answer): void {
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(wrongWithProblem(body)).toBeNull();
    expect(body).toMatchObject({ status, type: 'about:blank' });
  }

  /** The body of a request that must succeed. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what the schema check has seen already
  async ok<T = any>(who: Caller | null, line: string, payload?: unknown, sent?: Sent): Promise<T> {
    const { status, body, text } = await this.send(who, line, payload, sent);
    if (status >= 300) throw new Error(`${line} answered ${status}: ${text}`);
    return body as T;
  }

  /** The problem of a request that must be refused with this code. */
  async refused(
    who: Caller | null,
    line: string,
    code: ErrorCode,
    payload?: unknown,
    sent?: Sent,
  ): Promise<ProblemBody> {
    const { body, status } = await this.send(who, line, payload, sent);
    expect({ line, status, ...(body as object) }).toMatchObject({ code });
    return body as ProblemBody;
  }

  /** Courses c1 and c2 with their students; dora is pending in c1. */
  async school(): Promise<this> {
    await this.ok(ada, 'POST /courses', {
      id: 'c1',
      title: 'Algebra',
      staff: [tom.user_id],
      timezone: 'Europe/Vienna',
    });
    await this.ok(bea, 'POST /courses', { id: 'c2', title: 'Biology' });
    await this.ok(ada, 'PUT /courses/c1/enrollments', {
      enrollments: [
        { student_id: 's1', user_id: anna.user_id, name: 'Anna Canary', roll: '1' },
        { student_id: 's2', name: 'Ben Canary', roll: '2' },
        { student_id: 's3', name: 'Cleo Canary' },
        { student_id: 's4', name: 'Dora Canary', status: 'pending' },
      ],
    });
    await this.ok(bea, 'PUT /courses/c2/enrollments', { enrollments: [{ student_id: 's9', name: 'Carl Canary' }] });
    return this;
  }

  /** A session of c1 (or another course), scheduled for T0. */
  async schedule(id: string, more: object = {}, who: Caller = ada): Promise<void> {
    await this.ok(who, 'POST /sessions', { id, course_id: 'c1', title: `Session ${id}`, date: T0, ...more });
  }

  async start(id: string, more: object = {}, who: Caller = ada): Promise<void> {
    await this.schedule(id, more, who);
    await this.ok(who, `POST /sessions/${id}/start`);
  }

  /** Ended and archived, with these statuses. */
  async finished(
    id: string,
    statuses: Record<string, string> = {},
    more: object = {},
    who: Caller = ada,
  ): Promise<void> {
    await this.start(id, more, who);
    const updates = Object.entries(statuses).map(([student_id, status]) => ({ student_id, status }));
    if (updates.length > 0) await this.ok(who, `POST /sessions/${id}/marks`, { updates });
    await this.ok(who, `POST /sessions/${id}/end`);
    await this.archive();
  }

  /** What the due-list holds goes into the archive, as the node does it. */
  async archive(): Promise<void> {
    await this.archiver.workOff();
    await finishPendingErasures(this.services);
  }

  /** Every item of a list, page by page. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  async all<T = any>(who: Caller, path: string, limit: number): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | null = null;
    do {
      const query: string = `${path.includes('?') ? '&' : '?'}limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`;
      const page: { items: T[]; next_cursor: string | null } = await this.ok(who, `GET ${path}${query}`);
      expect(page.items.length).toBeLessThanOrEqual(limit);
      items.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return items;
  }
}

const ROWS = Object.values(routes).map((row: RouteRow) => ({
  row,
  pattern: new RegExp(`^${row.path.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+')}$`),
}));

const rowOf = (method: string, path: string): RouteRow | undefined => {
  const [bare = ''] = path.split('?');
  return ROWS.find(({ row, pattern }) => row.method === method && pattern.test(bare))?.row;
};
