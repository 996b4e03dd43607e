/** What each event makes of a roll that is known. The events are the service's own: roll-scene.ts. */
import { describe, expect, test } from 'vitest';
import { takeMissed } from '../../src/client/missed.ts';
import { isTaken, statisticsOf } from '../../src/client/roll.ts';
import { serverEvents } from '../../src/contract/events.ts';
import { fullRecords } from '../../src/domain/roll.ts';
import { statisticsOf as servicesStatisticsOf } from '../../src/domain/statistics.ts';
import { persistedNews } from '../../src/fanout.ts';
import { student } from '../suites/live-fixtures.ts';
import { end, join, mark, marks } from '../suites/roll-commands.ts';
import { RollScene } from './roll-scene.ts';

/** Whose content comes with an answer, or with another event, or concerns no roll. */
const NOT_TAKEN = [
  'attendanceSessionStarted',
  'attendanceSessionJoined',
  'studentLeft',
  'studentMarkedPresent',
  'studentMarkedAbsent',
  'attendanceBulkUpdateComplete',
  'attendanceSessionData',
  'onlineStudentsData',
  'checkInCode',
  'attendanceSubmitted',
  'courseSessionStarted',
  'courseSessionEnded',
  'activeSessionsData',
  'attendanceError',
  'activeSessionsError',
  'serverDraining',
  'tokenExpiring',
];

test('every event of the contract is taken in, or named here as one that needs not be', () => {
  const names = Object.keys(serverEvents);
  expect(names.filter((it) => !isTaken(it)).sort()).toEqual([...NOT_TAKEN].sort());
  expect(isTaken('toString')).toBe(false);
});

describe('staff', () => {
  test('an arrival is a record, a student online, and a statistic', () => {
    const scene = new RollScene();
    const teacher = scene.staff();
    expect(teacher.hears(scene.does(join(1, { profile_picture: 'https://pictures.example/1.png' })))).toBe(false);
    const { roll } = teacher.known;
    expect(roll).toMatchObject({ seq: 1, room_seq: 0, online_count: 1 });
    expect(roll.records.get('s1')).toEqual({
      ...fullRecords(scene.roll)[0],
      profile_picture: 'https://pictures.example/1.png',
    });
    expect([...roll.online]).toEqual(['s1']);
    expect(roll.statistics).toEqual(servicesStatisticsOf(scene.roll.counts));
  });

  test('JOIN-1 the arrival of somebody who was marked before leaves the mark as it is', () => {
    const scene = new RollScene();
    const teacher = scene.staff();
    teacher.hears(scene.does(marks([{ student_id: 's1', status: 'excused', remarks: 'At the dentist' }])));
    teacher.hears(scene.does(join(1)));
    expect(teacher.known.roll.records.get('s1')).toMatchObject({
      ...fullRecords(scene.roll)[0],
      status: 'excused',
      marked_by: 't1',
    });
  });

  test('JOIN-4 somebody who was not on the roll is on it from their arrival on', () => {
    const scene = new RollScene({ students: 1 });
    const teacher = scene.staff();
    teacher.hears(scene.does(join(2, { admit: student(2) })));
    expect(teacher.known.roll.records.get('s2')).toMatchObject({ ...fullRecords(scene.roll)[1] });
    expect(teacher.known.roll.statistics).toMatchObject({ totalStudents: 2, attendanceRate: 50 });
  });

  test('who leaves is not online any more, who returns is; neither is a change', () => {
    const scene = new RollScene();
    const teacher = scene.staff();
    teacher.hears(scene.does(join(1)));
    expect(teacher.hears(scene.leaves(1))).toBe(false);
    expect(teacher.known.roll).toMatchObject({ seq: 1, online_count: 0, online: new Set() });
    expect(teacher.hears(scene.returns(1))).toBe(false);
    expect(teacher.known.roll).toMatchObject({ seq: 1, online_count: 1, online: new Set(['s1']) });
    expect(teacher.known.roll.records.get('s1')?.status).toBe('present');
  });

  test('who returns after a change that was missed shows that it was', () => {
    const scene = new RollScene();
    const teacher = scene.staff();
    teacher.hears(scene.does(join(1)));
    scene.does(mark(2, 'late'));
    expect(teacher.hears(scene.returns(1))).toBe(true);
  });

  test.each(['present', 'absent', 'late', 'excused'] as const)('a mark as %s is the whole record', (status) => {
    const scene = new RollScene();
    const teacher = scene.staff();
    expect(teacher.hears(scene.does(marks([{ student_id: 's1', status, remarks: 'x' }], { kind: 'mark' })))).toBe(
      false,
    );
    expect(teacher.known.roll.records.get('s1')).toMatchObject({ ...fullRecords(scene.roll)[0] });
    expect(teacher.known.roll).toMatchObject({ seq: 1, room_seq: 1 });
  });

  test('a bulk of many is one change', () => {
    const scene = new RollScene();
    const teacher = scene.staff();
    const all = [1, 2, 3].map((n) => ({ student_id: `s${n}`, status: 'late' as const }));
    expect(teacher.hears(scene.does(marks(all)))).toBe(false);
    expect(teacher.known.roll).toMatchObject({ seq: 1, room_seq: 1, statistics: { lateCount: 3 } });
  });

  test('flags come and go with the record', () => {
    const scene = new RollScene();
    const teacher = scene.staff();
    teacher.hears(scene.does(join(1, { devices: ['d'] })));
    teacher.hears(scene.does(join(2, { devices: ['d'] })));
    expect(teacher.known.roll.records.get('s1')?.flags).toEqual(['shared_device']);
    const { flags: _flags, ...record } = fullRecords(scene.roll)[0] ?? {};
    teacher.take('studentMarked', { session_id: 'session-1', student_id: 's1', attendanceRecord: record, seq: 2 });
    expect(teacher.known.roll.records.get('s1')?.flags).toBeUndefined();
  });

  test('the end, and the archive after it', () => {
    const scene = new RollScene();
    const teacher = scene.staff();
    teacher.hears(scene.does(join(1)));
    const submitted = end({ submitted: true, updates: [{ student_id: 's2', status: 'late' }] });
    expect(teacher.hears(scene.does(submitted))).toBe(false);
    expect(teacher.known.roll).toMatchObject({
      phase: 'over',
      session: { status: 'completed' },
      ended: { by: 'Ada' },
      persisted_version: null,
      statistics: { presentCount: 1, lateCount: 1, absentCount: 1 },
    });
    expect([...teacher.known.roll.records.values()]).toMatchObject(fullRecords(scene.roll));
    teacher.hears([persistedNews('session-1', 1, new Date(0).toISOString())]);
    expect(teacher.known.roll.persisted_version).toBe(1);
  });

  test('a gap changes nothing and is told; what is old changes nothing', () => {
    const scene = new RollScene();
    const teacher = scene.staff();
    const first = scene.does(mark(1, 'late'));
    const second = scene.does(mark(1, 'present'));
    const before = teacher.known;
    expect(teacher.hears(second)).toBe(true);
    expect(teacher.known).toEqual(before);
    expect(teacher.hears(first)).toBe(false);
    expect(teacher.hears(second)).toBe(false);
    const now = teacher.known;
    expect(teacher.hears(first)).toBe(false);
    expect(teacher.known).toEqual(now);
    expect(now.roll.records.get('s1')?.status).toBe('present');
  });

  test('a heartbeat shows what was missed, and another epoch', () => {
    const scene = new RollScene();
    const teacher = scene.staff();
    expect(teacher.hears(scene.heartbeat())).toBe(false);
    scene.does(join(1));
    expect(teacher.hears(scene.heartbeat())).toBe(true);
    teacher.fetchMissed();
    expect(teacher.hears(scene.heartbeat())).toBe(false);
    const rebuilt = new RollScene({ epoch: 'epoch-2' });
    expect(teacher.hears(rebuilt.heartbeat())).toBe(true);
    expect(teacher.known.roll).toMatchObject({ epoch: 'epoch-1', seq: 1 });
    teacher.known = takeMissed(teacher.known, rebuilt.sync({ staff: true }, {}), teacher.follower);
    expect(teacher.known.roll).toMatchObject({ epoch: 'epoch-2', seq: 0, statistics: { presentCount: 0 } });
  });

  test('a snapshot of the archive says its version', () => {
    const scene = new RollScene();
    const teacher = scene.staff();
    scene.does(end());
    const answer = { ...scene.sync({ staff: true }, {}), epoch: 'archive-3' };
    teacher.known = takeMissed(teacher.known, answer, teacher.follower);
    expect(teacher.known.roll).toMatchObject({ phase: 'over', persisted_version: 3, epoch: 'archive-3' });
  });

  test('pictures, which records do not hold, are kept over marks and snapshots', () => {
    const scene = new RollScene();
    const teacher = scene.staff();
    const picture = 'https://pictures.example/1.png';
    teacher.hears(scene.does(join(1, { profile_picture: picture })));
    teacher.hears(scene.does(mark(1, 'late')));
    scene.leaves(1);
    teacher.fetchAll();
    expect(teacher.known.roll.records.get('s1')).toMatchObject({ status: 'late', profile_picture: picture });
  });
});

describe('students', () => {
  test('hear of marks as ids and statuses, and of their own as theirs', () => {
    const scene = new RollScene();
    scene.does(join(1));
    const me = scene.student(1);
    expect(me.hears(scene.does(mark(2, 'late')))).toBe(false);
    const marked = scene.record(2).marked_at;
    expect([...me.known.roll.records.values()]).toEqual([{ student_id: 's2', status: 'late', marked_at: marked }]);
    expect(me.hears(scene.does(mark(1, 'excused')))).toBe(false);
    expect(me.known.me).toMatchObject({ status: 'excused', student_id: 's1', own_seq: 2 });
    expect(me.known.me.joined_at).toBe(scene.record(1).joined_at);
    expect(me.known.roll.statistics).toEqual(servicesStatisticsOf(scene.roll.counts));
  });

  test('count what the room is told: arrivals of others leave no gap', () => {
    const scene = new RollScene();
    scene.does(join(1));
    const me = scene.student(1);
    for (const n of [2, 3]) expect(me.hears(scene.does(join(n)))).toBe(false);
    expect(me.hears(scene.does(mark(2, 'late')))).toBe(false);
    scene.does(mark(3, 'late'));
    expect(me.hears(scene.does(mark(3, 'absent')))).toBe(true);
    me.fetchMissed();
    expect(me.known.roll).toMatchObject({ room_seq: 3, seq: scene.roll.seq });
    expect(me.known.roll.records.get('s3')?.status).toBe('absent');
  });

  test('a mark of their own that was missed shows at the next one', () => {
    const scene = new RollScene();
    scene.does(join(1));
    const me = scene.student(1);
    scene.does(mark(1, 'late'));
    const [, own] = me.heardBy(scene.does(mark(1, 'absent')));
    expect(own?.event).toBe('attendanceMarked');
    expect(me.take('attendanceMarked', own?.payload)).toBe(true);
    expect(me.known.me).toMatchObject({ status: 'absent', own_seq: 3 });
  });

  test('the end reaches them, with its marks first', () => {
    const scene = new RollScene();
    scene.does(join(1));
    const me = scene.student(1);
    expect(me.hears(scene.does(end({ updates: [{ student_id: 's1', status: 'late' }] })))).toBe(false);
    expect(me.known.roll).toMatchObject({ phase: 'over', statistics: { lateCount: 1 } });
    expect(me.known.me.status).toBe('late');
  });

  test('a snapshot replaces what was known of others', () => {
    const scene = new RollScene();
    scene.does(join(1));
    const me = scene.student(1);
    me.hears(scene.does(mark(2, 'late')));
    me.hears(scene.does(mark(1, 'late')));
    me.fetchAll();
    expect([...me.known.roll.records.keys()]).toEqual(['s1']);
    expect(me.known.me).toMatchObject({ status: 'late', own_seq: 2, student_id: 's1' });
  });

  test('where they hear only of themselves, marks of others neither come nor leave a gap', () => {
    const scene = new RollScene({ visibility: 'self' });
    scene.does(join(1));
    const me = scene.student(1);
    expect(me.hears(scene.does(mark(2, 'late')))).toBe(false);
    expect(me.hears(scene.does(marks([{ student_id: 's3', status: 'late' }])))).toBe(false);
    expect(me.hears(scene.does(mark(1, 'late')))).toBe(false);
    expect(me.known.me.status).toBe('late');
    expect([...me.known.roll.records.keys()]).toEqual(['s1']);
    // What staff mark while the connection is away is found out by its own number.
    scene.does(mark(1, 'excused'));
    expect(me.hears(scene.heartbeat())).toBe(false);
    me.fetchMissed();
    expect(me.known.me).toMatchObject({ status: 'excused', own_seq: 3 });
    expect(me.hears(scene.does(end()))).toBe(false);
    expect(me.known.roll).toMatchObject({ phase: 'over', room_seq: 1 });
  });
});

test('statistics are counted as the service counts them', () => {
  const records = (['present', 'late', 'absent', 'excused', 'absent', 'present', 'absent'] as const).map((status) => ({
    status,
  }));
  expect(statisticsOf(records)).toEqual({
    totalStudents: 7,
    presentCount: 2,
    absentCount: 3,
    lateCount: 1,
    excusedCount: 1,
    attendanceRate: 50,
  });
  expect(statisticsOf([{ status: 'excused' }]).attendanceRate).toBe(0);
});
