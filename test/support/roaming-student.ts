/**
 * A student's client for crowds of thousands: the plain socket.io-client, that keeps the numbers of one session as an app
 * would, and little else. It goes to another node each time its connection is lost, as behind a load balancer.
 */
import { io, type Socket } from 'socket.io-client';
import { expect } from 'vitest';
import type { AttendanceStatus, ReducedRecord, Statistics } from '../../src/contract/nouns.ts';
import type { Student } from './people.ts';
import { untilAccepted } from './until-accepted.ts';

export type RoamingStudentOptions = {
  student: Student;
  token: string;
  session_id: string;
  namespace: string;
  /** Of all nodes. */
  urls: readonly string[];
  /** Where it goes first. */
  node: number;
  /** Where it goes next; the node may be dead, then it is asked again. */
  nextNode: () => number;
};

type Known = { room_seq: number; own_seq: number; epoch: string; status: AttendanceStatus };
type Event = { event: string; data: Record<string, unknown> };
type SyncAnswer = {
  events?: Event[];
  snapshot?: { attendanceRecords: ReducedRecord[]; statistics: Statistics };
  seq: number;
  room_seq: number;
  own_seq: number;
  epoch: string;
};

export class RoamingStudent {
  readonly student: Student;
  readonly socket: Socket;
  node: number;
  disconnects = 0;
  /** Events that it sent. */
  sent = 0;
  /** Everything up to these numbers it knows; null until it has joined. */
  knows: Known | null = null;
  joined_at: string | null = null;
  /** Numbers of the changes that it heard as a member of the room, in order. */
  readonly heard: number[] = [];
  private readonly session_id: string;

  constructor({ student, token, session_id, namespace, urls, node, nextNode }: RoamingStudentOptions) {
    this.student = student;
    this.session_id = session_id;
    this.node = node;
    this.socket = io(`${urls[node]}${namespace === '/' ? '' : namespace}`, {
      auth: { token },
      transports: ['websocket'],
      forceNew: true,
      reconnectionDelay: 100,
      reconnectionDelayMax: 1_000,
    });
    const manager = this.socket.io as unknown as { uri: string };
    this.socket.io.on('reconnect_attempt', () => {
      this.node = nextNode();
      manager.uri = urls[this.node] ?? '';
    });
    this.socket.on('disconnect', () => {
      this.disconnects += 1;
    });
    this.socket.onAny((event: string, data: Record<string, unknown>) => this.take({ event, data }));
  }

  async connected(): Promise<this> {
    if (this.socket.connected) return this;
    await new Promise<void>((resolve, reject) => {
      this.socket.once('connect', resolve);
      this.socket.once('connect_error', reject);
    });
    return this;
  }

  /** Insists until it is accepted. */
  async join(): Promise<void> {
    const request = { session_id: this.session_id, request_id: 'join' };
    const { tries } = await untilAccepted(this.socket, 'joinAttendanceSession', request, (answer) => {
      const { joined_at, room_seq, own_seq, epoch, status } = answer as Known & { joined_at: string };
      this.joined_at = joined_at;
      this.knows = { room_seq, own_seq, epoch, status };
    });
    this.sent += tries;
  }

  /** Asks for what it has missed since what it knows, or for everything. */
  async sync(from: 'what it knows' | 'nothing'): Promise<SyncAnswer> {
    const { room_seq, own_seq, epoch } = this.knows ?? expect.unreachable('it has joined');
    const numbers = from === 'nothing' ? {} : { epoch, since_room_seq: room_seq, since_own_seq: own_seq };
    const request = { session_id: this.session_id, ...numbers };
    const { answer, tries } = await untilAccepted(this.socket, 'syncAttendance', request, ({ events }) => {
      for (const it of (events as Event[] | undefined) ?? []) this.apply(it);
    });
    this.sent += tries;
    return answer as SyncAnswer;
  }

  close(): void {
    this.socket.disconnect();
  }

  private take(it: Event): void {
    const { room_seq } = it.data;
    if (isOfTheRoom(it)) this.heard.push(room_seq as number);
    this.apply(it);
  }

  /** What comes after a gap it does not know: its numbers stay, and it would sync. */
  private apply(it: Event): void {
    const { knows } = this;
    if (knows === null) return;
    const { room_seq, own_seq, status, student_id } = it.data;
    if (isOfTheRoom(it) && room_seq === knows.room_seq + 1) knows.room_seq = room_seq;
    if (it.event === 'attendanceMarked' && own_seq === knows.own_seq + 1 && student_id === this.student.student_id) {
      knows.own_seq = own_seq;
      knows.status = status as AttendanceStatus;
    }
  }
}

const isOfTheRoom = ({ event }: Event): boolean => event === 'attendanceUpdated' || event === 'attendanceBulkUpdated';
