/**
 * One user's connection to a Rollcast service: it authenticates, comes back by itself, keeps its token fresh, and carries
 * the sessions and courses that are followed over it.
 */
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import type {
  Acknowledgement,
  ActiveSession,
  ClientEventName,
  ClientPayload,
  ServerEventName,
  ServerPayload,
} from '../contract/events.ts';
import type { AnswerTo } from './answers.ts';
import { CourseFeed } from './course.ts';
import { localError, RollcastError } from './error.ts';
import { type Observable, Value } from './observable.ts';
import { type RequestOptions, request, type Wire } from './requests.ts';
import { AttendanceSession, type SessionHost } from './session.ts';

export type Connection = {
  /** refused: the service does not take the token, and it is not tried again before connect(). */
  readonly status: 'closed' | 'connecting' | 'connected' | 'reconnecting' | 'refused';
  /** Why it is not connected, as far as it is known. */
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

const TOKEN_CODES = new Set(['TOKEN_EXPIRED', 'TOKEN_INVALID', 'TOKEN_MISSING', 'FORBIDDEN']);
/** What socket.io-client does not try again by itself is tried again after this, and up to as much more. */
const AGAIN_AFTER_MS = 1_000;

export class Rollcast {
  private readonly options: RollcastOptions;
  private readonly socket: Socket;
  private readonly connectionValue = new Value<Connection>({ status: 'closed', error: null });
  private readonly sessions = new Map<string, AttendanceSession>();
  private readonly courses = new Map<string, CourseFeed>();
  /** Those who wait for a connection: told that it is there, or why it will not be. */
  private readonly waiting = new Set<(error: RollcastError | null) => void>();
  /** Grows at each close(): requests of before do not go on after it. */
  private life = 0;
  private hasConnected = false;
  private hasAskedAgain = false;
  private lastToken: string | null = null;
  private tokenError: RollcastError | null = null;

  /** Does not connect yet. */
  constructor(options: RollcastOptions) {
    this.options = options;
    const { url = '', namespace = '/', socket } = options;
    const to = namespace === '/' ? url : `${url.replace(/\/$/, '')}${namespace}`;
    const auth = (give: (auth: object) => void) => {
      const { device_id } = options;
      const rest = device_id === undefined ? {} : { device_id };
      void this.token().then((token) => give({ token: token ?? undefined, ...rest }));
    };
    // A connection of its own: what closes one user's must not close another's in the same page.
    const wanted = { withCredentials: true, forceNew: true, ...socket, autoConnect: false, auth };
    this.socket = to === '' ? io(wanted) : io(to, wanted);
    this.socket.on('connect', () => this.connected());
    this.socket.on('disconnect', (reason) => this.disconnected(reason));
    this.socket.on('connect_error', (error) => this.failed(error));
    this.socket.onAny((event: string, payload: unknown) => this.hear(event, payload));
  }

  get connection(): Observable<Connection> {
    return this.connectionValue;
  }

  /** Once is enough: from then on it comes back by itself. Again: after close(), or when it was refused. */
  connect(): this {
    const { status } = this.connection.get();
    if (status === 'closed' || status === 'refused') {
      this.hasAskedAgain = false;
      this.connectionValue.set({ status: 'connecting', error: null });
      this.open();
    }
    return this;
  }

  /** Ends everything: no session and no course is followed any more, what is under way is rejected. connect() begins anew. */
  close(): void {
    this.life += 1;
    this.hasConnected = false;
    for (const it of this.sessions.values()) it.close();
    for (const it of this.courses.values()) it.close();
    // What it could not send yet it would send at the next connection, which may be somebody else's.
    this.socket.sendBuffer = [];
    this.socket.disconnect();
    this.connectionValue.set({ status: 'closed', error: null });
    this.tellWaiting(closed());
  }

  /** The same object for the same id, until it is forgotten. */
  session(session_id: string): AttendanceSession {
    return kept(this.sessions, session_id, () => new AttendanceSession(session_id, this.host));
  }

  /** Lets go of a session, without leaving it: its object follows nothing any more, session() makes a new one. */
  forget(session_id: string): void {
    this.sessions.get(session_id)?.close();
    this.sessions.delete(session_id);
  }

  /** Starts and ends of a course's sessions. */
  course(course_id: string): CourseFeed {
    return kept(this.courses, course_id, () => new CourseFeed(course_id, this.host));
  }

  /** Any event of the contract, by its name; sent until it is answered. RollcastError. */
  async request<E extends ClientEventName>(
    event: E,
    payload: ClientPayload<E>,
    options?: RequestOptions,
  ): Promise<AnswerTo<E>> {
    const { life } = this;
    const goesOn = () => {
      if (life !== this.life) throw closed();
    };
    const wire: Wire = {
      connected: async (within_ms) => {
        goesOn();
        await this.whenConnected(within_ms);
      },
      emit: async (name, what, within_ms) => {
        goesOn();
        return (await this.socket.timeout(within_ms).emitWithAck(name, what)) as Acknowledgement;
      },
      // A new connection ends it early: there is something to try.
      pause: async (ms) => {
        goesOn();
        await this.wait(ms, null);
      },
      random: () => Math.random(),
      now: () => performance.now(),
    };
    return (await request(wire, event, payload, options)) as AnswerTo<E>;
  }

  /** Any event of the service, as it comes. What is returned ends it. */
  on<E extends ServerEventName>(event: E, listener: (payload: ServerPayload<E>) => void): () => void {
    const it = listener as (payload: unknown) => void;
    this.socket.on(event as string, it);
    return () => this.socket.off(event as string, it);
  }

  // --- parts ------------------------------------------------------------------------------------------------------

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

  /** Null: there is none, or who has it has failed. Never rejects. */
  private async token(): Promise<string | null> {
    const { token } = this.options;
    try {
      this.lastToken = typeof token === 'string' ? token : await token();
      this.tokenError = null;
    } catch (error) {
      this.lastToken = null;
      this.tokenError = localError('TOKEN_UNAVAILABLE', 'No token could be had', error);
    }
    return this.lastToken;
  }

  private whenConnected(within_ms: number): Promise<void> {
    if (this.socket.connected) return Promise.resolve();
    const { status, error } = this.connection.get();
    if (status === 'closed') return Promise.reject(localError('CLOSED', 'Not connected: call connect() first'));
    if (status === 'refused' && error !== null) return Promise.reject(error);
    return this.wait(within_ms, localError('TIMEOUT', 'No connection'));
  }

  /** Until there is a connection, or there will be none, or this time is over: then `late` is what it ends with. */
  private wait(ms: number, late: RollcastError | null): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error: RollcastError | null) => {
        clearTimeout(timer);
        this.waiting.delete(settle);
        if (error === null) resolve();
        else reject(error);
      };
      const timer = setTimeout(() => settle(late), ms);
      this.waiting.add(settle);
    });
  }

  private tellWaiting(error: RollcastError | null): void {
    for (const settle of [...this.waiting]) settle(error);
  }

  /** At most once at a time: asked twice, socket.io-client would send two handshakes. */
  private open(): void {
    if (!this.socket.active) this.socket.connect();
  }

  private connected(): void {
    const again = this.hasConnected;
    this.hasConnected = true;
    this.hasAskedAgain = false;
    this.connectionValue.set({ status: 'connected', error: null });
    this.tellWaiting(null);
    if (!again) return;
    for (const it of this.sessions.values()) it.reconnected();
    for (const it of this.courses.values()) it.reconnected().catch(() => {});
  }

  private disconnected(reason: string): void {
    if (this.connection.get().status === 'closed') return;
    this.connectionValue.set({ status: 'reconnecting', error: null });
    if (reason === 'io server disconnect') this.openLater();
  }

  private failed({ message, data }: Error & { data?: { code?: string } }): void {
    if (this.connection.get().status === 'closed') return;
    const { tokenError } = this;
    const code = data?.code;
    const isRefused = code !== undefined && TOKEN_CODES.has(code) && tokenError === null;
    const error = code === undefined ? null : new RollcastError({ code, message, retryable: !isRefused });
    if (!isRefused) {
      // No way there, or a refusal that passes, such as a key set that cannot be reached.
      const status = this.hasConnected ? 'reconnecting' : 'connecting';
      this.connectionValue.update({ status, error: tokenError ?? error });
      this.openLater();
    } else if (typeof this.options.token === 'function' && !this.hasAskedAgain) {
      // Whoever gives tokens may have a newer one by now.
      this.hasAskedAgain = true;
      this.open();
    } else {
      this.connectionValue.set({ status: 'refused', error });
      this.tellWaiting(error);
    }
  }

  /** Unless socket.io-client does it by itself. */
  private openLater(): void {
    if (this.socket.active) return;
    const { life } = this;
    setTimeout(() => life === this.life && this.open(), AGAIN_AFTER_MS * (1 + Math.random()));
  }

  private hear(event: string, payload: unknown): void {
    if (event === 'tokenExpiring') this.refreshToken().catch(() => {});
    const { session_id, course_id } = (payload ?? {}) as { session_id?: string; course_id?: string };
    if (session_id !== undefined) this.sessions.get(session_id)?.hear(event, payload);
    if (course_id !== undefined)
      this.courses.get(course_id)?.hear(event, payload as { activeSessions?: ActiveSession[] });
  }

  /** What fails is made up for at the next connection: one with an expired token is closed. */
  private async refreshToken(): Promise<void> {
    const before = this.lastToken;
    const token = await this.token();
    if (token !== null && token !== before) await this.request('refreshToken', { token });
  }
}

const closed = () => localError('CLOSED', 'The connection was closed');

const kept = <T>(map: Map<string, T>, id: string, make: () => T): T => {
  const it = map.get(id) ?? make();
  map.set(id, it);
  return it;
};
