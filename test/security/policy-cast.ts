/** Somebody for each standing: in each course, in both, and in none. */
import type { CourseModel, Member, World } from './policy-world.ts';

export type Enrolled = {
  is: string;
  status: 'approved' | 'pending' | 'rejected' | 'dropped';
  joins?: true;
  later?: true;
};
export const STUDENTS: readonly Enrolled[] = [
  { is: 'student who has joined', status: 'approved', joins: true },
  { is: 'other student who has joined', status: 'approved', joins: true },
  { is: 'student who has not joined', status: 'approved' },
  { is: 'student enrolled after the start', status: 'approved', later: true },
  { is: 'pending student', status: 'pending' },
  { is: 'rejected student', status: 'rejected' },
  { is: 'dropped student', status: 'dropped' },
  { is: 'student dropped after joining', status: 'approved', joins: true },
];

type Ids = { student_id?: string; sub?: string };

const add = (
  { secrets, members }: World,
  is: string,
  role: Member['role'],
  home: CourseModel | null,
  ids: Ids = {},
) => {
  const { student_id, sub = `u.${secrets.word()}` } = ids;
  if (sub !== student_id) secrets.tells(sub, { of: 'user', user_id: sub, part: 'id' });
  const name = secrets.text('Name ', { of: 'user', user_id: sub, part: 'name' });
  const picture = secrets.text('https://pictures.example/', { of: 'user', user_id: sub, part: 'picture' });
  const member: Member = { is, role, sub, name, home, claims: { picture }, subscribed: new Set() };
  if (student_id !== undefined) member.student_id = student_id;
  members.push(member);
  return member;
};

/** Those who belong to no course. */
export const addOutsiders = (world: World): void => {
  for (const role of ['admin', 'service'] as const) world.everywhere.add(add(world, role, role, null).sub);
  add(world, 'teacher of nothing', 'teacher', null);
  add(world, 'student of nothing', 'student', null, { student_id: world.studentId() });
};

export const addCast = (world: World, course: CourseModel): void => {
  const of = (is: string) => `${is} of ${course.name}`;
  add(world, of('teacher'), 'teacher', course);
  add(world, of('co-teacher'), 'teacher', course);
  for (const [n, { is }] of STUDENTS.entries()) {
    const student_id = world.studentId();
    // Every other student's token carries their student_id.
    add(world, of(is), 'student', course, n % 2 === 0 ? { student_id } : { student_id, sub: student_id });
  }
  add(world, of('user named as staff with the role student'), 'student', course);
  const { sub } = world.named(of('student who has joined'));
  add(world, of('teacher who is a student'), 'teacher', course, { sub });
};
