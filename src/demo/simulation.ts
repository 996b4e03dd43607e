/**
 * A lesson played by real Socket.IO clients: the teacher starts, students arrive, some of them late, one is excused, one
 * loses the connection and comes back. Every event that the teacher hears is one line.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import type { Clock } from '../clock.ts';
import type { Acknowledgement, ClientToServerEvents, ServerToClientEvents } from '../contract/events.ts';
import { heardLine } from './heard-line.ts';

export type Player = { student_id: string; token: string };

export type SimulationOptions = {
  /** Where the node listens. */
  url: string;
  session_id: string;
  teacher_token: string;
  students: Player[];
  /** The students arrive within this; with late_after_ms beyond it the last of them come after that, and are late. */
  over_ms: number;
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
type Step = { at_ms: number; act: () => Promise<void> };

const LATECOMERS = 3;
/** Nobody is late in a lesson whose arrivals are over before that counts. */
const LATE_BY_MS = [1_500, 4_000, 6_000];
const ANSWER_DEADLINE_MS = 10_000;
/** How long the student who loses the connection is away. */
const AWAY_MS = 3_000;

/** Resolves when the lesson is played, or at once when it is stopped. The clients stay until the signal, if not ended. */
export const simulate = async (options: SimulationOptions): Promise<void> => {
  const { url, session_id, teacher_token, end, clock, say, signal } = options;
  const clients: Client[] = [];
  const connect = (token: string): Client => {
    const client: Client = io(url, { auth: { token }, forceNew: true });
    clients.push(client);
    return client;
  };
  signal.addEventListener('abort', () => {
    for (const client of clients) client.disconnect();
  });

  const teacher = connect(teacher_token);
  teacher.onAny((event: string, payload: unknown) => say(heardLine(event, payload, clock())));
  const persisted = new Promise<void>((resolve) => teacher.once('attendancePersisted', () => resolve()));
  await answered(teacher.timeout(ANSWER_DEADLINE_MS).emitWithAck('startAttendanceSession', { session_id }));

  try {
    for (const step of inOrder(stepsOf(options, connect, teacher))) {
      await pause(step.wait_ms, undefined, { signal });
      await step.act();
    }
    if (!end) return;
    await answered(teacher.timeout(ANSWER_DEADLINE_MS).emitWithAck('endAttendanceSession', { session_id }));
    await Promise.race([persisted, pause(ANSWER_DEADLINE_MS, undefined, { signal })]);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
};

/** When each of them does what, from the start of the lesson. */
const stepsOf = (options: SimulationOptions, connect: (token: string) => Client, teacher: Client): Step[] => {
  const { session_id, students, over_ms, late_after_ms, random } = options;
  const order = shuffled(students, random);
  const excused = order.pop();
  const clients = new Map<Player, Client>();
  const steps = order.map((player, index): Step => {
    const late = late_after_ms <= over_ms ? LATE_BY_MS[order.length - 1 - index] : undefined;
    return {
      at_ms: late === undefined ? random() * over_ms * 0.9 : late_after_ms + late,
      act: async () => {
        const client = connect(player.token);
        clients.set(player, client);
        await answered(client.timeout(ANSWER_DEADLINE_MS).emitWithAck('joinAttendanceSession', { session_id }));
      },
    };
  });
  const [first] = order;
  const leave_ms = over_ms * 0.95;
  if (first !== undefined) {
    steps.push({ at_ms: leave_ms, act: async () => void clients.get(first)?.io.engine.close() });
  }
  if (excused !== undefined) {
    const mark = { session_id, student_id: excused.student_id, status: 'excused' as const, remarks: 'Called in sick' };
    const act = async () =>
      answered(teacher.timeout(ANSWER_DEADLINE_MS).emitWithAck('markStudentAttendance', mark)).then(() => {});
    steps.push({ at_ms: over_ms * 0.6, act });
  }
  return steps;
};
