/**
 * The Socket.IO server: who may connect, what happens when a socket comes and goes, and the watches over all of them.
 * Both namespaces get the same treatment.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Server, type ServerOptions } from 'socket.io';
import type { Attendance } from '../attendance/attendance.ts';
import type { AttendanceViews } from '../attendance/views.ts';
import type { Clock, MakeId } from '../clock.ts';
import { Refusal, refuse } from '../contract/errors.ts';
import { NAMESPACES } from '../contract/events.ts';
import { deviceCookieIn, newDeviceCookie } from '../device-cookie.ts';
import { DEVICE_ID_MAX_CHARS, type Device } from '../domain/device.ts';
import { maySocket } from '../domain/policy.ts';
import { FRAME_MAX_BYTES } from '../limits.ts';
import type { VerifyToken } from '../token.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { Dispatch, type EventReport } from './dispatch.ts';
import { EventAllowance } from './event-allowance.ts';
import { Frames } from './frames.ts';
import type { HandlerOptions } from './handlers.ts';
import type { LiveServer, LiveSocket } from './live-socket.ts';
import { Reattaching } from './reattaching.ts';
import type { Rooms } from './rooms.ts';
import { watchSendQueues } from './send-queues.ts';
import { TokenExpiry } from './token-expiry.ts';

/** HTTP's answer to a polling request beyond FRAME_MAX_BYTES. */
const PAYLOAD_TOO_LARGE = 413;

/** engine.io keeps the query that it has parsed. */
type PollingRequest = IncomingMessage & { _query?: { sid?: string } };

type AdapterConstructor = NonNullable<ServerOptions['adapter']>;

export type Transport = 'websocket' | 'polling';

export type IoOptions = {
  transports: Transport[];
  /** Whether pages of this origin may connect. Requests without an Origin (native apps) always may. */
  allowOrigin: (origin: string, request: IncomingMessage) => boolean;
  /** From then on nobody new is let in: their libraries try again, and find another node or the next process. */
  isDraining: () => boolean;
  /** How events get to and from other nodes; unset: there are none. */
  adapter?: AdapterConstructor | undefined;
};

/** The server without a listener: rooms can be made of it; `io.attach(http)` and then attachSockets let clients in. */
export const createIo = ({ transports, allowOrigin, isDraining, adapter }: IoOptions): LiveServer =>
  new Server({
    transports,
    maxHttpBufferSize: FRAME_MAX_BYTES,
    perMessageDeflate: false,
    ...(adapter === undefined ? {} : { adapter }),
    // CORS headers serve polling; browsers do not ask before a WebSocket upgrade, so the Origin is checked for both.
    cors: (request: IncomingMessage, answer: (error: null, options: object) => void) => {
      const { origin } = request.headers;
      answer(null, { origin: origin !== undefined && allowOrigin(origin, request), credentials: true });
    },
    allowRequest: (request, answer) => {
      if (isDraining()) return answer('draining', false);
      const { origin } = request.headers;
      const allowed = origin === undefined || allowOrigin(origin, request);
      return answer(allowed ? null : 'origin not allowed', allowed);
    },
  } as ConstructorParameters<typeof Server>[1]);

export type SocketReports = {
  /** One per event. */
  event: (report: EventReport) => void;
  refused: (code: string) => void;
  connected: () => void;
  disconnected: (reason: string) => void;
  /** A connection that broke the protocol, sent too much, or did not read. */
  closed: (why: 'frame' | 'slow' | 'expired') => void;
  error: (error: unknown) => void;
};

export type SocketOptions = {
  io: LiveServer;
  rooms: Rooms;
  attendance: Attendance;
  views: AttendanceViews;
  verifyToken: VerifyToken;
  clock: Clock;
  reachedAt: HandlerOptions['reachedAt'];
  makeId: MakeId;
  /** The Set-Cookie of a value, for a browser that has none yet (DEVICE_SIGNALS); unset: browsers get none. */
  deviceCookie: ((value: string) => string) | undefined;
  /** TOKEN_EXPIRY_OPEN_SOCKETS. */
  onExpiry: 'close' | 'keep';
  reports: SocketReports;
  tracing?: Tracing;
};

/**
 * Starts taking sockets. `stop` comes before a drain: it ends the watches, and from then on sockets that go are not told
 * as people who left. Closing them is the drain's business.
 */
export const attachSockets = (options: SocketOptions): { stop(): void } => {
  const { io, rooms, attendance, views, verifyToken, clock, reports, reachedAt, tracing } = options;
  const tokenExpiry = new TokenExpiry(clock, (socket) => {
    if (options.onExpiry === 'keep') return;
    reports.closed('expired');
    // The transport and not the socket: so client libraries connect again, and read their token anew.
    socket.conn.close();
  });
  const report = reports.event;
  const dispatch = new Dispatch({
    attendance,
    views,
    rooms,
    verifyToken,
    tokenExpiry,
    reachedAt,
    clock,
    report,
    tracing,
  });
  const reattaching = new Reattaching({ attendance, onError: reports.error });
  const connections = new Map<string, { connection: LiveSocket['conn']; frames: Frames }>();
  let stopped = false;
  /** Cookies that go out with the answers to these handshakes: the connection is known by its own from its beginning. */
  const given = new WeakMap<IncomingMessage, string>();

  io.engine.on('connection', (connection: LiveSocket['conn']) => {
    const { id } = connection as unknown as { id: string };
    connections.set(id, { connection, frames: new Frames(connection, () => reports.closed('frame')) });
    connection.on('close', () => connections.delete(id));
  });

  // engine.io refuses such a request and keeps its connection, unlike a WebSocket's: two rules for one mistake.
  io.engine.use((request: PollingRequest, response: ServerResponse, next: () => void) => {
    if (request.method === 'POST') response.once('finish', () => closeIfTooLarge(request, response));
    next();
  });
  const closeIfTooLarge = ({ _query: { sid = '' } = {} }: PollingRequest, { statusCode }: ServerResponse) => {
    const broken = statusCode === PAYLOAD_TOO_LARGE ? connections.get(sid) : undefined;
    broken?.frames.breaks();
    broken?.connection.close(true);
  };

  // With the answer to the handshake. Native apps do not keep it, and say device_id instead.
  io.engine.on('initial_headers', (headers: Record<string, unknown>, request: IncomingMessage) => {
    if (options.deviceCookie === undefined || deviceCookieIn(request.headers.cookie) !== null) return;
    const cookie = newDeviceCookie(options.makeId);
    given.set(request, cookie);
    headers['set-cookie'] = options.deviceCookie(cookie);
  });

  for (const name of NAMESPACES) {
    const namespace = io.of(name);
    namespace.use((socket, next) => {
      authenticate(socket, verifyToken, clock, given.get(socket.request)).then(
        () => next(),
        (error: unknown) => {
          const code = error instanceof Refusal ? error.code : 'INTERNAL';
          if (code === 'INTERNAL') reports.error(error);
          reports.refused(code);
          const message = error instanceof Refusal ? error.message : 'internal error';
          next(Object.assign(new Error(`Authentication error: ${message}`), { data: { code } }));
        },
      );
    });
    namespace.on('connection', (socket) => {
      const frames = connections.get((socket.conn as unknown as { id: string }).id)?.frames;
      rooms.enter(socket);
      reports.connected();
      tokenExpiry.watch(socket);
      socket.onAny((...args: unknown[]) => dispatch.receive(socket, frames?.next() ?? 0, args));
      // A frame that does not parse; its connection is closed. A client may name an event "error": that is none.
      socket.on('error', (error: unknown) => {
        if (error instanceof Error) frames?.breaks();
      });
      socket.on('disconnect', (reason) => {
        rooms.leave(socket);
        tokenExpiry.forget(socket);
        reports.disconnected(reason);
        // They are sent away and will be back: nobody has left (PRES-1).
        if (stopped) return;
        attendance.disconnect(socket.data.sessions.keys(), socket).catch(reports.error);
      });
      void reattaching.begin(socket);
    });
  }

  tokenExpiry.start();
  reattaching.start();
  const queues = watchSendQueues(
    () => rooms.all(),
    (connection) => {
      reports.closed('slow');
      connection.close(true);
    },
  );
  return {
    stop: () => {
      stopped = true;
      tokenExpiry.stop();
      reattaching.stop();
      queues.stop();
    },
  };
};

/** What does not name a device is left out: it keeps nobody away. */
const deviceOf = ({ handshake }: LiveSocket, given: string | undefined): Device => {
  const { device_id } = handshake.auth as { device_id?: unknown };
  const isName = typeof device_id === 'string' && device_id.length > 0 && device_id.length <= DEVICE_ID_MAX_CHARS;
  return { device_id: isName ? device_id : null, cookie: deviceCookieIn(handshake.headers.cookie) ?? given ?? null };
};

const authenticate = async (
  socket: LiveSocket,
  verifyToken: VerifyToken,
  clock: Clock,
  givenCookie: string | undefined,
): Promise<void> => {
  const actor = await verifyToken(socket.handshake.auth.token);
  if (!maySocket(actor.role)) throw refuse('FORBIDDEN', 'this role is for REST only');
  socket.data.actor = actor;
  socket.data.device = deviceOf(socket, givenCookie);
  socket.data.sessions = new Map();
  socket.data.courses = new Set();
  socket.data.allowance = new EventAllowance(actor.role, clock());
};
