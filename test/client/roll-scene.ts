/**
 * A roll as the service has it, and people who follow it through the client library's reading of events: every event and
 * every answer here is made by the service's own code.
 */
import type { SyncAnswer } from '../../src/client/answers.ts';
import { cursorOf, takeMissed } from '../../src/client/missed.ts';
import { afterBreak, type Follower, type Known, NO_ROLL, NOBODY, take } from '../../src/client/roll.ts';
import type { ServerEventName } from '../../src/contract/events.ts';
import type { Command } from '../../src/domain/commands.ts';
import { Presence } from '../../src/domain/presence.ts';
import { reducedRecord } from '../../src/domain/record.ts';
import { fullRecords, openRoll, type Roll, type StudentVisibility, sessionOf } from '../../src/domain/roll.ts';
import { statisticsOf } from '../../src/domain/statistics.ts';
import { type Delivery, newsOfChange, newsOfLeaving, newsOfReturn, statisticsNews } from '../../src/fanout.ts';
import type { Cursor, Viewer } from '../../src/live/live-store.ts';
import { missedBy } from '../../src/live/missed.ts';
import { make, openingOf } from '../suites/roll-commands.ts';
import { T0 } from '../support/fixed-clock.ts';

const STAFF: Viewer = { staff: true };

export class RollScene {
  readonly roll: Roll;
  readonly presence = new Presence();
  private now = T0;

  constructor({ students = 3, visibility = 'room' as StudentVisibility, epoch = 'epoch-1' } = {}) {
    const { header, ...rest } = openingOf(students);
    this.roll = openRoll({ ...rest, header: { ...header, student_visibility: visibility, epoch } });
  }

  /** Makes a command of it; answers what everybody is told. A join puts the student online, too. */
  does(command: Command): Delivery[] {
    this.now += 1_000;
    const { change, records } = make(this.roll, command, this.now);
    if (command.kind === 'join') {
      const student_id = records[0]?.student_id ?? '';
      this.presence.attach({ id: command.user_id, user_id: command.user_id, student_id });
    }
    return change === null ? [] : newsOfChange(this.roll, change, this.presence);
  }

  /** Student n is gone; or back again. */
  leaves(n: number): Delivery[] {
    this.presence.detach(`u${n}`);
    return newsOfLeaving(this.roll, this.record(n), this.presence, new Date(this.now).toISOString());
  }

  returns(n: number): Delivery[] {
    this.presence.attach({ id: `u${n}`, user_id: `u${n}`, student_id: `s${n}` });
    return newsOfReturn(this.roll, this.record(n), this.presence, this.roll.seq);
  }

  heartbeat(): Delivery[] {
    return [statisticsNews(this.roll, this.presence, 'room')];
  }

  staff(): Person {
    return new Person(this, STAFF);
  }

  student(n: number): Person {
    return new Person(this, { staff: false, student_id: `s${n}` });
  }

  record(n: number) {
    const record = this.roll.records.get(`s${n}`);
    if (record === undefined) throw new Error(`no student ${n}`);
    return record;
  }

  /** syncAttendance. */
  sync(viewer: Viewer, cursor: Cursor): SyncAnswer {
    const { roll, presence } = this;
    const own_seq = viewer.staff ? undefined : roll.records.get(viewer.student_id)?.own_seq;
    const numbers = { seq: roll.seq, room_seq: roll.room_seq, epoch: roll.header.epoch };
    const answer = { ...numbers, ...(own_seq === undefined ? {} : { own_seq }) };
    const missed = missedBy(roll, presence, viewer, cursor, roll.log);
    if (missed !== null) return { events: missed.map(({ event, payload }) => ({ event, data: payload })), ...answer };
    const shared = { session: sessionOf(roll), statistics: statisticsOf(roll.counts) };
    if (!viewer.staff) {
      const own = roll.records.get(viewer.student_id);
      return { snapshot: { ...shared, attendanceRecords: own ? [reducedRecord(own)] : [] }, ...answer };
    }
    const online_students = presence.onlineStudents().map((id) => {
      const { student_id, student_name, roll: number, profile_picture, joined_at } = this.record(Number(id.slice(1)));
      return { student_id, student_name, roll: number, profile_picture, joined_at: joined_at ?? '' };
    });
    return { snapshot: { ...shared, attendanceRecords: fullRecords(roll), online_students }, ...answer };
  }
}

export class Person {
  known: Known = { roll: NO_ROLL, me: NOBODY, whole: 0 };
  readonly follower: Follower;
  private readonly scene: RollScene;
  private readonly viewer: Viewer;

  /** Staff come with the whole roll; students with their record and the numbers, as a join is answered. */
  constructor(scene: RollScene, viewer: Viewer) {
    this.scene = scene;
    this.viewer = viewer;
    const { roll } = scene;
    const isSelf = roll.header.student_visibility === 'self';
    this.follower = viewer.staff
      ? { isStaff: true }
      : { isStaff: false, ...(isSelf ? { student_visibility: 'self' } : {}) };
    if (viewer.staff) this.fetchAll();
    else {
      const { seq, room_seq, header } = roll;
      const { student_id, status, joined_at, own_seq } = scene.record(Number(viewer.student_id.slice(1)));
      this.known = {
        roll: { ...NO_ROLL, phase: 'in', session: sessionOf(roll), seq, room_seq, epoch: header.epoch },
        me: { ...NOBODY, student_id, status, joined_at, own_seq },
        whole: room_seq,
      };
    }
  }

  /** Hears what of it is for them. True: something was missed. */
  hears(deliveries: Delivery[]): boolean {
    return this.heardBy(deliveries)
      .map(({ event, payload }) => this.take(event, payload))
      .includes(true);
  }

  take(event: ServerEventName, payload: unknown): boolean {
    const { known, missed } = take(this.known, event, payload, this.follower);
    this.known = known;
    return missed;
  }

  /** On a new connection. */
  comesBack(): void {
    this.known = afterBreak(this.known);
  }

  fetchMissed(): void {
    this.known = takeMissed(
      this.known,
      this.scene.sync(this.viewer, cursorOf(this.known, this.follower)),
      this.follower,
    );
  }

  fetchAll(): void {
    this.known = takeMissed(this.known, this.scene.sync(this.viewer, {}), this.follower);
  }

  heardBy(deliveries: Delivery[]): Delivery[] {
    const { viewer } = this;
    return deliveries.filter(({ receivers }) => {
      if (receivers.to === 'room') return true;
      if (viewer.staff) return receivers.to === 'staff';
      return receivers.to === 'student' && receivers.student_id === viewer.student_id;
    });
  }
}
