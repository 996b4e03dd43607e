/**
 * A lesson played by real Socket.IO clients: the teacher starts, students arrive, some of them late, one is excused, one
 * loses the connection and comes back. Every event that the teacher hears is one line.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import type { Clock } from '../clock.ts';
import type {
  Acknowledgement,
  ClientEventName,
  ClientPayload,
  ClientToServerEvents,
  ServerToClientEvents,
} from '../contract/events.ts';
import { heardLine } from './heard-line.ts';

export type Player = { student_id: string; token: string };

export type SimulationOptions = {
  /** Where the node listens. */
  url: string;
  session_id: string;
  teacher_token: string;
  students: Player[];
  /** The students arrive within this, save for the last three, who wait until they are late, if that is not later. */
  over_ms: number;
  /** When a join begins to count as late, from the start. */
  late_after_ms: number;
  /** Ends the session when everybody is there, and waits until the archive has it. */
  end: boolean;
  clock: Clock;
  /** Between 0 and 1. */
  random: () => number;
  say: (line: string) => void;
  /** Stops it at any point; its clients are gone when simulate() returns. */
  signal: AbortSignal;
};

type Client = Socket<ServerToClientEvents, ClientToServerEvents>;
/** at_ms: from the start of the lesson. */
type Step = { at_ms: number; act: () => Promise<unknown> };

/** After check-ins began to count as late, the last students come: the last of them first in this list. */
const LATE_BY_MS = [6_000, 4_000, 1_500];
const ANSWER_DEADLINE_MS = 10_000;

/** Resolves when the lesson is played, or at once when it is stopped; without `end` its clients stay until then. */
export const simulate = async (options: SimulationOptions): Promise<void> => {
  const { url, session_id, teacher_token, end, clock, say, signal } = options;
  const connect = (token: string): Client => {
    signal.throwIfAborted();
    // Cookies as in a browser, for a load balancer that keeps a client's polling requests together.
    const client: Client = io(url, { auth: { token }, forceNew: true, withCredentials: true });
    signal.addEventListener('abort', () => client.disconnect());
    return client;
  };
  const teacher = connect(teacher_token);
  teacher.onAny((event: string, payload: unknown) => say(heardLine(event, payload, clock())));
  const persisted = new Promise<void>((resolve) => teacher.once('attendancePersisted', () => resolve()));
  try {
    await send(teacher, 'startAttendanceSession', { session_id });
    await play(stepsOf(options, connect, teacher), signal);
    if (!end) return;
    await send(teacher, 'endAttendanceSession', { session_id });
    await Promise.race([persisted, pause(ANSWER_DEADLINE_MS, undefined, { signal })]);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
};

const play = async (steps: Step[], signal: AbortSignal): Promise<void> => {
  const started = performance.now();
  for (const { at_ms, act } of steps.sort((a, b) => a.at_ms - b.at_ms)) {
    await pause(Math.max(0, started + at_ms - performance.now()), undefined, { signal });
    await act();
  }
};

const stepsOf = (options: SimulationOptions, connect: (token: string) => Client, teacher: Client): Step[] => {
  const { session_id, students, over_ms, late_after_ms, random } = options;
  const order = shuffled(students, random);
  const excused = order.pop();
  const clients: Client[] = [];
  const steps = order.map(({ token }, index): Step => {
    const late_by_ms = late_after_ms <= over_ms ? LATE_BY_MS[order.length - 1 - index] : undefined;
    const act = async () => {
      const client = connect(token);
      clients.push(client);
      await send(client, 'joinAttendanceSession', { session_id });
    };
    return { at_ms: late_by_ms === undefined ? random() * over_ms * 0.9 : late_after_ms + late_by_ms, act };
  });
  steps.push({ at_ms: over_ms * 0.95, act: () => loseConnection(clients[0], options.signal) });
  if (excused !== undefined) {
    const mark = { session_id, student_id: excused.student_id, status: 'excused' as const, remarks: 'Called in sick' };
    steps.push({ at_ms: over_ms * 0.6, act: () => send(teacher, 'markStudentAttendance', mark) });
  }
  return steps;
};

/** Its library connects again by itself, and the service puts it back: the student does nothing. */
const loseConnection = (client: Client | undefined, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (client === undefined) return resolve();
    client.once('connect', resolve);
    signal.addEventListener('abort', () => resolve());
    client.io.engine.close();
  });

const shuffled = <T>(items: readonly T[], random: () => number): T[] =>
  items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);

/** Throws an Error of one line when it is refused, or not answered in time. */
const send = async <E extends ClientEventName>(client: Client, event: E, payload: ClientPayload<E>): Promise<void> => {
  const answer: Acknowledgement = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${event} was not answered`)), ANSWER_DEADLINE_MS);
    const failed = (error: Error) => {
      // It tries again by itself, and may find a node that lets it in.
      if (!client.active) reject(error);
    };
    client.on('connect_error', failed);
    const ack = (it: Acknowledgement) => {
      clearTimeout(timer);
      client.off('connect_error', failed);
      resolve(it);
    };
    // The compiler cannot follow a generic event name through Socket.IO's overloads.
    (client.emit as (event: string, payload: object, ack: (it: Acknowledgement) => void) => void)(event, payload, ack);
  });
  if (!answer.ok) throw new Error(`${event} was refused: ${answer.code} ${answer.message}`);
};
