/** Clients that exist already run against the service as they are, with the plain socket.io-client and its default transports. */
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { OneNode } from '../support/deployment.ts';
import type { Person } from '../support/people.ts';
import { until } from '../support/until.ts';
import { MountedHook, PhoneApp, runSteps } from './older-clients.ts';

/** From then on, everything that a client sends of itself. */
const sentBy = (socket: Socket): unknown[][] => {
  const sent: unknown[][] = [];
  socket.onAnyOutgoing((...args: unknown[]) => sent.push(args));
  return sent;
};

const dropped = async (socket: Socket): Promise<void> => {
  const before = socket.id;
  socket.io.engine.close();
  await until('the client is back by itself', () => socket.connected && socket.id !== before, 20_000);
};

describe('older clients', () => {
  const node = new OneNode();
  const opened: { close(): void }[] = [];
  beforeAll(() => node.start());
  afterEach(() => {
    for (const it of opened.splice(0)) it.close();
    node.settle();
  });
  afterAll(() => node.stop());

  const mounted = (person: Person): MountedHook => {
    const hook = new MountedHook(io, node.node.url, node.token(person));
    opened.push({ close: () => hook.unmount() });
    return hook;
  };
  const phone = async (person: Person, namespace?: string): Promise<PhoneApp> => {
    const app = new PhoneApp(io, node.node.url, node.token(person), namespace);
    opened.push(app.socket);
    await until('the app is connected', () => app.socket.connected);
    return app;
  };

  test('the tutorial’s steps: joined, and told why not', async () => {
    const room = await node.classroom({ students: 1 });
    const run = () => {
      const steps = runSteps(io, node.node.url, node.token(room.student(0)), room.session_id);
      opened.push(steps.socket);
      return steps.logged;
    };
    const early = run();
    await until('it is told', () => early.length > 0);
    expect(early).toEqual([{ level: 'error', args: ['❌ Failed to join session:', 'Attendance session not active'] }]);
    const teacher = await room.started();
    const logged = run();
    await until('it has joined', () => logged.length === 2);
    expect(logged).toEqual([
      { level: 'log', args: ['✅ Successfully joined session:', room.session_id] },
      { level: 'log', args: ['Message:', 'Successfully joined attendance session'] },
    ]);
    expect(await teacher.hears('studentJoinedAttendance')).toMatchObject({
      session_id: room.session_id,
      student_id: room.student(0).student_id,
      student_name: room.student(0).name,
      joined_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/),
    });
  });

  test('JOIN-7 the React hook joins, hears marks, shows errors, and after a drop hears the next mark without sending anything', async () => {
    const room = await node.classroom({ students: 2 });
    const { session_id } = room;
    const hook = mounted(room.student(0));
    hook.current.joinSession(session_id);
    await until('the alert', () => hook.alerts.length > 0);
    expect(hook.alerts).toEqual(['Error: Attendance session not active']);
    expect(hook.current.isInSession).toBe(false);

    const teacher = await node.connect(room.teacher, { namespace: '/attendance' });
    await teacher.does('startAttendanceSession', { session_id });
    hook.current.joinSession(session_id);
    await until('it is in the session', () => hook.current.isInSession);
    expect(hook.current.currentSessionId).toBe(session_id);
    const updates = () =>
      hook.logged.filter(({ args }) => args[0] === '📊 Attendance updated:').map(({ args }) => args[1]);
    const other = room.student(1).student_id;
    await teacher.does('markStudentPresent', { session_id, student_id: other });
    await until('an update', () => updates().length === 1);
    expect(updates()[0]).toMatchObject({ session_id, student_id: other, status: 'present' });

    const { socket } = hook.current as { socket: Socket };
    const sent = sentBy(socket);
    await dropped(socket);
    await teacher.does('markStudentAbsent', { session_id, student_id: other });
    await until('the next update', () => updates().length === 2);
    expect(updates()[1]).toMatchObject({ student_id: other, status: 'absent' });
    expect(sent).toEqual([]);
    hook.unmount();
    await teacher.hears('studentLeftAttendance', (it) => it.student_id === room.student(0).student_id);
  });

  test('JOIN-7 the phone app: camelCase ids, numeric rates, and after a drop both sides hear on without sending anything', async () => {
    const room = await node.classroom({ students: 2 });
    const { session_id } = room;
    const [one, two] = room.students.map((it) => it.student_id) as [string, string];
    const teacher = await phone(room.teacher, '/attendance');
    const first = await phone(room.student(0));
    teacher.startAttendanceSession(session_id);
    await until('it is started', async () => (await room.attendance().catch(() => null)) !== null);
    first.joinAttendanceSession(session_id);
    await until('the first has joined', () => first.currentSessionId === session_id && teacher.arrivals.length === 1);

    const sent = [...[teacher, first].map(({ socket }) => sentBy(socket))];
    await dropped(teacher.socket);
    await dropped(first.socket);
    await until('the teacher hears that the first is back', () => teacher.arrivals.length === 2);
    const second = await phone(room.student(1));
    second.joinAttendanceSession(session_id);
    await until('the teacher hears the second arrive', () => teacher.arrivals.at(-1) === two);
    expect(sent).toEqual([[], []]);

    teacher.markStudentAttendance(session_id, one, 'late');
    teacher.markStudentAttendance(session_id, two, 'excused');
    await until('everybody hears the marks', () =>
      [teacher, first, second].every(({ updates }) => updates.length === 2),
    );
    for (const app of [teacher, first, second]) {
      expect(app.updates).toEqual([
        [one, 'late', 100],
        [two, 'excused', 100],
      ]);
    }
    expect(sent[1]).toEqual([]);
    second.leaveSession();
    await until('one is left', async () => {
      const client = await node.connect(room.assistant);
      return (await client.does('getOnlineStudents', { session_id })).online_count === 1;
    });
    teacher.markStudentAttendance(session_id, one, 'absent');
    await until('who stayed hears it', () => first.updates.length === 3);
    expect(second.updates).toHaveLength(2);
    expect([teacher, first, second].flatMap(({ errors }) => errors)).toEqual([]);
  });

  test('a session of another system, with that system’s ids and times, through its end-to-end test', async () => {
    const ids = {
      course: '688c897cbc0e48abbbd88fc7',
      session: '6890a2908f7aea88fa27ff86',
      student: '681000b5628b944c94bb562a',
      teacher: '6810007c628b944c94bb5627',
    };
    const service = node.service();
    await service.call('createCourse', { body: { id: ids.course, title: 'A course', teacher_id: ids.teacher } });
    await service.call('putEnrollments', {
      params: { id: ids.course },
      body: { enrollments: [{ student_id: ids.student, name: 'Iqbal' }] },
    });
    const session = await service.call('createSession', {
      body: {
        id: ids.session,
        course_id: ids.course,
        title: 'Test Session for Attendance',
        description: 'A test session to verify attendance functionality',
        date: '1705276800000',
      },
    });
    expect(session).toMatchObject({ id: ids.session, status: 'scheduled', date: '1705276800000' });
    const teacher = await node.connect({ role: 'teacher', sub: ids.teacher, name: 'T' }, { namespace: '/attendance' });
    teacher.send('startAttendanceSession', { session_id: ids.session });
    expect(await teacher.hears('attendanceSessionStarted')).toMatchObject({
      session_id: ids.session,
      session: { title: 'Test Session for Attendance', status: 'active' },
      totalStudents: 1,
      attendanceRecords: [{ student_id: ids.student, status: 'absent' }],
    });
    const student = await node.connect({ role: 'student', sub: ids.student, name: 'x' }, { namespace: '/attendance' });
    student.send('joinAttendanceSession', { session_id: ids.session });
    expect(await teacher.hears('studentJoinedAttendance')).toMatchObject({
      session_id: ids.session,
      student_id: ids.student,
      student_name: 'Iqbal',
    });
    expect(await student.hears('attendanceSessionJoined')).toMatchObject({
      session_id: ids.session,
      message: 'Successfully joined attendance session',
    });
  });
});
