/**
 * Clients that were written long before this service, as their authors published them: none of them sends an
 * acknowledgement callback, none sends anything after a reconnect, and none can be changed any more.
 */
import type { io, Socket } from 'socket.io-client';

type Io = typeof io;
type Logged = { level: 'log' | 'error'; args: unknown[] };

const REACT_HOOK = `
const useAttendanceSession = (authToken) => {
  const [socket, setSocket] = useState(null);
  const [isInSession, setIsInSession] = useState(false);
  const [currentSessionId, setCurrentSessionId] = useState(null);
  
  useEffect(() => {
    const newSocket = io('http://localhost:4002', {
      auth: { token: authToken }
    });
    
    // Setup event listeners
    newSocket.on('attendanceSessionJoined', (data) => {
      setIsInSession(true);
      setCurrentSessionId(data.session_id);
      console.log('✅ Joined session:', data.session_id);
    });
    
    newSocket.on('attendanceError', (error) => {
      console.error('❌ Attendance error:', error.message);
      alert(\`Error: \${error.message}\`);
    });
    
    newSocket.on('attendanceUpdated', (data) => {
      console.log('📊 Attendance updated:', data);
    });
    
    setSocket(newSocket);
    
    return () => newSocket.close();
  }, [authToken]);
  
  const joinSession = (sessionId) => {
    if (socket) {
      socket.emit('joinAttendanceSession', { session_id: sessionId });
    }
  };
  
  return { socket, isInSession, currentSessionId, joinSession };
};
`;

const STEPS = `
// Connect to the chat server
const socket = io('http://localhost:4002', {
  auth: {
    token: 'your_jwt_token_here'
  }
});

// Emit joinAttendanceSession event
socket.emit('joinAttendanceSession', {
  session_id: 'your_session_id_here'
});

// Success response
socket.on('attendanceSessionJoined', (data) => {
  console.log('✅ Successfully joined session:', data.session_id);
  console.log('Message:', data.message);
  // Update UI to show student is now in the session
});

// Error response
socket.on('attendanceError', (error) => {
  console.error('❌ Failed to join session:', error.message);
  // Show error message to user
});
`;

/** A console that remembers. */
const recordingConsole = (logged: Logged[]) => ({
  log: (...args: unknown[]) => logged.push({ level: 'log', args }),
  error: (...args: unknown[]) => logged.push({ level: 'error', args }),
});

/** Their address of the service stands for wherever the test's one is. */
const ioTo =
  (io: Io, url: string): ((address: string, options: object) => Socket) =>
  (address, options) =>
    io(address.replace('http://localhost:4002', url), { ...options, forceNew: true });

/** The steps of a tutorial, one after the other. */
export const runSteps = (
  io: Io,
  url: string,
  token: string,
  session_id: string,
): { socket: Socket; logged: Logged[] } => {
  const logged: Logged[] = [];
  const text = STEPS.replace('your_jwt_token_here', token).replace('your_session_id_here', session_id);
  const socket = new Function('io', 'console', `${text}\nreturn socket;`)(
    ioTo(io, url),
    recordingConsole(logged),
  ) as Socket;
  return { socket, logged };
};

type HookResult = {
  socket: Socket | null;
  isInSession: boolean;
  currentSessionId: string | null;
  joinSession: (sessionId: string) => void;
};
type Effect = { dependencies: unknown[]; cleanUp: () => void };

/** The React hook, mounted: as much of React as it needs, a render after every change of state. */
export class MountedHook {
  readonly alerts: string[] = [];
  readonly logged: Logged[] = [];
  current!: HookResult;
  private readonly states: unknown[] = [];
  private readonly effects: Effect[] = [];
  private readonly hook: (token: string) => HookResult;
  private readonly token: string;
  private place = { state: 0, effect: 0 };

  constructor(io: Io, url: string, token: string) {
    this.token = token;
    this.hook = new Function(
      'io',
      'useState',
      'useEffect',
      'alert',
      'console',
      `${REACT_HOOK}\nreturn useAttendanceSession;`,
    )(
      ioTo(io, url),
      (initial: unknown) => this.useState(initial),
      (run: () => () => void, dependencies: unknown[]) => this.useEffect(run, dependencies),
      (text: string) => this.alerts.push(text),
      recordingConsole(this.logged),
    );
    this.render();
  }

  unmount(): void {
    for (const { cleanUp } of this.effects) cleanUp();
  }

  private render(): void {
    this.place = { state: 0, effect: 0 };
    this.pending = [];
    this.current = this.hook(this.token);
    for (const run of this.pending) run();
  }

  private pending: (() => void)[] = [];

  private useState(initial: unknown): [unknown, (value: unknown) => void] {
    const at = this.place.state++;
    if (at === this.states.length) this.states.push(initial);
    const set = (value: unknown) => {
      if (this.states[at] === value) return;
      this.states[at] = value;
      this.render();
    };
    return [this.states[at], set];
  }

  private useEffect(run: () => () => void, dependencies: unknown[]): void {
    const at = this.place.effect++;
    const before = this.effects[at];
    if (before?.dependencies.every((it, i) => it === dependencies[i])) return;
    before?.cleanUp();
    const effect: Effect = { dependencies, cleanUp: () => {} };
    this.effects[at] = effect;
    this.pending.push(() => {
      effect.cleanUp = run();
    });
  }
}

/** The phone app: websocket alone, ids in camelCase, and numbers that must be numbers. */
export class PhoneApp {
  readonly socket: Socket;
  readonly errors: string[] = [];
  /** Student, status and rate of every update, as its screen reads them. */
  readonly updates: [string, string, number][] = [];
  readonly arrivals: string[] = [];
  currentSessionId: string | null = null;

  constructor(io: Io, url: string, token: string, namespace = '') {
    this.socket = io(`${url}${namespace}`, { auth: { token }, transports: ['websocket'], forceNew: true });
    this.socket.on('attendanceSessionJoined', (data) => {
      this.currentSessionId = data.session_id;
    });
    this.socket.on('attendanceError', (error) => this.errors.push(error.message));
    this.socket.on('attendanceUpdated', (data) => {
      const rate = data.statistics.attendanceRate;
      if (typeof rate !== 'number') throw new TypeError('attendanceRate is not a number');
      this.updates.push([data.studentId, data.status, rate]);
    });
    this.socket.on('studentJoinedAttendance', (data) => this.arrivals.push(data.student_id));
  }

  startAttendanceSession(sessionId: string): void {
    this.socket.emit('startAttendanceSession', { sessionId });
  }

  joinAttendanceSession(sessionId: string): void {
    if (this.socket.connected) this.socket.emit('joinAttendanceSession', { sessionId });
  }

  markStudentAttendance(sessionId: string, studentId: string, status: string): void {
    this.socket.emit('markStudentAttendance', { sessionId, studentId, status });
  }

  leaveSession(): void {
    if (this.currentSessionId === null) return;
    this.socket.emit('leaveAttendanceSession', { sessionId: this.currentSessionId });
    this.currentSessionId = null;
  }
}
