/** A course with its people and a session, made over REST as a school's own system would. */
import type { CheckinPolicy, EnrollmentStatus } from '../../src/contract/nouns.ts';
import type { Deployment } from './deployment.ts';
import { freshId, type Person, type Student, staffMember, student } from './people.ts';
import type { RestClient } from './rest-client.ts';
import type { TestClient } from './socket-client.ts';
import { until } from './until.ts';

export type ClassroomOptions = {
  students?: number;
  checkin?: CheckinPolicy;
  /** Planned start, from now. */
  starts_in_minutes?: number;
  ends_in_minutes?: number;
  timezone?: string;
  /** Who teaches; somebody new unless given. */
  teacher?: Person;
};

const MINUTE_MS = 60_000;

export const openClassroom = async (deployment: Deployment, options: ClassroomOptions): Promise<Classroom> => {
  const classroom = new Classroom(deployment, options);
  const { course_id, teacher, assistant, students } = classroom;
  const { timezone } = options;
  await classroom.rest.call('createCourse', {
    body: {
      id: course_id,
      title: `Course ${course_id}`,
      staff: [assistant.sub],
      ...(timezone === undefined ? {} : { timezone }),
    },
  });
  if (students.length > 0) await classroom.enroll(students);
  await classroom.schedule(classroom.session_id, options);
  if (teacher.role !== 'teacher') throw new Error('a course is made by its teacher');
  return classroom;
};

export class Classroom {
  readonly course_id = freshId('course');
  readonly session_id = freshId('session');
  readonly teacher: Person;
  readonly assistant = staffMember();
  readonly students: Student[];
  private readonly deployment: Deployment;

  constructor(deployment: Deployment, { students = 3, teacher = staffMember() }: ClassroomOptions) {
    this.deployment = deployment;
    this.teacher = teacher;
    const prefix = freshId('s');
    this.students = Array.from({ length: students }, (_, i) => student(i + 1, prefix));
  }

  /** REST as the teacher. */
  get rest(): RestClient {
    return this.deployment.rest(this.teacher);
  }

  student(index: number): Student {
    const it = this.students[index];
    if (it === undefined) throw new Error(`no student ${index}`);
    return it;
  }

  async enroll(students: Student[], status: EnrollmentStatus = 'approved'): Promise<void> {
    const enrollments = students.map(({ student_id, sub, name, roll }) => ({
      student_id,
      user_id: sub,
      name,
      roll,
      status,
    }));
    await this.rest.call('putEnrollments', { params: { id: this.course_id }, body: { enrollments } });
  }

  /** Another session of the same course. */
  async schedule(
    id: string,
    { checkin, starts_in_minutes = 0, ends_in_minutes }: ClassroomOptions = {},
  ): Promise<string> {
    const date = this.deployment.now() + starts_in_minutes * MINUTE_MS;
    const ends_at = ends_in_minutes === undefined ? undefined : this.deployment.now() + ends_in_minutes * MINUTE_MS;
    await this.rest.call('createSession', {
      body: { id, course_id: this.course_id, title: `Meeting ${id}`, date, ends_at, checkin },
    });
    return id;
  }

  /** The teacher, connected, with the session started. */
  async started(): Promise<TestClient> {
    const teacher = await this.deployment.connect(this.teacher);
    await teacher.does('startAttendanceSession', { session_id: this.session_id });
    return teacher;
  }

  /** A student, connected and checked in. */
  async joined(index: number): Promise<TestClient> {
    const client = await this.deployment.connect(this.student(index));
    await client.does('joinAttendanceSession', { session_id: this.session_id });
    return client;
  }

  attendance(session_id = this.session_id) {
    return this.rest.call('getAttendance', { params: { id: session_id } });
  }

  /** Resolves with the attendance once the archive has it. */
  archived(session_id = this.session_id) {
    return until(`${session_id} is archived`, async () => {
      const attendance = await this.attendance(session_id);
      return attendance.source === 'archive' ? attendance : null;
    });
  }

  /** The whole audit list. */
  async audit(session_id = this.session_id) {
    const { items } = await this.rest.call('getAudit', { params: { id: session_id }, query: { limit: 200 } });
    return items;
  }
}
