/** A small school on a node of its own: two courses, somebody for each standing in each, and a session in each state. */
import type { Acknowledgement } from '../../src/contract/events.ts';
import { InProcess } from '../support/in-process.ts';
import type { Random } from '../support/random.ts';
import type { RestClient } from '../support/rest-client.ts';
import { dataDirectory } from '../support/service.ts';
import { until } from '../support/until.ts';
import type { Visibility } from './policy-audience.ts';
import { addCast, addOutsiders, type Enrolled, STUDENTS } from './policy-cast.ts';
import { Fingerprint } from './policy-fingerprint.ts';
import { echoOf } from './policy-knowledge.ts';
import { EVENTS, type State } from './policy-table.ts';
import { Witness } from './policy-witness.ts';
import { type CourseModel, type Member, SessionModel, World } from './policy-world.ts';

const ASK_DEADLINE_MS = 15_000;
const MINUTE_MS = 60_000;
/** Everybody uses the same: it is scoped to user, event and session, so that must do no harm. */
export const REQUEST_ID = 'request-1';

export class School {
  readonly node: InProcess;
  readonly world: World;
  readonly witness: Witness;
  fingerprint!: Fingerprint;
  /** A session was made since this was last set. */
  hasMore = false;
  private readonly removeData: () => void;
  private readonly dir: string;

  constructor(random: Random, visibility: Visibility) {
    const { dir, remove } = dataDirectory();
    this.dir = dir;
    this.removeData = remove;
    this.node = new InProcess({ dir, env: { STUDENT_VISIBILITY: visibility } });
    this.world = new World(random, visibility);
    this.witness = new Witness(this.world);
  }

  async open(): Promise<this> {
    await this.node.start();
    const { world } = this;
    this.fingerprint = new Fingerprint(this.dir, world.secrets);
    addOutsiders(world);
    const pair = ['a', 'b'].map((name) => world.newCourse(name));
    for (const course of pair) addCast(world, course);
    for (const member of world.members) {
      member.rest = this.node.rest(member);
      if (member.role === 'service') continue;
      member.client = this.node.client(member, {
        namespace: world.random.pick(['/', '/attendance']),
        transports: ['websocket'],
      });
      this.witness.listenTo(member);
    }
    await Promise.all(world.members.map(({ client }) => client?.connected()));
    for (const course of pair) await this.furnish(course);
    return this;
  }

  async close(): Promise<void> {
    this.fingerprint.close();
    this.node.settle();
    await this.node.stop();
    this.removeData();
  }

  get service(): RestClient {
    return this.world.named('service').rest as RestClient;
  }

  /** The acknowledgement of an event, as it comes. */
  async ask(member: Member, event: string, payload: unknown): Promise<Acknowledgement> {
    const socket = member.client?.socket;
    if (socket === undefined) throw new Error(`the ${member.is} has no socket`);
    return socket.timeout(ASK_DEADLINE_MS).emitWithAck(event, payload);
  }

  /** Resolves when every socket has received everything that was sent to it before. */
  async arrived(): Promise<void> {
    const clients = this.world.members.flatMap(({ client }) => client ?? []);
    await Promise.all(clients.map(({ socket }) => socket.timeout(ASK_DEADLINE_MS).emitWithAck('unheard of')));
  }

  /** A session of this course in this state; one is made if there is none. */
  async sessionIn(course: CourseModel, state: State): Promise<SessionModel> {
    const there = course.sessions.filter((it) => it.state === state);
    return there.length > 0 ? this.world.random.pick(there) : this.makeSession(course, state);
  }

  /** As the service tells them to whoever may know everything. */
  async look(course: CourseModel): Promise<void> {
    const { teacher_id, staff } = await this.service.call('getCourse', { params: { id: course.id } });
    course.staffedBy(teacher_id, staff);
    const enrolled = await this.service.call('listEnrollments', { params: { id: course.id }, query: { limit: 200 } });
    course.enrolled.clear();
    for (const { student_id, user_id, status } of enrolled.items) {
      course.enrolls(student_id, user_id, status === 'approved');
    }
    const sessions = await this.service.call('listSessions', { query: { course_id: course.id, limit: 200 } });
    for (const { id, status } of sessions.items) {
      const session = this.world.session(id);
      if (session === undefined || session.state === status) continue;
      if (session.state === 'called-off') continue;
      session.state = status === 'cancelled' && session.state === 'scheduled' ? 'called-off' : status;
      if (status !== 'active') session.present.clear();
    }
    this.world.forgetRooms(course);
  }

  /** Resolves when the archive has an ended session, and its roll is forgotten. */
  async archived({ id }: SessionModel): Promise<void> {
    await until(`${id} is archived`, async () => {
      const { source } = await this.service.call('getAttendance', { params: { id } });
      return source === 'archive';
    });
  }

  /** The code that is valid now. */
  async codeOf({ id }: SessionModel): Promise<string> {
    const [admin, event] = [this.world.named('admin'), 'getCheckInCode'];
    this.going(admin, EVENTS[event]?.replies ?? [], {}, 'the look at a code', true);
    const answer = await this.ask(admin, event, { session_id: id });
    return String((answer as Record<string, unknown>).code);
  }

  // --- how it is made -------------------------------------------------------------------------------------------

  private async furnish(course: CourseModel): Promise<void> {
    const who = (is: string) => this.world.named(`${is} of ${course.name}`);
    const teacher = who('teacher');
    const staff = [who('co-teacher').sub, who('user named as staff with the role student').sub];
    await teacher.rest?.call('createCourse', { body: { id: course.id, title: this.world.title(course), staff } });
    await this.enroll(
      course,
      STUDENTS.filter((it) => it.later !== true),
    );
    await this.look(course);
    for (const member of this.world.members) {
      if (member.home === course && this.world.isMember(member, course)) await this.subscribe(course, member);
    }
    for (const state of ['scheduled', 'active', 'completed', 'cancelled', 'called-off'] as const) {
      await this.makeSession(course, state);
    }
    const left = STUDENTS.filter(({ is }) => is === 'student dropped after joining');
    await this.enroll(course, [
      ...STUDENTS.filter((it) => it.later === true),
      ...left.map((it) => ({ ...it, status: 'dropped' as const })),
    ]);
    await this.look(course);
  }

  private async enroll(course: CourseModel, students: Enrolled[]): Promise<void> {
    const enrollments = students.map(({ is, status }) => {
      const { student_id = '', sub } = this.world.named(`${is} of ${course.name}`);
      const [name, roll] = [this.world.line(course, student_id, 'name'), this.world.line(course, student_id, 'roll')];
      return { student_id, user_id: sub, name, roll, status };
    });
    await this.service.call('putEnrollments', { params: { id: course.id }, body: { enrollments } });
  }

  private async makeSession(course: CourseModel, state: State): Promise<SessionModel> {
    const { service } = this;
    this.hasMore = true;
    const id = this.world.newSessionId(course);
    const session = new SessionModel(id, course);
    session.takesCode = this.world.random.chance(0.5);
    const checkin = session.takesCode ? { code: 'rotating' } : {};
    const plan = {
      title: this.world.title(course),
      description: this.world.title(course),
      date: this.node.now() + MINUTE_MS,
    };
    await service.call('createSession', { body: { id, course_id: course.id, ...plan, checkin } });
    course.sessions.push(session);
    if (state === 'called-off') await this.rest('cancelSession', session, { reason: this.world.reason(course) });
    if (state !== 'scheduled' && state !== 'called-off') await this.hold(session, state);
    await this.look(course);
    return session;
  }

  /** A lesson with everybody in it, marked and remarked on; and its end, if it has one. */
  private async hold(session: SessionModel, state: State): Promise<void> {
    const { course, id } = session;
    await this.rest('startSession', session, {});
    session.state = 'active';
    const code = session.takesCode ? { code: await this.codeOf(session) } : {};
    if (session.takesCode)
      session.ticket = (await this.service.call('checkinTicket', { params: { id }, body: code })).ticket;
    const joiners = STUDENTS.filter((it) => it.joins).map(({ is }) => `${is} of ${course.name}`);
    for (const member of this.world.members) {
      const standing = member.home === course ? this.world.standing(member, course) : 'outsider';
      if (standing !== 'staff' && !(standing === 'student' && joiners.includes(member.is))) continue;
      await this.join(session, member, { session_id: id, request_id: REQUEST_ID, ...code });
    }
    const updates = [...course.enrolled.keys()].filter((it) => course.isApproved(it)).slice(1);
    const marked = updates.map((it) => ({
      student_id: it,
      status: 'late',
      remarks: this.world.line(course, it, 'remarks'),
    }));
    if (marked.length > 0) await this.rest('markAttendance', session, { updates: marked });
    for (const { student_id } of marked) await this.mark(session, student_id);
    if (state === 'active') return;
    const reason = this.world.reason(course);
    await this.rest(state === 'completed' ? 'endSession' : 'cancelSession', session, { reason });
    await this.archived(session);
    if (state !== 'completed' || marked.length === 0) return;
    const corrected = marked
      .slice(1)
      .map((it) => ({ ...it, remarks: this.world.line(course, it.student_id, 'remarks') }));
    if (corrected.length > 0) await this.rest('correctRecords', session, { updates: corrected, reason });
  }

  private async rest(name: Parameters<RestClient['call']>[0], { id }: SessionModel, body: object): Promise<void> {
    this.going(null, [], body, `the ${name} of the set-up`);
    await this.service.call(name, { params: { id }, body });
  }

  private async join(session: SessionModel, member: Member, payload: object): Promise<void> {
    const event = 'joinAttendanceSession';
    this.going(member, EVENTS[event]?.replies ?? [], payload, 'the joins of the set-up');
    session.present.add(member);
    const answer = await this.ask(member, event, payload);
    if (!answer.ok) throw new Error(`the ${member.is} cannot join: ${JSON.stringify(answer)}`);
    session.followers.add(member.sub);
    const student_id = session.course.studentOf(member.sub);
    if (member.role === 'student' && student_id !== undefined) session.joined.add(student_id);
  }

  /** Alone, which is told in other events than several. */
  private async mark({ id }: SessionModel, student_id: string): Promise<void> {
    const [admin, event] = [this.world.named('admin'), 'markStudentAttendance'];
    this.going(admin, EVENTS[event]?.replies ?? [], { student_id }, 'the marks of the set-up');
    await this.ask(admin, event, { session_id: id, student_id, status: 'excused' });
  }

  private async subscribe(course: CourseModel, member: Member): Promise<void> {
    const event = 'subscribeToCourse';
    const payload = { course_id: course.id };
    this.going(member, EVENTS[event]?.replies ?? [], payload, 'the subscriptions of the set-up');
    member.subscribed.add(course);
    await this.ask(member, event, payload);
  }

  private going(who: Member | null, replies: readonly string[], sent: unknown, what: string, quiet = false): void {
    this.witness.begin({ who, replies, echo: echoOf(sent), quiet, what });
  }
}
