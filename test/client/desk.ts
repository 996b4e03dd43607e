/** One who takes part in a session of a scene, over a connection that the test holds. */
import { AttendanceSession } from '../../src/client/session.ts';
import type { Delivery } from '../../src/fanout.ts';
import type { Viewer } from '../../src/live/live-store.ts';
import { join } from '../suites/roll-commands.ts';
import { FakeHost, turns } from './fake-host.ts';
import { RollScene } from './roll-scene.ts';

export const ID = 'session-1';
export const STAFF: Viewer = { staff: true };
export const STUDENT: Viewer = { staff: false, student_id: 's1' };

/** Student 1, or staff, on a session of a scene. */
export class Desk {
  readonly scene: RollScene;
  readonly host = new FakeHost();
  readonly session = new AttendanceSession(ID, this.host);
  private readonly viewer: Viewer;

  constructor(viewer: Viewer, visibility: 'room' | 'self' = 'room') {
    this.viewer = viewer;
    this.scene = new RollScene({ visibility });
  }

  get roll() {
    return this.session.roll.get();
  }

  /** What a join is answered now. */
  get joined() {
    const { roll } = this.scene;
    const { session, statistics } = this.scene.sync(STUDENT, {}).snapshot ?? {};
    const shared = { session_id: ID, session, statistics, seq: roll.seq, room_seq: roll.room_seq };
    const { status, joined_at, own_seq } = this.scene.record(1);
    const own = this.viewer.staff ? { status: null, joined_at: null, own_seq: 0 } : { status, joined_at, own_seq };
    const self = roll.header.student_visibility === 'self' ? { student_visibility: 'self' } : {};
    return { ...shared, ...own, ...self, epoch: roll.header.epoch };
  }

  hears(deliveries: Delivery[]): void {
    for (const { event, payload, receivers } of deliveries) {
      const isMine = this.viewer.staff ? receivers.to !== 'student' : receivers.to !== 'staff';
      if (isMine && (receivers.to !== 'student' || receivers.student_id === 's1')) this.session.hear(event, payload);
    }
  }

  /** Answers the syncAttendance that is open, as of now. */
  async answersSync(): Promise<object> {
    const sync = await this.host.next('syncAttendance');
    sync.answer(this.scene.sync(this.viewer, sync.payload));
    await turns();
    return sync.payload;
  }

  async enters(): Promise<this> {
    const entering = this.viewer.staff ? this.session.attend() : this.session.join();
    if (!this.viewer.staff) this.scene.does(join(1));
    (await this.host.next('joinAttendanceSession')).answer(this.joined);
    if (this.viewer.staff) await this.answersSync();
    await entering;
    return this;
  }

  async comesBack(): Promise<void> {
    this.session.reconnected();
    (await this.host.next('joinAttendanceSession')).answer(this.joined);
    await this.answersSync();
  }
}
