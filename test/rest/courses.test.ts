import { describe, expect, test } from 'vitest';
import { ada, admin, anna, bea, ben, carl, dora, machine, RestService, tom } from './rest-service.ts';

describe('creating', () => {
  test('a teacher becomes the teacher of a new course', async () => {
    const rest = new RestService();
    const course = await rest.ok(ada, 'POST /courses', { title: 'Algebra', unknown: 1 });
    expect(course).toEqual({
      id: expect.stringMatching(/^made-/),
      title: 'Algebra',
      teacher_id: ada.user_id,
      staff: [],
      timezone: 'UTC',
      created_at: '2026-09-07T08:00:00.000Z',
    });
    expect(await rest.ok(ada, `GET /courses/${course.id}`)).toEqual(course);
    expect((await rest.send(ada, 'POST /courses', { title: 'B' })).status).toBe(201);
    const cut = await rest.ok(ada, 'POST /courses', { title: 'Cut \ud83d' });
    expect(cut.title).toBe('Cut \ufffd');
    expect(await rest.ok(ada, `GET /courses/${cut.id}`)).toEqual(cut);
  });

  test('admin and service name the teacher, whose user id may be of any shape that tokens have', async () => {
    const rest = new RestService();
    const body = { title: 'A', teacher_id: 'auth0|ada@school', staff: ['t1', 't1'] };
    expect(await rest.ok(machine, 'POST /courses', body)).toMatchObject({
      teacher_id: 'auth0|ada@school',
      staff: ['t1'],
    });
    // Nobody named: the first of the staff, else whoever creates it.
    expect(await rest.ok(machine, 'POST /courses', { title: 'B', staff: ['t1', 't2'] })).toMatchObject({
      teacher_id: 't1',
    });
    expect(await rest.ok(admin, 'POST /courses', { title: 'C' })).toMatchObject({ teacher_id: admin.user_id });
  });

  test('not for students, not for other teachers, not twice', async () => {
    const rest = await new RestService().school();
    await rest.refused(ben, 'POST /courses', 'FORBIDDEN', { title: 'A' });
    await rest.refused(ada, 'POST /courses', 'FORBIDDEN', { title: 'A', teacher_id: 't-bea' });
    const taken = await rest.refused(bea, 'POST /courses', 'CONFLICT', { id: 'c1', title: 'A' });
    expect(taken).toMatchObject({ status: 409, retryable: false });
  });

  test.each([
    ['title', {}],
    ['title', { title: '' }],
    ['title', { title: '  ' }],
    ['title', { title: 7 }],
    ['title', { title: 'x'.repeat(201) }],
    ['id', { title: 'A', id: 'a b' }],
    ['id', { title: 'A', id: 'x'.repeat(65) }],
    ['id', { title: 'A', id: '' }],
    ['timezone', { title: 'A', timezone: 'Mars/Olympus' }],
    ['staff', { title: 'A', staff: 'tom' }],
    ['staff.1', { title: 'A', staff: ['tom', 'a b'] }],
  ])('INVALID_PAYLOAD for %s', async (field, body) => {
    expect((await new RestService().refused(ada, 'POST /courses', 'INVALID_PAYLOAD', body)).field).toBe(field);
  });
});

describe('reading', () => {
  test('AUTH-1 everybody sees the courses that they are in', async () => {
    const rest = await new RestService().school();
    const seen = async (who: typeof ada) =>
      (await rest.ok(who, 'GET /courses')).items.map((it: { id: string }) => it.id);
    expect(await seen(ada)).toEqual(['c1']);
    expect(await seen(tom)).toEqual(['c1']);
    expect(await seen(bea)).toEqual(['c2']);
    expect(await seen(anna)).toEqual(['c1']);
    expect(await seen(carl)).toEqual(['c2']);
    expect(await seen(dora)).toEqual([]);
    expect(await seen(admin)).toEqual(['c1', 'c2']);
    expect(await seen(machine)).toEqual(['c1', 'c2']);
    expect(await rest.ok(anna, 'GET /courses/c1')).toMatchObject({ id: 'c1', title: 'Algebra' });
  });

  test('pages, and refuses a cursor that it did not make', async () => {
    const rest = new RestService();
    for (const id of ['a', 'b', 'c', 'd', 'e']) await rest.ok(ada, 'POST /courses', { id, title: id });
    expect((await rest.all(ada, '/courses', 2)).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e']);
    for (const query of ['cursor=x', 'cursor=', 'limit=0', 'limit=201', 'limit=x', 'limit=1.5', 'limit=']) {
      const { field } = await rest.refused(ada, `GET /courses?${query}`, 'INVALID_PAYLOAD');
      expect(field).toBe(query.split('=')[0]);
    }
  });
});

describe('changing', () => {
  test('staff change title, time zone and staff; the teacher, admin and service hand it over', async () => {
    const rest = await new RestService().school();
    expect(await rest.ok(tom, 'PATCH /courses/c1', { title: 'New', timezone: 'Asia/Tokyo' })).toMatchObject({
      title: 'New',
      timezone: 'Asia/Tokyo',
      staff: [tom.user_id],
    });
    const staff = [tom.user_id, 't-new'];
    expect(await rest.ok(tom, 'PATCH /courses/c1', { staff })).toMatchObject({ staff });
    await rest.refused(tom, 'PATCH /courses/c1', 'FORBIDDEN', { teacher_id: tom.user_id });
    await rest.refused(anna, 'PATCH /courses/c1', 'FORBIDDEN', { title: 'Mine' });
    expect(await rest.ok(ada, 'PATCH /courses/c1', {})).toMatchObject({ title: 'New' });
    const { field } = await rest.refused(ada, 'PATCH /courses/c1', 'INVALID_PAYLOAD', { timezone: 'nowhere' });
    expect(field).toBe('timezone');
    expect(await rest.ok(admin, 'PATCH /courses/c1', { teacher_id: bea.user_id })).toMatchObject({
      teacher_id: bea.user_id,
    });
  });

  test('AUTH-1 who is not staff any more is out of live rolls and rooms before the answer', async () => {
    const rest = await new RestService().school();
    await rest.start('x1');
    await rest.ok(tom, 'POST /sessions/x1/marks', { updates: [{ student_id: 's2', status: 'late' }] });
    const before = rest.changed.length;
    await rest.ok(ada, 'PATCH /courses/c1', { staff: [] });
    expect(rest.changed.slice(before)).toEqual(['c1']);
    await rest.refused(tom, 'GET /courses/c1', 'COURSE_NOT_FOUND');
    await rest.refused(tom, 'POST /sessions/x1/marks', 'SESSION_NOT_FOUND', {
      updates: [{ student_id: 's2', status: 'absent' }],
    });
    expect((await rest.services.live.peek('x1'))?.header.staff).toEqual([ada.user_id]);
    await rest.ok(ada, 'PATCH /courses/c1', { teacher_id: tom.user_id });
    await rest.refused(ada, 'GET /courses/c1', 'COURSE_NOT_FOUND');
    await rest.ok(tom, 'POST /sessions/x1/end');
  });
});
