/**
 * Where scenarios run: one node or several. A scenario asks for clients of people, and gets each on any node, any
 * namespace and any transports, unless it says which; so the same scenario holds wherever it runs.
 */
import { expect } from 'vitest';
import { type Classroom, type ClassroomOptions, openClassroom } from './classroom.ts';
import {
  claimsOf,
  MAIL_MARK,
  type Person,
  REMARK_MARK,
  STAFF_MARK,
  STUDENT_MARK,
  signToken,
  staffMember,
} from './people.ts';
import { Random } from './random.ts';
import { RestClient } from './rest-client.ts';
import { dataDirectory, type Environment, Service } from './service.ts';
import { TestClient } from './socket-client.ts';

/** Which namespace people of a role are on. */
export type Arrangement = { staff: '/' | '/attendance' | 'any'; students: '/' | '/attendance' | 'any' };

export const ARRANGEMENTS: Record<string, Arrangement> = {
  'staff on /, students on /attendance': { staff: '/', students: '/attendance' },
  'staff on /attendance, students on /': { staff: '/attendance', students: '/' },
  'everybody anywhere': { staff: 'any', students: 'any' },
};

export type ConnectOptions = {
  namespace?: '/' | '/attendance';
  /** Index of a node. */
  node?: number;
  transports?: ('websocket' | 'polling')[];
  token?: string;
  /** Beside the token. */
  auth?: Record<string, unknown>;
  extraHeaders?: Record<string, string>;
};

/** A node as clients see it. */
export type ReachableNode = { readonly url: string; readonly output: string };

const SEED = Number(process.env.ROLLCAST_TEST_SEED ?? Date.now() % 1_000_000);
const NAMESPACES = ['/', '/attendance'] as const;
/** The beginning of every JWT. */
const TOKEN_BEGINS = 'eyJ';

export class Deployment {
  readonly nodes: readonly ReachableNode[];
  readonly secret: string;
  /** The nodes' time, milliseconds. */
  readonly now: () => number;
  arrangement: Arrangement = { staff: 'any', students: 'any' };
  protected tokenLifetime_s = 3600;
  private readonly random = new Random(SEED);
  private clients: TestClient[] = [];

  constructor(nodes: readonly ReachableNode[], secret: string, now: () => number = Date.now) {
    this.nodes = nodes;
    this.secret = secret;
    this.now = now;
  }

  token(person: Person, lifetime_s = this.tokenLifetime_s): string {
    return signToken(claimsOf(person, this.now(), lifetime_s), this.secret);
  }

  rest(person: Person): RestClient {
    return new RestClient(this.anyNode().url, this.token(person));
  }

  /** A client that is not waited for. */
  client(person: Person, options: ConnectOptions = {}): TestClient {
    const { url } = options.node === undefined ? this.anyNode() : (this.nodes[options.node] as ReachableNode);
    const namespace = options.namespace ?? this.namespaceFor(person);
    const transports = options.transports ?? (this.random.chance(0.5) ? (['websocket'] as const) : undefined);
    const client = new TestClient({
      url,
      person,
      namespace,
      token: options.token ?? this.token(person),
      ...(options.auth === undefined ? {} : { auth: options.auth }),
      ...(options.extraHeaders === undefined ? {} : { extraHeaders: options.extraHeaders }),
      ...(transports === undefined ? {} : { transports: [...transports] }),
    });
    this.clients.push(client);
    return client;
  }

  connect(person: Person, options: ConnectOptions = {}): Promise<TestClient> {
    return this.client(person, options).connected();
  }

  /** A course with students and a scheduled session. */
  classroom(options: ClassroomOptions = {}): Promise<Classroom> {
    return openClassroom(this, options);
  }

  service(): RestClient {
    return this.rest(staffMember('service'));
  }

  /** To be called after each test: lets every client go, and fails if one of them was told what the contract forbids. */
  settle(): void {
    const { clients } = this;
    this.clients = [];
    for (const client of clients) client.close();
    const violations = clients.flatMap(({ person, violations: of }) => of.map((it) => `${person.sub}: ${it}`));
    expect(violations, `seed ${SEED}: repeat with ROLLCAST_TEST_SEED=${SEED}`).toEqual([]);
  }

  /** What no log may ever hold. */
  checkLogs(): void {
    for (const { output } of this.nodes) {
      for (const mark of [TOKEN_BEGINS, STUDENT_MARK, STAFF_MARK, REMARK_MARK, MAIL_MARK, this.secret]) {
        const line = output.split('\n').find((it) => it.includes(mark));
        expect(line, `a log line holds ${mark}`).toBeUndefined();
      }
    }
  }

  private anyNode(): ReachableNode {
    return this.random.pick(this.nodes);
  }

  private namespaceFor({ role }: Person): '/' | '/attendance' {
    const wanted = role === 'student' ? this.arrangement.students : this.arrangement.staff;
    return wanted === 'any' ? this.random.pick(NAMESPACES) : wanted;
  }
}

export const TEST_SECRET = 'a secret of the tests, long enough for HS256';

/** One embedded node as a process of its own. */
export class OneNode extends Deployment {
  readonly node: Service;
  private readonly removeData: () => void;

  constructor(env: Environment = {}) {
    const { dir, remove } = dataDirectory();
    const node = new Service({ DATA_DIR: dir, JWT_SECRET: TEST_SECRET, ...env });
    super([node], TEST_SECRET);
    this.node = node;
    this.removeData = remove;
  }

  get dataDir(): string {
    return this.node.env.DATA_DIR ?? '';
  }

  async start(): Promise<this> {
    await this.node.start();
    return this;
  }

  /** Dies without a chance to do anything, and comes back on the same data and port. */
  async killAndRestart(): Promise<void> {
    await this.node.kill('SIGKILL');
    await this.node.start();
  }

  /** Ends the process, removes its data, and fails if it died before that or logged what it must not. */
  async stop(): Promise<void> {
    const alive = this.node.isRunning;
    await this.node.stop();
    this.removeData();
    expect(alive, `the service died by itself:\n${this.node.output.slice(-2_000)}`).toBe(true);
    this.checkLogs();
  }
}
