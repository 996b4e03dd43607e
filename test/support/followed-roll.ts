/**
 * What a client makes of one session: from the events that it heard, as a screen would, and in the end from one
 * syncAttendance with the numbers up to which it knows that it has missed nothing.
 */
import type { SyncAnswer, TestClient } from './socket-client.ts';

type Payload = Record<string, unknown>;
type Numbers = { seq: number; room_seq: number; own_seq: number };

export class FollowedRoll {
  readonly client: TestClient;
  readonly session_id: string;
  readonly statuses = new Map<string, unknown>();
  statistics: unknown;
  epoch: unknown;
  /** Everything up to these has been heard. */
  readonly numbers: Numbers = { seq: 0, room_seq: 0, own_seq: 0 };
  /** It was told of something later than what it could have heard. */
  hasGap = false;
  private readonly own: string | null;

  /** From everything that the client has heard so far. */
  constructor(client: TestClient, session_id: string) {
    this.client = client;
    this.session_id = session_id;
    const { person } = client;
    this.own = 'student_id' in person ? String(person.student_id) : null;
    for (const { event, payload } of client.heard) {
      if ((payload.session_id ?? payload.sessionId) === session_id) this.take(event, payload);
    }
  }

  /** Asks for what it has missed, and has it. */
  async sync(): Promise<this> {
    const { seq: since_seq, room_seq: since_room_seq, own_seq: since_own_seq } = this.numbers;
    const cursor = { epoch: this.epoch, since_seq, since_room_seq, since_own_seq };
    const answer: SyncAnswer = await this.client.does('syncAttendance', { session_id: this.session_id, ...cursor });
    for (const { event, data } of answer.events ?? []) this.take(event, data);
    if (answer.snapshot !== undefined) this.begin({ ...answer.snapshot, ...answer });
    else this.stand(answer);
    return this;
  }

  /** What two clients that know the same agree on: staff know everybody's status, students their own. */
  get known() {
    const { epoch, statistics } = this;
    const { seq, room_seq } = this.numbers;
    const statuses =
      this.own === null ? Object.fromEntries(this.statuses) : { [this.own]: this.statuses.get(this.own) };
    return { epoch, seq, room_seq, statistics, statuses };
  }

  private take(event: string, payload: Payload): void {
    switch (event) {
      case 'attendanceSessionStarted':
      case 'attendanceSessionData':
        this.begin(payload);
        return;
      case 'attendanceSessionJoined':
        this.begin(payload);
        if (this.own !== null) this.statuses.set(this.own, payload.status);
        return;
      case 'attendanceStatistics':
        this.compare(payload);
        break;
      case 'attendanceBulkUpdated':
        for (const it of payload.updatedRecords as Payload[]) this.statuses.set(String(it.student_id), it.status);
        break;
      case 'studentMarked':
        this.statuses.set(String(payload.student_id), (payload.attendanceRecord as Payload).status);
        break;
      case 'studentJoinedAttendance':
      case 'attendanceUpdated':
      case 'attendanceMarked':
        this.statuses.set(String(payload.student_id), payload.status);
        break;
      default:
        return;
    }
    if (event !== 'attendanceStatistics') this.advance(payload);
    if (payload.statistics !== undefined) this.statistics = payload.statistics;
  }

  /** It knows all that this says, and nothing from before. */
  private begin(payload: Payload): void {
    if (this.epoch !== payload.epoch) Object.assign(this.numbers, { seq: 0, room_seq: 0, own_seq: 0 });
    for (const it of (payload.attendanceRecords ?? []) as Payload[])
      this.statuses.set(String(it.student_id), it.status);
    this.statistics = payload.statistics;
    this.stand(payload);
  }

  private stand(payload: Payload): void {
    this.epoch = payload.epoch;
    this.hasGap = false;
    for (const number of ['seq', 'room_seq', 'own_seq'] as const) {
      if (typeof payload[number] === 'number') this.numbers[number] = payload[number];
    }
  }

  /** Statistics tell where the roll is, and make nobody know how it came there. */
  private compare({ epoch, seq, room_seq }: Payload): void {
    const { numbers } = this;
    // A student is not told of every seq.
    const behind = this.own === null ? Number(seq) > numbers.seq : Number(room_seq) > numbers.room_seq;
    if (epoch !== this.epoch || behind) this.hasGap = true;
    else numbers.seq = Math.max(numbers.seq, Number(seq));
  }

  private advance(payload: Payload): void {
    for (const number of ['seq', 'room_seq', 'own_seq'] as const) {
      const value = payload[number];
      if (typeof value !== 'number' || value <= this.numbers[number]) continue;
      const isNext = value === this.numbers[number] + 1 || (number === 'seq' && this.own !== null);
      if (!isNext || this.hasGap) this.hasGap = true;
      else this.numbers[number] = value;
    }
  }
}
