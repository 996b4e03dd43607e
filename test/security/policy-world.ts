/**
 * What is known of a small school while cases are run on it: two courses and who everybody is in them. It holds what the
 * service was told and has accepted, never what it decided about anybody's rights.
 */
import type { Person } from '../support/people.ts';
import type { Random } from '../support/random.ts';
import type { RestClient } from '../support/rest-client.ts';
import type { TestClient } from '../support/socket-client.ts';
import type { Visibility } from './policy-audience.ts';
import { Secrets } from './policy-secrets.ts';
import type { Standing, State } from './policy-table.ts';

export type Member = Person & {
  /** What they are, for messages. */
  is: string;
  /** The course they belong to, or were once in. */
  home: CourseModel | null;
  student_id?: string;
  client?: TestClient;
  rest?: RestClient;
  /** Courses whose room their socket has entered. */
  subscribed: Set<CourseModel>;
};

export class SessionModel {
  readonly id: string;
  readonly course: CourseModel;
  state: State = 'scheduled';
  /** Of its roll, as somebody was told it. */
  epoch?: string;
  /** Takes a rotating code. */
  takesCode = false;
  /** For it, and for somebody else's browser. */
  ticket?: string;
  /** Students with a joined_at, by student_id. */
  readonly joined = new Set<string>();
  /** Users who joined or attended, and have not left. */
  readonly followers = new Set<string>();
  /** Whose sockets are in it. */
  readonly present = new Set<Member>();

  constructor(id: string, course: CourseModel) {
    this.id = id;
    this.course = course;
  }
}

export class CourseModel {
  readonly id: string;
  readonly name: string;
  teacher_id = '';
  staff: string[] = [];
  readonly enrolled = new Map<string, { user_id: string; approved: boolean }>();
  readonly sessions: SessionModel[] = [];
  /** What was true once may be in records for ever: `staff <user>`, `user <user>`, `student <id>`, `<user> is <id>`. */
  readonly ever = new Set<string>();

  constructor(id: string, name: string) {
    this.id = id;
    this.name = name;
  }

  staffedBy(teacher_id: string, staff: readonly string[]): void {
    this.teacher_id = teacher_id;
    this.staff = [...staff];
    for (const user_id of [teacher_id, ...staff]) this.ever.add(`staff ${user_id}`);
  }

  enrolls(student_id: string, user_id: string, approved: boolean): void {
    this.enrolled.set(student_id, { user_id, approved });
    for (const it of [`student ${student_id}`, `user ${user_id}`, `${user_id} is ${student_id}`]) this.ever.add(it);
  }

  /** The student that a user is here, whatever the enrollment's status. */
  studentOf(user_id: string): string | undefined {
    for (const [student_id, it] of this.enrolled) if (it.user_id === user_id) return student_id;
    return undefined;
  }

  isApproved(student_id: string): boolean {
    return this.enrolled.get(student_id)?.approved === true;
  }
}

export class World {
  readonly random: Random;
  readonly secrets: Secrets;
  readonly visibility: Visibility;
  readonly members: Member[] = [];
  /** The two, and those that cases made. */
  readonly courses: CourseModel[] = [];
  /** User ids of those who may act in every course. */
  readonly everywhere = new Set<string>();

  constructor(random: Random, visibility: Visibility) {
    this.random = random;
    this.visibility = visibility;
    this.secrets = new Secrets(random);
  }

  /** The first two are whom the cases are about. */
  get pair(): [CourseModel, CourseModel] {
    return [this.courses[0] as CourseModel, this.courses[1] as CourseModel];
  }

  otherThan(course: CourseModel): CourseModel {
    const [own, other] = this.pair;
    return course === own ? other : own;
  }

  addCourse(id: string, name: string): CourseModel {
    const course = new CourseModel(id, name);
    this.courses.push(course);
    return course;
  }

  studentId(): string {
    const id = `st-${this.secrets.word()}`;
    this.secrets.tells(id, { of: 'student', student_id: id });
    return id;
  }

  /** What a course says about a student. */
  line(course: CourseModel, student_id: string, part: 'name' | 'roll' | 'remarks'): string {
    return this.secrets.text(`${part} `, { of: 'line', course_id: course.id, student_id, part });
  }

  reason(course: CourseModel): string {
    return this.secrets.text('because ', { of: 'reason', course_id: course.id });
  }

  /** A title or a description. */
  title(course: CourseModel): string {
    return this.secrets.text('About ', { of: 'course', course_id: course.id });
  }

  newCourse(name: string): CourseModel {
    const id = `course-${this.secrets.word()}`;
    this.secrets.tells(id, { of: 'course', course_id: id });
    return this.addCourse(id, name);
  }

  newSessionId(course: CourseModel): string {
    return this.secrets.text('session-', { of: 'course', course_id: course.id });
  }

  course(id: unknown): CourseModel | undefined {
    return this.courses.find((it) => it.id === id);
  }

  session(id: unknown): SessionModel | undefined {
    for (const { sessions } of this.courses) for (const it of sessions) if (it.id === id) return it;
    return undefined;
  }

  named(is: string): Member {
    const member = this.members.find((it) => it.is === is);
    if (member === undefined) throw new Error(`nobody is ${is}`);
    return member;
  }

  standing(member: Member | null, course: CourseModel): Standing {
    if (member === null) return 'nobody';
    const { role, sub } = member;
    if (role === 'admin' || role === 'service') return role;
    if (role === 'teacher') return course.teacher_id === sub || course.staff.includes(sub) ? 'staff' : 'outsider';
    const student_id = course.studentOf(sub);
    return student_id !== undefined && course.isApproved(student_id) ? 'student' : 'outsider';
  }

  isStaff(member: Member, course: CourseModel): boolean {
    return ['admin', 'service', 'staff'].includes(this.standing(member, course));
  }

  isMember(member: Member, course: CourseModel): boolean {
    return this.isStaff(member, course) || this.standing(member, course) === 'student';
  }

  /** Whoever lost their place is out of every room of the course. */
  forgetRooms(course: CourseModel): void {
    for (const member of this.members) {
      if (this.isMember(member, course)) continue;
      member.subscribed.delete(course);
      for (const session of course.sessions) session.present.delete(member);
    }
  }
}
