/** The property test must be able to fail: what it looks for is found where it is. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../support/random.ts';
import type { Visibility } from './policy-audience.ts';
import type { Case } from './policy-cases.ts';
import { addCast, addOutsiders, STUDENTS } from './policy-cast.ts';
import { leakIn, wrongAudience, wrongReplay } from './policy-knowledge.ts';
import { Run } from './policy-run.ts';
import { School } from './policy-school.ts';
import { type Verdict, verdictOn } from './policy-verdict.ts';
import { type Member, SessionModel, World } from './policy-world.ts';

const NO_ECHO: ReadonlySet<string> = new Set();

/** The cast of two courses, without a node. */
const model = (visibility: Visibility = 'room') => {
  const world = new World(new Random(1), visibility);
  addOutsiders(world);
  const [course, other] = ['a', 'b'].map((name) => {
    const made = world.newCourse(name);
    addCast(world, made);
    made.staffedBy(world.named(`teacher of ${name}`).sub, []);
    for (const { is, status } of STUDENTS) {
      const { student_id = '', sub } = world.named(`${is} of ${name}`);
      made.enrolls(student_id, sub, status === 'approved');
    }
    return made;
  }) as [ReturnType<World['newCourse']>, ReturnType<World['newCourse']>];
  const session = new SessionModel(world.newSessionId(course), course);
  course.sessions.push(session);
  const as = (is: string) => world.named(`${is} of a`);
  const [one, two] = [as('student who has joined'), as('other student who has joined')];
  const leaks = (who: Member | null, where: string, value: unknown) =>
    leakIn(world, who, where, value, NO_ECHO) !== null;
  return { world, course, other, session, as, one, two, leaks };
};

describe('AUTH-1 the check finds what somebody may not know', () => {
  test('of a course that they are not in', () => {
    const { world, course, as, one, leaks } = model();
    const title = world.title(course);
    const outside = ['pending student', 'dropped student', 'teacher who is a student'].map(as);
    for (const who of [null, world.named('teacher of b'), world.named('student of nothing'), ...outside]) {
      expect(leaks(who, 'GET /courses', { items: [{ title }] })).toBe(true);
      expect(leaks(who, 'GET /courses', { items: [], next_cursor: Buffer.from(title).toString('base64url') })).toBe(
        true,
      );
    }
    for (const who of [as('teacher'), one, world.named('admin')])
      expect(leaks(who, 'GET /courses', { title })).toBe(false);
    const reason = world.reason(course);
    expect([leaks(one, 'GET /sessions/:id', reason), leaks(as('teacher'), 'GET /sessions/:id', reason)]).toEqual([
      true,
      false,
    ]);
  });

  test('of other students, and of themselves but for an export', () => {
    const { world, course, as, one, two, leaks } = model();
    const where = 'attendanceUpdated';
    for (const part of ['name', 'roll', 'remarks'] as const) {
      const [own, others] = [one, two].map(({ student_id = '' }) => world.line(course, student_id, part));
      expect([leaks(one, where, own), leaks(one, where, others), leaks(as('teacher'), where, others)]).toEqual([
        true,
        true,
        false,
      ]);
      const inExport = [own, others].map((it) => leaks(one, 'GET /students/:id/export', it));
      expect(inExport).toEqual([false, true]);
    }
    for (const secret of [one.sub, one.name, one.claims?.picture]) expect(leaks(two, where, { secret })).toBe(true);
    for (const key of ['marked_by', 'student_name', 'flags']) {
      expect(leaks(one, where, { attendanceRecord: { student_id: one.student_id, [key]: null } })).toBe(true);
    }
    expect(leaks(one, where, { student_id: two.student_id, status: 'late', updated_by: as('teacher').name })).toBe(
      false,
    );
    expect(leaks(one, 'GET /sessions/:id/attendance', { student_id: two.student_id })).toBe(true);
    expect(leaks(world.named('student who has joined of b'), where, { student_id: two.student_id })).toBe(true);
  });

  test('of anybody else where students see only themselves', () => {
    const { world, session, one, two, leaks } = model('self');
    session.present.add(one);
    for (const [who, isWrong] of [
      [one, false],
      [two, true],
    ] as const) {
      const payload = { session_id: session.id, student_id: who.student_id };
      expect(leaks(one, 'attendanceUpdated', payload)).toBe(isWrong);
      expect(wrongAudience(world, one, 'attendanceUpdated', payload) !== null).toBe(isWrong);
      expect(wrongReplay(world, one, 'attendanceUpdated', payload) !== null).toBe(isWrong);
    }
    const bulk = { session_id: session.id, updatedRecords: [] };
    expect(wrongAudience(world, one, 'attendanceBulkUpdated', bulk)).not.toBeNull();
    expect(wrongReplay(world, one, 'attendanceBulkUpdated', bulk)).not.toBeNull();
    expect(wrongAudience(world, one, 'attendanceStatistics', bulk)).toBeNull();
  });

  test('but not the words that they have just sent', () => {
    const { world, course, one } = model();
    const sent = world.line(course, 'st', 'remarks');
    expect(leakIn(world, one, 'attendanceError', { sent }, new Set([sent.slice(-14)]))).toBeNull();
  });
});

test('AUTH-1 the check finds events that reach others than they are for', () => {
  const { world, course, session, as, one, two } = model();
  const told = (who: Member, event: string) =>
    wrongAudience(world, who, event, { session_id: session.id, student_id: one.student_id }) === null;
  session.present.add(one).add(as('teacher')).add(as('dropped student'));
  expect([told(one, 'attendanceUpdated'), told(as('teacher'), 'attendanceUpdated')]).toEqual([true, true]);
  expect([told(two, 'attendanceUpdated'), told(as('dropped student'), 'attendanceUpdated')]).toEqual([false, false]);
  expect([told(one, 'studentMarked'), told(as('teacher'), 'studentMarked')]).toEqual([false, true]);
  expect([told(one, 'attendanceMarked'), told(as('teacher'), 'attendanceMarked')]).toEqual([true, false]);
  expect([told(one, 'attendanceSessionData'), told(as('teacher'), 'attendanceSessionData')]).toEqual([false, false]);
  expect(told(one, 'courseSessionStarted')).toBe(false);
  one.subscribed.add(course);
  expect(told(one, 'courseSessionStarted')).toBe(true);
  expect(told(one, 'not in the contract')).toBe(false);
});

describe('AUTH-1 the check finds that a table says something else than the service does', () => {
  const school = new School(new Random(1), 'room');
  beforeAll(async () => {
    await school.open();
  });
  afterAll(() => school.close());

  const find = (is: string) => school.world.named(is);
  const target = async (who: Member) => {
    const course = school.world.pair[0];
    const session = await school.sessionIn(course, 'active');
    return { who, course, session, course_id: course.id, session_id: session.id };
  };
  const mark = async (who: Member, status: string): Promise<Case> => {
    const it = await target(who);
    const { student_id = '' } = find('student who has joined of a');
    const payload = { session_id: it.session_id, student_id, status };
    return { ...it, kind: 'event', what: 'markStudentAttendance', payload, names: [student_id] };
  };
  /** What is found when the table says this of the case, which it may have made something else of. */
  const found = async (
    it: Case,
    says: Partial<Verdict>,
    altered: Partial<Case> = {},
    misled = () => {},
  ): Promise<string> => {
    const run = new Run(school, (world) => ({ ...verdictOn(world, it), ...says }));
    await run.begin();
    // Not before: statistics come by a timer, and are judged by what is known when everybody is asked.
    misled();
    const outcome = run.case({ ...it, ...altered } as Case).then(() => run.settle());
    const complaint = await outcome.then(
      () => 'nothing',
      (error: Error) => error.message,
    );
    // What follows of it is not found once more.
    await school.arrived();
    school.witness.settle();
    return complaint;
  };

  test('that somebody may do more, or less', async () => {
    const teacher = find('teacher of a');
    expect(await found(await mark(teacher, 'late'), {})).toBe('nothing');
    const forbidden = { allowed: false, codes: ['FORBIDDEN'], changes: false };
    expect(await found(await mark(teacher, 'present'), forbidden)).toContain('was answered OK');
    const student = await mark(find('student who has joined of a'), 'late');
    expect(await found(student, {})).toBe('nothing');
    expect(await found(student, { allowed: true, codes: ['OK'] })).toContain('was answered FORBIDDEN');
    expect(await found(student, { text: 'Only admins can mark attendance' })).toContain('was not answered');
  });

  test('that nothing is changed, or told to anybody', async () => {
    const teacher = find('teacher of a');
    expect(await found(await mark(teacher, 'excused'), { changes: false })).toContain('changed what is kept');
    const read = await target(find('service'));
    const input = { params: { id: read.session_id } };
    const run = new Run(school);
    await run.begin();
    await run.case({ ...read, kind: 'route', what: 'GET /sessions/:id', input, names: [] });
    await run.settle();
    school.witness.hear(teacher, 'studentMarked', { session_id: read.session_id });
    await expect(run.settle()).rejects.toThrow('heard studentMarked');
  });

  test('that another course is changed, or another student', async () => {
    const teacher = find('teacher of a');
    const [own, other] = school.world.pair;
    expect(await found(await mark(teacher, 'late'), {}, { course: other })).toContain('changed another course');
    expect(own).not.toBe(other);
    const it = await mark(teacher, 'absent');
    expect(await found(it, {}, { names: ['somebody else'] } as Partial<Case>)).toContain('changed the record of');
  });

  test('that somebody is told that something exists', async () => {
    const it = await target(find('student who has joined of a'));
    const route = {
      kind: 'route',
      what: 'GET /sessions/:id/audit',
      input: { params: { id: it.session_id } },
      names: [],
    };
    expect(await found({ ...it, ...route } as Case, {})).toBe('nothing');
    expect(await found({ ...it, ...route } as Case, { hidden: true })).toContain('is told that it exists');
  });

  test('that somebody is staff', async () => {
    const it = await mark(find('admin'), 'late');
    const course = school.world.pair[0];
    const [teacher_id, staff] = [course.teacher_id, course.staff];
    const misled = () => course.staffedBy('nobody', []);
    expect(await found(it, {}, {}, misled)).toContain('the teacher of a');
    course.staffedBy(teacher_id, staff);
  });
});
