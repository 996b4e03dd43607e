import { build, type Histogram } from 'hdr-histogram-js';
import { withDeadline } from './bounded.ts';
import { accepted, type LoadSocket, mayBeSentAgain, received } from './load-socket.ts';
import * as roster from './roster.ts';

/** The sockets of one class; `students[n]` is the n-th student's. */
export interface ClassSockets {
  teacher: LoadSocket;
  students: LoadSocket[];
}

/** Microseconds. */
export interface Latency {
  p50: number;
  p90: number;
  p99: number;
  p99_9: number;
  max: number;
}

export interface JoinRoundResult {
  joins: number;
  /** Answers that said to try again, as a client does then; the join's latency goes on. */
  sent_again: number;
  /** From the first join's intended time to the last acknowledgement. */
  duration_ms: number;
  /** From a join's intended time to its acknowledgement at the student. */
  acknowledged: Latency;
  /** From a join's intended time to `studentJoinedAttendance` at the teacher of that class. */
  teacher_told: Latency;
  /** How much later than intended the generator itself sent. */
  generator_lag: Latency;
  /** Frames and bytes that reached all clients because of these joins. */
  frames: number;
  bytes: number;
}

/** How long after the last intended join a server may still answer. */
const ANSWER_DEADLINE_MS = 60_000;
/** The next join is this near: do not sleep until then, a timer would wake up to a millisecond late. */
const TOO_NEAR_TO_SLEEP_MS = 2;
/** Latencies beyond this are recorded as this. */
const LONGEST_LATENCY_US = 120_000_000;
/** A join is sent again after this, so often at most. */
const AGAIN_AFTER_MS = 100;
const AGAIN_AT_MOST = 20;
/** How many of the things that went wrong are spelled out. */
const FAULTS_TOLD = 5;

const ARRIVAL = '["studentJoinedAttendance",';

/**
 * One round: every student of every class joins their class's session, once. Measures, and checks that each join was
 * accepted and that each teacher, and nobody else, was told of each of their students exactly once.
 */
export class JoinRound {
  readonly #classes: ClassSockets[];
  readonly #sessionIds: string[];
  readonly #times: Float64Array;
  /** Student id → number of the join in the schedule. */
  readonly #joinOf = new Map<string, number>();
  readonly #told: Uint8Array;
  readonly #acknowledged = microseconds();
  readonly #teacherTold = microseconds();
  readonly #lag = microseconds();
  readonly #faults: string[] = [];
  readonly #before = { ...received };
  #acks = 0;
  #sentAgain = 0;
  #toldCount = 0;
  #beginAt = 0;
  #lastAckAt = 0;
  #allAnswered: () => void = () => {};
  #lost: (error: Error) => void = () => {};

  /** `sessionIds[c]` is the session that class c joins; it has been started. `times` are those of `joinTimes`. */
  constructor(classes: ClassSockets[], sessionIds: string[], times: Float64Array) {
    this.#classes = classes;
    this.#sessionIds = sessionIds;
    this.#times = times;
    this.#told = new Uint8Array(times.length);
    for (const [classIndex, { teacher, students }] of classes.entries()) {
      teacher.onEvent = (frame, start) => this.#heardByTeacher(classIndex, frame, start);
      teacher.onLost = (why) => this.#lost(new Error(`teacher ${classIndex}: ${why}`));
      for (const [student, socket] of students.entries()) {
        this.#joinOf.set(roster.studentId(classIndex, student), student * classes.length + classIndex);
        socket.onEvent = (frame, start) => this.#heardByStudent(frame, start);
        socket.onLost = (why) => this.#lost(new Error(`student ${classIndex}-${student}: ${why}`));
      }
    }
  }

  /** Sends all joins at their times and resolves at the last acknowledgement, be it an acceptance or a refusal. */
  async run(windowMs: number): Promise<void> {
    const answered = new Promise<void>((resolve, reject) => {
      this.#allAnswered = resolve;
      this.#lost = reject;
    });
    this.#beginAt = performance.now();
    this.#sendDue(0);
    await withDeadline(answered, windowMs + ANSWER_DEADLINE_MS, 'acknowledgement of every join');
  }

  /** To be called when nothing more is to be expected. Throws, saying what was wrong, unless everything was right. */
  result(): JoinRoundResult {
    const joins = this.#times.length;
    if (this.#toldCount < joins) this.#faults.push(`teachers were told of ${this.#toldCount} of ${joins} arrivals`);
    if (this.#faults.length > 0) {
      const told = this.#faults.slice(0, FAULTS_TOLD).join('; ');
      throw new Error(`the round is wrong in ${this.#faults.length} ways: ${told}`);
    }
    return {
      joins,
      sent_again: this.#sentAgain,
      duration_ms: this.#lastAckAt - this.#beginAt - (this.#times[0] ?? 0),
      acknowledged: summary(this.#acknowledged),
      teacher_told: summary(this.#teacherTold),
      generator_lag: summary(this.#lag),
      frames: received.frames - this.#before.frames,
      bytes: received.bytes - this.#before.bytes,
    };
  }

  /** Sends from join number `next` on whatever is due, and comes back for the rest. */
  #sendDue(next: number): void {
    let join = next;
    let intended = this.#times[join];
    while (intended !== undefined && intended <= performance.now() - this.#beginAt) {
      this.#send(join, intended);
      join += 1;
      intended = this.#times[join];
    }
    if (intended === undefined) return;
    const wait = intended - (performance.now() - this.#beginAt);
    if (wait > TOO_NEAR_TO_SLEEP_MS) setTimeout(() => this.#sendDue(join), wait - TOO_NEAR_TO_SLEEP_MS);
    else setImmediate(() => this.#sendDue(join));
  }

  #send(join: number, intended: number): void {
    const classIndex = join % this.#classes.length;
    const student = Math.floor(join / this.#classes.length);
    const socket = this.#classes[classIndex]?.students[student];
    const session_id = this.#sessionIds[classIndex];
    if (socket === undefined || session_id === undefined) throw new Error(`no socket or session for join ${join}`);
    this.#record(this.#lag, intended);
    this.#sendOn(socket, { join, session_id, intended, times: 1 });
  }

  #sendOn(socket: LoadSocket, it: { join: number; session_id: string; intended: number; times: number }): void {
    const { join, session_id, intended, times } = it;
    socket.emit('joinAttendanceSession', { session_id }, (body) => {
      if (mayBeSentAgain(body) && times <= AGAIN_AT_MOST) {
        this.#sentAgain += 1;
        setTimeout(() => this.#sendOn(socket, { ...it, times: times + 1 }), AGAIN_AFTER_MS);
        return;
      }
      this.#record(this.#acknowledged, intended);
      if (!accepted(body)) this.#faults.push(`join ${join} was refused: ${body}`);
      this.#acks += 1;
      if (this.#acks < this.#times.length) return;
      this.#lastAckAt = performance.now();
      this.#allAnswered();
    });
  }

  #heardByTeacher(classIndex: number, frame: Buffer, start: number): void {
    if (!startsAs(ARRIVAL, frame, start)) return;
    const text = frame.toString('utf8', start);
    const student_id = field(text, 'student_id');
    const join = this.#joinOf.get(student_id);
    const intended = join === undefined ? undefined : this.#times[join];
    if (join === undefined || intended === undefined || join % this.#classes.length !== classIndex) {
      this.#faults.push(`teacher ${classIndex} was told of a student of somebody else: ${student_id}`);
    } else if (field(text, 'session_id') !== this.#sessionIds[classIndex]) {
      this.#faults.push(`teacher ${classIndex} was told of ${student_id} in another session`);
    } else if (this.#told[join] !== 0) {
      this.#faults.push(`teacher ${classIndex} was told of ${student_id} more than once`);
    } else {
      this.#told[join] = 1;
      this.#toldCount += 1;
      this.#record(this.#teacherTold, intended);
    }
  }

  #heardByStudent(frame: Buffer, start: number): void {
    if (startsAs(ARRIVAL, frame, start)) this.#faults.push('a student was told of an arrival');
  }

  /** Records the time from `intended` (milliseconds after the round's begin) until now. */
  #record(histogram: Histogram, intended: number): void {
    const micros = Math.round((performance.now() - this.#beginAt - intended) * 1000);
    histogram.recordValue(Math.min(Math.max(micros, 0), LONGEST_LATENCY_US));
  }
}

function startsAs(wanted: string, frame: Buffer, start: number): boolean {
  return frame.toString('latin1', start, start + wanted.length) === wanted;
}

/** The value of a text field, taken from the JSON text without parsing all of it. */
function field(json: string, name: string): string {
  const key = `"${name}":"`;
  const at = json.indexOf(key);
  if (at < 0) return '';
  const from = at + key.length;
  return json.slice(from, json.indexOf('"', from));
}

function microseconds(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_LATENCY_US,
    numberOfSignificantValueDigits: 3,
  });
}

function summary(histogram: Histogram): Latency {
  return {
    p50: histogram.getValueAtPercentile(50),
    p90: histogram.getValueAtPercentile(90),
    p99: histogram.getValueAtPercentile(99),
    p99_9: histogram.getValueAtPercentile(99.9),
    max: histogram.maxValue,
  };
}
