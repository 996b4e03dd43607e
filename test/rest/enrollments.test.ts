import { describe, expect, test } from 'vitest';
import { ada, anna, bea, ben, carl, RestService, tom } from './rest-service.ts';

const CSV = { contentType: 'text/csv; charset=utf-8' };

describe('a roster as JSON', () => {
  test('is upserted; what is left out stays, what is not named stays', async () => {
    const rest = await new RestService().school();
    const enrollments = [
      { student_id: 's1', name: 'Anna Canary-Berg' },
      { student_id: 's2', name: 'Ben Canary' },
      { student_id: 's5', name: 'Eve', roll: null },
    ];
    expect(await rest.ok(tom, 'PUT /courses/c1/enrollments', { enrollments })).toEqual({
      created: 1,
      updated: 1,
      unchanged: 1,
      total: 3,
    });
    const listed = await rest.all(ada, '/courses/c1/enrollments', 2);
    expect(listed.map((it) => [it.student_id, it.user_id, it.roll, it.status])).toEqual([
      ['s1', anna.user_id, '1', 'approved'],
      ['s2', 's2', '2', 'approved'],
      ['s3', 's3', null, 'approved'],
      ['s4', 's4', null, 'pending'],
      ['s5', 's5', null, 'approved'],
    ]);
    expect((await rest.all(ada, '/courses/c1/enrollments?status=pending', 9)).map((it) => it.student_id)).toEqual([
      's4',
    ]);
    expect((await rest.refused(ada, 'GET /courses/c1/enrollments?status=gone', 'INVALID_PAYLOAD')).field).toBe(
      'status',
    );
  });

  test.each([
    ['enrollments', {}],
    ['enrollments', { enrollments: 'all' }],
    ['enrollments.0.name', { enrollments: [{ student_id: 's1' }] }],
    [
      'enrollments.1.student_id',
      {
        enrollments: [
          { student_id: 's1', name: 'A' },
          { student_id: 's 2', name: 'B' },
        ],
      },
    ],
    ['enrollments.0.status', { enrollments: [{ student_id: 's1', name: 'A', status: 'gone' }] }],
    [
      'enrollments.1.student_id',
      {
        enrollments: [
          { student_id: 's1', name: 'A' },
          { student_id: 's1', name: 'B' },
        ],
      },
    ],
    [
      'enrollments.1.user_id',
      {
        enrollments: [
          { student_id: 's7', name: 'A', user_id: 'u' },
          { student_id: 's8', name: 'B', user_id: 'u' },
        ],
      },
    ],
    [
      'enrollments.1.user_id',
      {
        enrollments: [
          { student_id: 's7', name: 'A', user_id: 's8' },
          { student_id: 's8', name: 'B' },
        ],
      },
    ],
  ])('INVALID_PAYLOAD for %s, and nothing is written', async (field, body) => {
    const rest = await new RestService().school();
    expect((await rest.refused(ada, 'PUT /courses/c1/enrollments', 'INVALID_PAYLOAD', body)).field).toBe(field);
    expect(await rest.all(ada, '/courses/c1/enrollments', 9)).toHaveLength(4);
  });

  test('a user of another student is a CONFLICT', async () => {
    const rest = await new RestService().school();
    const enrollments = [{ student_id: 's7', name: 'Double', user_id: 's2' }];
    await rest.refused(ada, 'PUT /courses/c1/enrollments', 'CONFLICT', { enrollments });
  });

  test('a course never has more students than fit on a roll', async () => {
    const rest = await new RestService().school();
    const enrollments = Array.from({ length: 9_998 }, (_, index) => ({ student_id: `n${index}`, name: 'N' }));
    const { field } = await rest.refused(ada, 'PUT /courses/c1/enrollments', 'INVALID_PAYLOAD', { enrollments });
    expect(field).toBe('enrollments');
    expect((await rest.ok(ada, 'PUT /courses/c1/enrollments', { enrollments: enrollments.slice(1) })).created).toBe(
      9_997,
    );
  });

  test('AUTH-1 is for staff of that course', async () => {
    const rest = await new RestService().school();
    const body = { enrollments: [{ student_id: 's1', name: 'X' }] };
    await rest.refused(bea, 'PUT /courses/c1/enrollments', 'COURSE_NOT_FOUND', body);
    await rest.refused(bea, 'GET /courses/c1/enrollments', 'COURSE_NOT_FOUND');
    await rest.refused(carl, 'GET /courses/c1/enrollments', 'COURSE_NOT_FOUND');
    await rest.refused(anna, 'PUT /courses/c1/enrollments', 'FORBIDDEN', body);
    await rest.refused(anna, 'GET /courses/c1/enrollments', 'FORBIDDEN');
  });
});

describe('a roster as CSV', () => {
  test('is taken with semicolons and a byte order mark', async () => {
    const rest = await new RestService().school();
    const csv =
      '\uFEFFstudent_id;name;roll;status;user_id\r\ns1;Anna B.;7;;\r\nn1;"Österreicher; Käthe";;pending;k@school\r\n';
    expect(await rest.ok(ada, 'PUT /courses/c1/enrollments', csv, CSV)).toEqual({
      created: 1,
      updated: 1,
      unchanged: 0,
      total: 2,
    });
    const listed = await rest.all(ada, '/courses/c1/enrollments', 200);
    expect(listed.find((it) => it.student_id === 'n1')).toEqual({
      student_id: 'n1',
      user_id: 'k@school',
      name: 'Österreicher; Käthe',
      roll: null,
      status: 'pending',
    });
    expect(listed.find((it) => it.student_id === 's1')).toMatchObject({ user_id: anna.user_id, roll: '7' });
  });

  test('every bad line is named and nothing is written', async () => {
    const rest = await new RestService().school();
    const csv = 'student_id,name,status\nn1,Nora,\nn 2,Nils,\nn3,,\nn1,Again,\nn4,Nick,gone\n';
    const problem = await rest.refused(ada, 'PUT /courses/c1/enrollments', 'INVALID_PAYLOAD', csv, CSV);
    expect((problem.lines as { line: number }[]).map(({ line }) => line)).toEqual([3, 4, 5, 6]);
    expect(await rest.all(ada, '/courses/c1/enrollments', 200)).toHaveLength(4);
  });

  test('a user id that two lines come to share is told by its line', async () => {
    const rest = await new RestService().school();
    const csv = 'student_id,name,user_id\nq1,Ann,q2\nq3,Cleo,\nq2,Ben,\n';
    const { lines } = await rest.refused(ada, 'PUT /courses/c1/enrollments', 'INVALID_PAYLOAD', csv, CSV);
    expect(lines).toEqual([{ line: 4, message: 'the same user_id as on line 2' }]);
  });

  test('nothing, no CSV, or bytes that are not UTF-8', async () => {
    const rest = await new RestService().school();
    for (const body of ['', 'hello', Buffer.from([0x73, 0x2c, 0xfc, 0x0a])]) {
      await rest.refused(ada, 'PUT /courses/c1/enrollments', 'INVALID_PAYLOAD', body, CSV);
    }
    await rest.refused(ada, 'PUT /courses/c1/enrollments', 'INVALID_PAYLOAD');
    await rest.refused(ada, 'POST /courses', 'UNSUPPORTED_MEDIA_TYPE', 'title\nA', CSV);
  });
});

describe('a live roll follows', () => {
  test('before the answer: names change, and who is dropped can neither join nor be marked', async () => {
    const rest = await new RestService().school();
    await rest.start('x1');
    const enrollments = [
      { student_id: 's1', name: 'Anna New' },
      { student_id: 's2', name: 'Ben Canary', status: 'dropped' },
    ];
    const before = rest.changed.length;
    await rest.ok(ada, 'PUT /courses/c1/enrollments', { enrollments });
    expect(rest.changed.slice(before)).toEqual(['c1']);
    const { attendanceRecords } = await rest.ok(ada, 'GET /sessions/x1/attendance');
    expect(attendanceRecords[0].student_name).toBe('Anna New');
    const updates = [{ student_id: 's2', status: 'present' }];
    await rest.refused(ada, 'POST /sessions/x1/marks', 'STUDENT_NOT_ON_ROLL', { updates });
    await rest.refused(ben, 'GET /sessions/x1', 'SESSION_NOT_FOUND');
  });

  test('JOIN-4 who is enrolled after the start is put on the roll by a mark', async () => {
    const rest = await new RestService().school();
    await rest.start('x1');
    await rest.ok(ada, 'PUT /courses/c1/enrollments', { enrollments: [{ student_id: 's6', name: 'Fred' }] });
    const updates = [{ student_id: 's6', status: 'late' }];
    expect(await rest.ok(ada, 'POST /sessions/x1/marks', { updates })).toMatchObject({ totalUpdated: 1 });
    expect((await rest.ok(ada, 'GET /sessions/x1/attendance')).statistics.totalStudents).toBe(4);
  });
});
