/**
 * Marks on their way: what was asked for is shown at once, as not yet saved, until the roll itself shows it. Marks of one
 * student go one after the other, so the last one asked for is the one that stands, whatever the connection does.
 */
import {
  type AttendanceSession,
  type AttendanceStatus,
  type FullRecord,
  type MarkUpdate,
  newRequestId,
  type Rollcast,
} from '../../client/index.ts';
import { type Observable, Value } from '../../client/observable.ts';

type Before = { update: MarkUpdate; made: FullRecord };
export type Done = { count: number; status: AttendanceStatus | null; undo: Before[] };

export type MarkingState = {
  /** Student id → what it will be. */
  pending: ReadonlyMap<string, AttendanceStatus>;
  failed: { error: unknown; again: () => void } | null;
  /** The last bulk. */
  done: Done | null;
};

type Order = { updates: MarkUpdate[]; only_unmarked: boolean; request_id: string; isUndo: boolean; isBulk: boolean };

/** An answer whose events do not come: the roll is trusted, whatever it says. */
const SHOWN_WITHIN_MS = 5_000;

export class Marking {
  private readonly client: Rollcast;
  private readonly session: AttendanceSession;
  private readonly value = new Value<MarkingState>({ pending: new Map(), failed: null, done: null });
  private readonly lanes = new Map<string, Promise<unknown>>();
  private readonly owners = new Map<string, string>();

  constructor(client: Rollcast, session: AttendanceSession) {
    this.client = client;
    this.session = session;
  }

  get state(): Observable<MarkingState> {
    return this.value;
  }

  one(update: MarkUpdate): Promise<void> {
    return this.send({ ...orderOf([update]), isBulk: false });
  }

  many(ids: readonly string[], status: AttendanceStatus): Promise<void> {
    return this.send(orderOf(ids.map((student_id) => ({ student_id, status }))));
  }

  /** Whoever checks in or is marked meanwhile is left alone. */
  unmarkedAbsent(): Promise<void> {
    const updates = [...this.session.roll.get().records.values()]
      .filter((it) => it.marked_by == null)
      .map(({ student_id }) => ({ student_id, status: 'absent' as const }));
    return updates.length === 0 ? Promise.resolve() : this.send({ ...orderOf(updates), only_unmarked: true });
  }

  /** Records that somebody has changed since are left as they are. */
  async undo(): Promise<void> {
    const { done } = this.value.get();
    if (done === null) return;
    const { records } = this.session.roll.get();
    const updates = done.undo
      .filter(({ made }) => records.get(made.student_id)?.marked_at === made.marked_at)
      .map(({ update }) => update);
    this.value.update({ done: null });
    if (updates.length > 0) await this.send({ ...orderOf(updates), isUndo: true });
    else this.value.update({ done: { count: 0, status: null, undo: [] } });
  }

  dismiss(): void {
    this.value.update({ failed: null, done: null });
  }

  private async send(order: Order): Promise<void> {
    const ids = order.updates.map(({ student_id }) => student_id);
    this.setPending(order);
    this.value.update({ failed: null, ...(order.isBulk ? { done: null } : {}) });
    const before = new Set(ids.map((id) => this.lanes.get(id)));
    const sent = Promise.allSettled(before).then(() => this.request(order));
    for (const id of ids) this.lanes.set(id, sent);
    try {
      await sent;
    } catch (error) {
      this.value.update({ failed: { error, again: () => void this.send(order).catch(() => {}) } });
      throw error;
    } finally {
      for (const id of ids) if (this.lanes.get(id) === sent) this.lanes.delete(id);
      this.clearPending(order);
    }
  }

  private async request(order: Order): Promise<void> {
    const { updates, only_unmarked, request_id, isUndo, isBulk } = order;
    const { records } = this.session.roll.get();
    const before = new Map(updates.map(({ student_id }) => [student_id, records.get(student_id)]));
    const { session_id } = this.session;
    const [first] = updates;
    if (first === undefined) return;
    const made = isBulk
      ? (
          await this.client.request(
            'bulkUpdateAttendance',
            { session_id, attendanceUpdates: updates, ...(only_unmarked ? { only_unmarked } : {}) },
            { request_id },
          )
        ).updatedRecords
      : [
          (await this.client.request('markStudentAttendance', { session_id, ...first }, { request_id }))
            .attendanceRecord,
        ];
    await this.isShown(made);
    if (!isBulk) return;
    const undo = made.flatMap((it) => {
      const was = before.get(it.student_id);
      if (was === undefined) return [];
      const { student_id, status, remarks = null } = was;
      return [{ made: it, update: { student_id, status, ...(remarks === it.remarks ? {} : { remarks }) } }];
    });
    const status = isUndo ? null : first.status;
    this.value.update({ done: { count: made.length, status, undo: isUndo ? [] : undo } });
  }

  /** The roll has what was answered, or something newer. */
  private isShown(made: readonly FullRecord[]): Promise<void> {
    const { roll } = this.session;
    // From the end: events come in the order of the answer, so the last one tells, and looking costs little.
    let left = made.length - 1;
    const look = (): boolean => {
      const { records, phase } = roll.get();
      if (phase !== 'in') return true;
      for (; left >= 0; left -= 1) {
        const it = made[left];
        if (it !== undefined && (records.get(it.student_id)?.marked_at ?? '') < (it.marked_at ?? '')) return false;
      }
      return true;
    };
    if (look()) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(late);
        stop();
        resolve();
      };
      const late = setTimeout(end, SHOWN_WITHIN_MS);
      const stop = roll.subscribe(() => look() && end());
    });
  }

  private setPending({ updates, request_id }: Order): void {
    const pending = new Map(this.value.get().pending);
    for (const { student_id, status } of updates) {
      pending.set(student_id, status);
      this.owners.set(student_id, request_id);
    }
    this.value.update({ pending });
  }

  private clearPending({ updates, request_id }: Order): void {
    const pending = new Map(this.value.get().pending);
    for (const { student_id } of updates) {
      // Another mark of the same student, asked for later, is still on its way.
      if (this.owners.get(student_id) !== request_id) continue;
      this.owners.delete(student_id);
      pending.delete(student_id);
    }
    this.value.update({ pending });
  }
}

const orderOf = (updates: MarkUpdate[]): Order => ({
  updates,
  only_unmarked: false,
  request_id: newRequestId(),
  isUndo: false,
  isBulk: true,
});
