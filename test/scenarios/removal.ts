/** Who is taken out of a course during class: out of the rooms on every node, with the record kept and flagged. */
import { expect, test } from 'vitest';
import type { ClockedDeployment } from '../support/in-process.ts';

/** AUTH-1 gives it two seconds; a machine that does other things beside it gets some more. */
const OUT_WITHIN_MS = 2_000;

export const removalScenarios = (deployment: () => ClockedDeployment): void => {
  test.each(['dropped', 'rejected'] as const)(
    'AUTH-1 %s during a session: out of the rooms on all nodes, record kept and flagged, back without the flag',
    async (status) => {
      const node = deployment();
      const room = await node.classroom({ students: 3 });
      const { session_id, course_id } = room;
      const teacher = await room.started();
      const gone = room.student(0);
      const nodes = node.nodes.map((_, n) => n);
      const devices = await Promise.all(nodes.map((n) => node.connect(gone, { node: n })));
      for (const it of devices) {
        await it.does('joinAttendanceSession', { session_id });
        await it.does('subscribeToCourse', { course_id });
      }
      const stays = await room.joined(1);
      const asked_at = performance.now();
      await room.enroll([gone], status);
      await teacher.hears('studentLeftAttendance', (it) => it.student_id === gone.student_id);
      expect(performance.now() - asked_at).toBeLessThan(OUT_WITHIN_MS);
      const { student_id } = room.student(1);
      const places = devices.map((it) => it.heard.length);
      await teacher.does('markStudentAttendance', { session_id, student_id, status: 'late' });
      await stays.hears('attendanceUpdated');
      for (const [i, it] of devices.entries()) {
        await it.refused('getActiveSessions', { course_id }, 'STUDENT_NOT_ENROLLED');
        await it.refused('joinAttendanceSession', { session_id }, 'STUDENT_NOT_ENROLLED');
        await it.refused('syncAttendance', { session_id }, 'STUDENT_NOT_ENROLLED');
        const heard = it.heard.slice(places[i]).map(({ event }) => event);
        expect(heard.filter((event) => !event.endsWith('Error'))).toEqual([]);
      }
      const record = async () =>
        (await teacher.does('getAttendanceSessionData', { session_id })).attendanceRecords.find(
          (it) => it.student_id === gone.student_id,
        );
      expect(await record()).toMatchObject({ status: 'present', marked_by: 'self', flags: ['removed'] });
      const { student_id: id } = gone;
      const told = await teacher.hears('studentMarked', (it) => it.student_id === id);
      expect(told).toMatchObject({ seq: devices.length > 0 ? 2 : 0, attendanceRecord: { flags: ['removed'] } });
      const mark = { session_id, student_id: gone.student_id };
      await teacher.refused('markStudentAbsent', mark, 'STUDENT_NOT_ON_ROLL');

      // A slip of the office: taken back, and nothing of it is left.
      await room.enroll([gone]);
      expect(await record()).not.toHaveProperty('flags');
      await devices[0]?.does('joinAttendanceSession', { session_id });
      await room.enroll([gone], status);
      await teacher.does('endAttendanceSession', { session_id });
      const { attendanceRecords } = await room.archived();
      const archived = attendanceRecords.find((it) => it.student_id === gone.student_id);
      expect(archived).toMatchObject({ status: 'present', flags: ['removed'] });
    },
  );
};
