/** What may be asked of a roll, and what it answers. */
import type { AttendanceStatus } from '../contract/nouns.ts';
import type { CodeProof } from './checkin-code.ts';
import type { Admission, RollRecord, RosterEntry } from './record.ts';
import type { Accepted, Change, RollState } from './roll.ts';
import type { Counts } from './statistics.ts';

export type RequestKey = {
  /** user, event and request_id joined. */
  key: string;
  /** Of the payload; the same key with another hash is a CONFLICT. */
  hash: string;
};

type Sent = { header_version: number; request?: RequestKey | undefined };
export type Update = { student_id: string; status: AttendanceStatus; remarks?: string | null | undefined };

export type Command =
  | (Sent & {
      kind: 'join';
      user_id: string;
      profile_picture: string | null;
      admit?: Admission | undefined;
      /** Of a roll that takes a code: what was sent for it, if anything. */
      proof?: CodeProof | undefined;
      /** With DEVICE_SIGNALS: the device under the roll's secret, by each of its names. */
      devices?: string[] | undefined;
    })
  | (Sent & { kind: 'attend'; user_id: string })
  /** stays: another device of this user is still in the session, so the user goes on following it. */
  | { kind: 'leave'; user_id: string; stays?: boolean; request?: RequestKey | undefined }
  | (Sent & {
      kind: 'mark' | 'bulk';
      updates: Update[];
      only_unmarked: boolean;
      by: string;
      by_name: string;
      admit: Admission[];
    })
  | (Sent & {
      kind: 'end';
      updates: Update[];
      submitted: boolean;
      outcome: 'completed' | 'cancelled';
      reason: string | null;
      by: string;
      by_name: string;
      admit: Admission[];
      /** Of the event that ends it, when that is traced. */
      traceparent?: string | null;
    })
  | { kind: 'roster'; entries: RosterEntry[] }
  | { kind: 'staff'; staff: string[] };

/** What the roll says when the answer is given; never older than what the asking connection was already told. */
export type Current = {
  seq: number;
  room_seq: number;
  state: RollState;
  counts: Counts;
  online_count: number;
  epoch: string;
  /** Of a join: the student's record, where it has changed since the decision. */
  record?: RollRecord;
};

export type Refused =
  /** Decided with an outdated header: read it again, authorise again, send again. */
  | { ok: false; code: 'STALE_HEADER' }
  /** These students are not on the roll: read the registry once and send again with `admit`. */
  | { ok: false; code: 'ADMISSION_NEEDED'; student_ids: string[] }
  | { ok: false; code: 'SESSION_NOT_ACTIVE' | 'STUDENT_NOT_ENROLLED' | 'ROLL_FULL' | 'CHECKIN_CLOSED' | 'CONFLICT' }
  | { ok: false; code: 'CHECKIN_CODE_REQUIRED' | 'CHECKIN_CODE_INVALID' }
  | { ok: false; code: 'RATE_LIMITED'; retry_after_ms: number }
  | { ok: false; code: 'CHECKIN_NOT_OPEN'; opens_at: number }
  | { ok: false; code: 'STUDENT_NOT_ON_ROLL'; student_ids: string[] };

export type Outcome = Accepted | Refused;
export type Decision = { outcome: Outcome; change: Change | null };
