import { describe, expect, test } from 'vitest';
import { type ClientEventName, clientEvents } from '../../src/contract/events.ts';
import { ROLES, type Role } from '../../src/contract/nouns.ts';
import {
  type Actor,
  isStaff,
  mayCreateCourse,
  mayErase,
  mayExport,
  maySocket,
  staffOnly,
  staffVerb,
} from '../../src/domain/policy.ts';

const actor = (role: Role, user_id = 'x'): Actor => ({ user_id, role, name: 'X', picture: null, expires_at: 0 });
const allowed = (may: (role: Role) => boolean) => ROLES.filter(may);

describe('policy', () => {
  const course = { teacher_id: 't1', staff: ['t2', 'x'] };

  test('AUTH-1 a teacher is staff where they are the teacher or named, and nowhere else', () => {
    expect(isStaff(actor('teacher', 't1'), course)).toBe(true);
    expect(isStaff(actor('teacher', 't2'), course)).toBe(true);
    expect(isStaff(actor('teacher', 't3'), course)).toBe(false);
    expect(isStaff(actor('teacher', 't1'), { staff: ['t1'] })).toBe(true);
    expect(isStaff(actor('teacher', 't1'), { staff: [] })).toBe(false);
  });

  test('AUTH-1 being named without the role of a teacher is nothing', () => {
    expect(isStaff(actor('student', 'x'), course)).toBe(false);
    expect(isStaff(actor('student', 't1'), course)).toBe(false);
  });

  test('AUTH-1 admin and service are staff of every course', () => {
    expect(isStaff(actor('admin'), { staff: [] })).toBe(true);
    expect(isStaff(actor('service'), { staff: [] })).toBe(true);
  });

  test('who may do what besides', () => {
    expect(allowed(maySocket)).toEqual(['teacher', 'student', 'admin']);
    expect(allowed((role) => mayCreateCourse(actor(role)))).toEqual(['teacher', 'admin', 'service']);
    expect(allowed((role) => mayErase(actor(role)))).toEqual(['admin', 'service']);
    expect(allowed((role) => mayExport(actor(role), true))).toEqual(['student', 'admin', 'service']);
    expect(allowed((role) => mayExport(actor(role), false))).toEqual(['admin', 'service']);
  });

  test('START-3 every event that is for staff alone has its verb, and no other has one', () => {
    const events = Object.keys(clientEvents) as ClientEventName[];
    for (const event of events)
      expect([event, staffVerb(event) !== null]).toEqual([event, clientEvents[event].who === 'staff']);
  });

  test('the texts that clients already show', () => {
    expect(staffOnly('start')).toBe('Only the course teacher can start attendance');
    expect(staffOnly('mark')).toBe('Only the course teacher can mark attendance');
    expect(staffVerb('bulkUpdateAttendance')).toBe('update');
    expect(staffVerb('getOnlineStudents')).toBe('view');
    expect(staffVerb('submitAttendance')).toBe('end');
  });
});
