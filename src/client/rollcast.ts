/**
 * One user's connection to a Rollcast service: it authenticates, comes back by itself, keeps its token fresh, and carries
 * the sessions and courses that are followed over it.
 */
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import type { Acknowledgement, ActiveSession, ClientEventName, ServerEventName } from '../contract/events.ts';
import { CourseFeed } from './course.ts';
import { localError, RollcastError } from './error.ts';
import { type Observable, Value } from './observable.ts';
import { newRequestId, type RequestOptions, request, type Wire } from './requests.ts';
import { AttendanceSession, type SessionHost } from './session.ts';

export type Connection = {
  /** refused: the service does not take the token, and it is not tried again before connect(). */
  readonly status: 'closed' | 'connecting' | 'connected' | 'reconnecting' | 'refused';
  /** Why it is not connected, as far as the service said so. */
  readonly error: RollcastError | null;
};

export type RollcastOptions = {
  /** Where the service is. Unset: where the page came from. */
  url?: string;
  /** A token, or who has one: asked at every connection and when one is about to expire. Null: there is none. */
  token: string | (() => string | null | Promise<string | null>);
  /** Names this installation, for apps that keep no cookies: up to 128 characters. */
  device_id?: string;
  namespace?: '/' | '/attendance';
  /** Further options of socket.io-client, such as transports or path. */
  socket?: Partial<ManagerOptions & SocketOptions>;
};

/** Of events that change something: they get a request id. */
const ONCE = new Set<ClientEventName>([
  'startAttendanceSession',
  'joinAttendanceSession',
  'leaveAttendanceSession',
  'markStudentPresent',
  'markStudentAbsent',
  'markStudentAttendance',
  'bulkUpdateAttendance',
  'endAttendanceSession',
  'submitAttendance',
]);

const TOKEN_CODES = new Set(['TOKEN_EXPIRED', 'TOKEN_INVALID', 'TOKEN_MISSING', 'FORBIDDEN']);
/** A service that closes a connection by name (it never should) is asked again after this. */
const AGAIN_AFTER_MS = 1_000;

export class Rollcast {
  private readonly options: RollcastOptions;
  private readonly socket: Socket;
  private readonly connectionValue = new Value<Connection>({ status: 'closed', error: null });
  private readonly sessions = new Map<string, AttendanceSession>();
  private readonly courses = new Map<string, CourseFeed>();
  private readonly waiting = new Set<{ resolve: () => void; reject: (error: RollcastError) => void }>();
  private lastToken: string | null = null;
  private hasConnected = false;

  /** Does not connect yet. */
  constructor(options: RollcastOptions) {
    this.options = options;
    const { url = '', namespace = '/', socket } = options;
    const to = namespace === '/' ? url : `${url}${namespace}`;
    const auth = (give: (auth: object) => void) => {
      const { device_id } = options;
      const rest = device_id === undefined ? {} : { device_id };
      void this.token().then((token) => give({ token: token ?? undefined, ...rest }));
    };
    const wanted = { withCredentials: true, ...socket, autoConnect: false, auth };
    this.socket = to === '' ? io(wanted) : io(to, wanted);
    this.socket.on('connect', () => this.connected());
    this.socket.on('disconnect', (reason) => this.disconnected(reason));
    this.socket.on('connect_error', (error) => this.failed(error));
    this.socket.onAny((event: string, payload: unknown) => this.hear(event, payload));
    this.socket.io.on('reconnect_attempt', () => this.connectionValue.update({ status: 'reconnecting' }));
  }

  get connection(): Observable<Connection> {
    return this.connectionValue;
  }

  connect(): this {
    const { status } = this.connection.get();
    if (status === 'closed' || status === 'refused') this.connectionValue.set({ status: 'connecting', error: null });
    this.socket.connect();
    return this;
  }

  /** Ends everything; what is under way is rejected. connect() begins anew. */
  close(): void {
    for (const it of this.sessions.values()) it.close();
    for (const it of this.courses.values()) it.close();
    this.sessions.clear();
    this.courses.clear();
    this.socket.disconnect();
    this.connectionValue.set({ status: 'closed', error: null });
    this.rejectWaiting(localError('CLOSED', 'The connection was closed'));
  }

  /** The same object for the same id, until it is forgotten. */
  session(session_id: string): AttendanceSession {
    return kept(this.sessions, session_id, () => new AttendanceSession(session_id, this.host));
  }

  /** Lets go of a session, without leaving it: its state does not follow any more. */
  forget(session_id: string): void {
    this.sessions.get(session_id)?.close();
    this.sessions.delete(session_id);
  }

  /** Starts and ends of a course's sessions. */
  course(course_id: string): CourseFeed {
    return kept(this.courses, course_id, () => new CourseFeed(course_id, this.host));
  }

  /** Any event of the contract, by its name; sent until it is answered. RollcastError. */
  request(event: ClientEventName, payload: object, options: RequestOptions = {}): Promise<Record<string, unknown>> {
    const request_id = options.request_id ?? (ONCE.has(event) ? newRequestId() : undefined);
    const whole = request_id === undefined ? payload : { ...payload, request_id };
    return request(this.wire, event, whole, options);
  }

  /** Any event of the service, as it comes. What is returned ends it. */
  on(event: ServerEventName, listener: (payload: never) => void): () => void {
    this.socket.on(event, listener as (payload: unknown) => void);
    return () => this.socket.off(event, listener as (payload: unknown) => void);
  }

  // --- parts ------------------------------------------------------------------------------------------------------

  private readonly wire: Wire = {
    connected: (within_ms) => this.whenConnected(within_ms),
    emit: async (event, payload, within_ms) =>
      (await this.socket.timeout(within_ms).emitWithAck(event, payload)) as Acknowledgement,
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    random: () => Math.random(),
    now: () => performance.now(),
  };

  private readonly host: SessionHost = {
    request: (event, payload, options) => this.request(event, payload, options),
    later: (ms, what) => {
      const timer = setTimeout(what, ms);
      return () => clearTimeout(timer);
    },
    random: () => Math.random(),
    now: () => performance.now(),
    isConnected: () => this.socket.connected,
  };

  private async token(): Promise<string | null> {
    const { token } = this.options;
    this.lastToken = typeof token === 'string' ? token : await Promise.resolve(token()).catch(() => null);
    return this.lastToken;
  }

  private whenConnected(within_ms: number): Promise<void> {
    if (this.socket.connected) return Promise.resolve();
    const { status, error } = this.connection.get();
    if (status === 'closed') return Promise.reject(localError('CLOSED', 'Not connected: call connect() first'));
    if (status === 'refused' && error !== null) return Promise.reject(error);
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => settle(() => reject(localError('TIMEOUT', 'No connection'))), within_ms);
      const settle = (how: () => void) => {
        clearTimeout(late);
        this.waiting.delete(it);
        how();
      };
      const it = { resolve: () => settle(resolve), reject: (why: RollcastError) => settle(() => reject(why)) };
      this.waiting.add(it);
    });
  }

  private rejectWaiting(error: RollcastError): void {
    for (const { reject } of [...this.waiting]) reject(error);
  }

  private connected(): void {
    const again = this.hasConnected;
    this.hasConnected = true;
    this.connectionValue.set({ status: 'connected', error: null });
    for (const { resolve } of [...this.waiting]) resolve();
    if (!again) return;
    for (const it of this.sessions.values()) void it.reconnected().catch(() => {});
    for (const it of this.courses.values()) void it.reconnected().catch(() => {});
  }

  private disconnected(reason: string): void {
    if (this.connection.get().status === 'closed') return;
    this.connectionValue.set({ status: 'reconnecting', error: null });
    if (reason === 'io server disconnect') this.again();
  }

  private failed(error: Error & { data?: { code?: string } }): void {
    const code = error.data?.code;
    if (code === undefined || !TOKEN_CODES.has(code)) {
      this.connectionValue.update({ status: this.hasConnected ? 'reconnecting' : 'connecting' });
      // Refused for a reason that passes, such as a key set that cannot be reached.
      if (!this.socket.active) this.again();
      return;
    }
    const refused = new RollcastError({ code, message: error.message, retryable: false });
    const before = this.lastToken;
    void this.token().then((token) => {
      if (this.connection.get().status === 'closed') return;
      // Whoever gives tokens has a newer one by now.
      if (token !== null && token !== before) this.socket.connect();
      else {
        this.connectionValue.set({ status: 'refused', error: refused });
        this.rejectWaiting(refused);
      }
    });
  }

  private again(): void {
    setTimeout(() => {
      if (this.connection.get().status !== 'closed') this.socket.connect();
    }, AGAIN_AFTER_MS);
  }

  private hear(event: string, payload: unknown): void {
    if (event === 'tokenExpiring') this.refreshToken();
    const { session_id, course_id } = (payload ?? {}) as { session_id?: string; course_id?: string };
    if (session_id !== undefined) this.sessions.get(session_id)?.hear(event, payload);
    if (course_id !== undefined)
      this.courses.get(course_id)?.hear(event, payload as { activeSessions?: ActiveSession[] });
  }

  private refreshToken(): void {
    const before = this.lastToken;
    void this.token().then((token) => {
      if (token !== null && token !== before) void this.request('refreshToken', { token }).catch(() => {});
    });
  }
}

const kept = <T>(map: Map<string, T>, id: string, make: () => T): T => {
  const it = map.get(id) ?? make();
  map.set(id, it);
  return it;
};
