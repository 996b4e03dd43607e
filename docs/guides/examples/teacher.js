import { Rollcast, when } from 'rollcast/client';

const { URL, SESSION, TEACHER } = process.env;
const client = new Rollcast({ url: URL, token: TEACHER }).connect();
const session = client.session(SESSION);

const { records } = await session.start();
console.log(`started, with ${records.size} students`);

// From now on session.roll follows the service. Each change makes another object of it, and is told here.
const came = new Set();
session.roll.subscribe(() => {
  for (const { student_id, student_name, status, joined_at } of session.roll.get().records.values()) {
    if (joined_at === null || came.has(student_id)) continue;
    came.add(student_id);
    console.log(`${student_name} came, ${status}`);
  }
});
await when(session.roll, ({ online }) => online.size > 0);

await session.mark('demo-student-02', 'excused', { remarks: 'At the dentist' });
const everybody = [...session.roll.get().records.keys()];
const updates = everybody.map((student_id) => ({ student_id, status: 'absent' }));
// Who came, or was marked, stays as they are.
const absent = await session.markMany(updates, { only_unmarked: true });
console.log(`${absent} are absent`);

await session.end();
const { statistics } = await when(session.roll, ({ persisted_version }) => persisted_version !== null);
console.log(`stored, ${statistics.attendanceRate} % attended`);
client.close();
