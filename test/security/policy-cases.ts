/** Cases at random: somebody sends an event or a request about their own course, the other one, or one that is not there. */
import type { RestInput } from '../support/rest-client.ts';
import { type RequestMaker, requests } from './policy-requests.ts';
import { REQUEST_ID, type School } from './policy-school.ts';
import { EVENTS, ROUTES, type State } from './policy-table.ts';
import type { CourseModel, Member, SessionModel } from './policy-world.ts';

export type Target = {
  /** null: nobody; a token that is none counts as none. */
  who: Member | null;
  /** null: the id that is sent is nobody's. */
  course: CourseModel | null;
  session: SessionModel | null;
  course_id: string;
  session_id: string;
};

export type TokenKind = 'own' | 'of another user' | 'of another role' | 'expired' | 'broken' | 'none';

/** What a join brings for a code. */
export type Proof = 'right code' | 'wrong code' | 'ticket of another browser' | 'none';

export type Case = Target &
  (
    | {
        kind: 'event';
        what: string;
        payload: Record<string, unknown>;
        names: string[];
        token?: TokenKind;
        proof?: Proof;
      }
    | { kind: 'route'; what: string; input: RestInput; names: string[]; token?: string | null }
    /** Opens a socket. */
    | { kind: 'connect'; what: 'connect'; token: TokenKind; auth: Record<string, unknown> }
    /** The connection breaks and comes back. */
    | { kind: 'return'; what: 'return' }
  );

const STATES: Record<State, number> = { active: 6, scheduled: 2, completed: 3, cancelled: 1.5, 'called-off': 1 };
/** What depends on more than the standing of who asks. */
const OFTEN = ['joinAttendanceSession', 'joinAttendanceSession', 'syncAttendance'];
/** What a client may put beside what is asked for: none of it counts. */
const PRETENCES = ['role', 'user_id', 'is_staff', 'teacher_id', 'staff'];

export class Cases {
  private readonly school: School;

  constructor(school: School) {
    this.school = school;
  }

  async next(): Promise<Case> {
    const { random } = this.school.world;
    const who = this.somebody();
    const target = await this.target(who);
    if (who !== null && random.chance(0.01) && who.client !== undefined) {
      return { ...target, kind: 'return', what: 'return' };
    }
    if (random.chance(0.5)) return this.route(target);
    return who?.client === undefined ? this.connect(target) : this.event(target);
  }

  /** Staff and joined students more often than others, so that about half of what is asked is allowed. */
  private somebody(): Member | null {
    const { random, members } = this.school.world;
    if (random.chance(0.04)) return null;
    const busy = members.filter(({ is }) =>
      /^(teacher of [ab]|co-teacher|admin|service|student who has|student dropped)/.test(is),
    );
    return random.pick(random.chance(0.6) ? busy : members);
  }

  private async target(who: Member | null): Promise<Target> {
    const { school } = this;
    const { random, secrets, pair } = school.world;
    const home = who?.home ?? random.pick(pair);
    const course = random.chance(0.6) ? home : school.world.otherThan(home);
    if (random.chance(0.06)) {
      const [course_id, session_id] = [`course-${secrets.word()}`, `session-${secrets.word()}`];
      return { who, course: null, session: null, course_id, session_id };
    }
    const session = await school.sessionIn(course, random.weighted(STATES));
    return { who, course, session, course_id: course.id, session_id: session.id };
  }

  /** Students of the course; now and then one who is not approved, of the other course, or of none. */
  private students({ who, course }: Target, howMany: number): string[] {
    const { world } = this.school;
    const { random } = world;
    const from = course ?? random.pick(world.pair);
    const approved = [...from.enrolled.keys()].filter((it) => from.isApproved(it));
    const others = [
      ...from.enrolled.keys(),
      ...world.otherThan(from).enrolled.keys(),
      ...(who?.student_id === undefined ? [] : [who.student_id]),
      world.named('student of nothing').student_id ?? '',
      `st-${world.secrets.word()}`,
    ];
    const ids = Array.from({ length: howMany }, () =>
      approved.length > 0 && random.chance(0.8) ? random.pick(approved) : random.pick(others),
    );
    return [...new Set(ids)];
  }

  private update(target: Target, student_id: string): { student_id: string; status: string; remarks?: string } {
    const { world } = this.school;
    const status = world.random.pick(['present', 'absent', 'late', 'excused']);
    const course = target.course ?? world.pair[0];
    if (world.random.chance(0.5)) return { student_id, status };
    return { student_id, status, remarks: this.school.world.line(course, student_id, 'remarks') };
  }

  private async event(target: Target): Promise<Case> {
    const { random } = this.school.world;
    const what = random.chance(0.25) ? random.pick(OFTEN) : random.pick(Object.keys(EVENTS));
    const row = EVENTS[what] as (typeof EVENTS)[string];
    if (row.about === 'token') return this.refresh(target, what);
    const { course_id, session_id } = target;
    const payload: Record<string, unknown> = {};
    const put = (name: string, alias: string, value: unknown) => {
      payload[random.chance(0.3) ? alias : name] = value;
    };
    if (row.about === 'session') put('session_id', 'sessionId', session_id);
    else put('course_id', 'courseId', course_id);
    let names: string[] = [];
    if (row.marks) {
      const many = what === 'bulkUpdateAttendance' || what === 'submitAttendance';
      names = this.students(target, many ? random.between(1, 3) : 1);
      const updates = names.map((student_id) => this.update(target, student_id));
      if (many) {
        payload.attendanceUpdates = updates.map(({ student_id, ...rest }) =>
          random.chance(0.2) ? { studentId: student_id, ...rest } : { student_id, ...rest },
        );
      } else {
        const { student_id, ...rest } = updates[0] as (typeof updates)[0];
        put('student_id', 'studentId', student_id);
        Object.assign(payload, rest);
      }
      if (random.chance(0.3)) payload.only_unmarked = random.chance(0.5);
    }
    if (what === 'submitAttendance' && random.chance(0.4)) {
      delete payload.attendanceUpdates;
      names = [];
    }
    if (what === 'syncAttendance') this.putNumbers(payload, target.session?.epoch);
    if (row.changes && random.chance(0.3)) payload.request_id = REQUEST_ID;
    if (random.chance(0.25)) this.pretend(target, payload, row.marks !== true);
    const made: Case = { ...target, kind: 'event', what, payload, names };
    if (what !== 'joinAttendanceSession' || !isCoded(target.session)) return made;
    const proof = random.pick(['right code', 'wrong code', 'ticket of another browser', 'none'] as const);
    delete payload.code;
    Object.assign(payload, await this.proof(target.session, proof));
    return { ...made, proof };
  }

  private async proof(session: SessionModel, proof: Proof): Promise<{ code?: string; ticket?: string }> {
    const { school } = this;
    const elsewhere = school.world.pair.flatMap(({ sessions }) => sessions).find((it) => it !== session && isCoded(it));
    switch (proof) {
      case 'right code':
        return { code: await school.codeOf(session) };
      case 'wrong code':
        return { code: elsewhere === undefined ? 'wrong' : await school.codeOf(elsewhere) };
      case 'ticket of another browser':
        return { ticket: session.ticket ?? 'none.of-ours' };
      case 'none':
        return {};
    }
  }

  private putNumbers(payload: Record<string, unknown>, epoch: string | undefined): void {
    const { random } = this.school.world;
    const since = () => random.pick([0, 0, 1, 2, 5]);
    Object.assign(payload, random.chance(0.8) ? { since_seq: since(), since_room_seq: since() } : {});
    if (random.chance(0.5)) payload.since_own_seq = since();
    // The events since a number come only to whoever knows the epoch.
    if (epoch !== undefined && random.chance(0.8)) payload.epoch = epoch;
  }

  private pretend({ who, course }: Target, payload: Record<string, unknown>, student: boolean): void {
    const { world } = this.school;
    const { random } = world;
    const teacher = (course ?? world.pair[0]).teacher_id;
    const values: Record<string, unknown> = { role: 'admin', user_id: teacher, is_staff: true, teacher_id: who?.sub };
    for (const name of PRETENCES) if (random.chance(0.4)) payload[name] = values[name] ?? [who?.sub];
    if (!student) return;
    const id = this.students({ who, course, session: null, course_id: '', session_id: '' }, 1)[0];
    payload[random.chance(0.5) ? 'student_id' : 'studentId'] = id;
    if (random.chance(0.3)) payload.code = '123456';
  }

  private refresh(target: Target, what: string): Case {
    const kind = this.school.world.random.pick(['own', 'of another user', 'of another role', 'expired', 'broken']);
    const token = this.token(target.who, kind as TokenKind);
    return { ...target, kind: 'event', what, payload: { token }, names: [], token: kind as TokenKind };
  }

  private connect(target: Target): Case {
    const { random } = this.school.world;
    const token = target.who === null ? random.pick(['expired', 'broken', 'none'] as const) : 'own';
    const auth = { token: this.token(target.who, token), role: 'admin' };
    return { ...target, kind: 'connect', what: 'connect', token, auth };
  }

  private token(who: Member | null, kind: TokenKind): string | undefined {
    const { node, world } = this.school;
    const person = who ?? world.named('teacher of a');
    const another = world.random.pick(world.members.filter(({ sub }) => sub !== person.sub));
    switch (kind) {
      case 'own':
        return node.token(person);
      case 'of another user':
        return node.token(another);
      case 'of another role':
        return node.token({ ...person, role: person.role === 'admin' ? 'teacher' : 'admin' });
      case 'expired':
        return node.token(person, -3600);
      case 'broken':
        return `${node.token(person).slice(0, -4)}AAAA`;
      case 'none':
        return undefined;
    }
  }

  private async route(target: Target): Promise<Case> {
    const { school } = this;
    const { random } = school.world;
    const what = random.pick(Object.keys(ROUTES));
    const make = requests[what] as RequestMaker;
    const names = this.students(target, what.startsWith('PATCH') ? 1 : random.between(1, 3));
    const updates = names.map((student_id) => this.update(target, student_id));
    const isTicket = what === 'POST /sessions/:id/checkin-ticket';
    const { session } = target;
    const code =
      isTicket && isCoded(session) && random.chance(0.5)
        ? await school.codeOf(session)
        : String(random.between(100_000, 999_999));
    const input = make({ school, target, names, updates, code });
    const isMark = ROUTES[what]?.marks === true;
    const made: Case = { ...target, kind: 'route', what, input, names: isMark ? names : [] };
    if (target.who !== null) return made;
    const kind = random.pick(['none', 'expired', 'broken'] as const);
    return { ...made, token: this.token(null, kind) ?? null };
  }
}

const isCoded = (session: SessionModel | null): session is SessionModel =>
  session?.takesCode === true && session.state === 'active';
