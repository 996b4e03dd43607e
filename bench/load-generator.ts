import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { eachAtMost, withDeadline } from './bounded.ts';
import { processCpuMicros } from './cpu-time.ts';
import { answerCalls, endWithParent } from './ipc.ts';
import { type ClassSockets, JoinRound, type JoinRoundResult } from './join-round.ts';
import { joinTimes, type Load, randomNumbers } from './load-schedule.ts';
import { accepted, type LoadSocket, mayBeSentAgain, openSocket } from './load-socket.ts';
import * as roster from './roster.ts';

/**
 * The load generator, a process of its own for each server: holds one socket for every student and every teacher,
 * and does what its parent asks (see load-client.ts).
 */

/** Sockets being opened at the same time: a storm of connections is not what this benchmark measures. */
const OPENING_AT_ONCE = 100;
const OPEN_DEADLINE_MS = 30_000;
/** For a start or an end, and for the archive to have a session after its end. */
const SESSION_DEADLINE_MS = 60_000;
/** Of a start or an end that is refused for the moment. */
const REQUEST_TRIES = 20;
const REQUEST_AGAIN_MS = 500;

export interface OpenRequest extends roster.Size {
  /** Of all nodes; every client takes one at random. */
  urls: string[];
  namespace: string;
  secret: string;
}

export interface JoinRequest extends Load {
  session_ids: string[];
}

export interface EndRequest {
  session_ids: string[];
  /** An event that every teacher must have heard before the end counts as done, if the server sends one. */
  until_event: string | null;
}

const classes: ClassSockets[] = [];
let round: JoinRound | undefined;

/** Always the same choices, so that two runs differ in nothing but what they measure. */
const PLACING_SEED = 1;

async function open({ urls, namespace, secret, classes: count, students }: OpenRequest): Promise<void> {
  const sign = roster.tokenSigner(secret);
  const random = randomNumbers(PLACING_SEED);
  const connect = async (person: roster.Person) => {
    const url = urls[Math.floor(random() * urls.length)] ?? '';
    const token = await sign(person);
    return await withDeadline(openSocket({ url, namespace, token }), OPEN_DEADLINE_MS, 'opening a socket');
  };
  const teachers: LoadSocket[] = [];
  await eachAtMost(OPENING_AT_ONCE, count, async (index) => {
    const id = roster.teacherId(index);
    teachers[index] = await connect({ id, name: roster.teacherName(index), role: 'teacher' });
  });
  for (const teacher of teachers) classes.push({ teacher, students: [] });
  await eachAtMost(OPENING_AT_ONCE, count * students, async (index) => {
    const classIndex = index % count;
    const student = Math.floor(index / count);
    const id = roster.studentId(classIndex, student);
    const socket = await connect({ id, name: roster.studentName(classIndex, student), role: 'student' });
    const sockets = classes[classIndex];
    if (sockets !== undefined) sockets.students[student] = socket;
  });
}

async function startSessions(sessionIds: string[]): Promise<void> {
  await eachTeacher(sessionIds, async (teacher, session_id) => {
    await request(teacher, 'startAttendanceSession', { session_id });
  });
}

async function runJoins({ session_ids, ...load }: JoinRequest): Promise<void> {
  const students = classes[0]?.students.length ?? 0;
  round = new JoinRound(classes, session_ids, joinTimes({ classes: classes.length, students }, load));
  await round.run(load.window_ms);
}

async function joinResult(aftermathMs: number): Promise<JoinRoundResult> {
  if (round === undefined) throw new Error('there has been no round');
  await new Promise((resolve) => setTimeout(resolve, aftermathMs));
  return round.result();
}

async function endSessions({ session_ids, until_event }: EndRequest): Promise<void> {
  await eachTeacher(session_ids, async (teacher, session_id) => {
    const told = until_event === null ? undefined : heard(teacher, until_event);
    await request(teacher, 'endAttendanceSession', { session_id });
    await told;
  });
}

function close(): void {
  for (const { teacher, students } of classes) {
    teacher.close();
    for (const student of students) student.close();
  }
  classes.length = 0;
}

async function eachTeacher(
  sessionIds: string[],
  work: (teacher: LoadSocket, session_id: string) => Promise<void>,
): Promise<void> {
  await eachAtMost(OPENING_AT_ONCE, sessionIds.length, async (index) => {
    const teacher = classes[index]?.teacher;
    const session_id = sessionIds[index];
    if (teacher === undefined || session_id === undefined) throw new Error(`no teacher ${index}`);
    await work(teacher, session_id);
  });
}

/** Emits and waits for the acceptance. */
/** Between the rounds: what an overloaded machine refuses for the moment is asked again. */
async function request(socket: LoadSocket, event: string, payload: object): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const acknowledgement = new Promise<string>((resolve, reject) => {
      socket.onLost = (why) => reject(new Error(why));
      socket.emit(event, payload, resolve);
    });
    const body = await withDeadline(acknowledgement, SESSION_DEADLINE_MS, event);
    if (accepted(body)) return;
    if (!mayBeSentAgain(body) || tries === REQUEST_TRIES) throw new Error(`${event} was refused: ${body}`);
    await pause(REQUEST_AGAIN_MS);
  }
}

function heard(socket: LoadSocket, event: string): Promise<void> {
  const arrived = new Promise<void>((resolve) => {
    socket.onEvent = (frame, start) => {
      if (frame.toString('latin1', start).startsWith(`["${event}"`)) resolve();
    };
  });
  return withDeadline(arrived, SESSION_DEADLINE_MS, event);
}

answerCalls({ open, startSessions, runJoins, joinResult, endSessions, close, processCpuMicros });
endWithParent(() => process.exit(1));
