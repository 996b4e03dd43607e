/** What a teacher does in a class, however they do it: with a client of their own, or on the page of the session. */
import { expect } from 'vitest';
import type { AttendanceStatus } from '../../src/contract/nouns.ts';
import type { Student } from './people.ts';
import type { TestClient } from './socket-client.ts';

export type Teaching = {
  start(): Promise<void>;
  /** What is shown in the room. */
  code(): Promise<string>;
  mark(student: Student, status: AttendanceStatus): Promise<void>;
  /** Resolves when the teacher sees this of a student. */
  sees(student: Student, status: AttendanceStatus): Promise<void>;
  end(): Promise<void>;
};

export const teachingBySocket = (client: TestClient, session_id: string): Teaching => ({
  start: async () => {
    await client.does('startAttendanceSession', { session_id });
  },
  code: async () => (await client.does('getCheckInCode', { session_id })).code,
  mark: async ({ student_id }, status) => {
    await client.does('markStudentAttendance', { session_id, student_id, status });
  },
  sees: ({ student_id }, status) =>
    expect
      .poll(
        async () => {
          const { attendanceRecords } = await client.does('getAttendanceSessionData', { session_id });
          return attendanceRecords.find((it) => it.student_id === student_id)?.status;
        },
        { timeout: 10_000 },
      )
      .toBe(status),
  end: async () => {
    await client.does('endAttendanceSession', { session_id });
  },
});
