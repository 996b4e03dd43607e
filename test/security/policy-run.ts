/** Runs cases on a school and holds each against the verdict on it. */
import { isDeepStrictEqual } from 'node:util';
import type { Case } from './policy-cases.ts';
import { differenceOf } from './policy-fingerprint.ts';
import { echoOf } from './policy-knowledge.ts';
import { type Records, recordsOf, wronglyChanged } from './policy-records.ts';
import type { School } from './policy-school.ts';
import { type Answer, send } from './policy-send.ts';
import { EVENTS } from './policy-table.ts';
import { type Verdict, verdictOn } from './policy-verdict.ts';
import { SessionModel } from './policy-world.ts';

/** All that a refusal may hold, beside what was sent. */
const OF_A_REFUSAL = ['ok', 'code', 'message', 'retryable', 'type', 'title', 'status', 'detail'];
/** What ends an active session. */
const ENDS = ['endAttendanceSession', 'submitAttendance', 'POST /sessions/:id/end', 'POST /sessions/:id/cancel'];
/** What changes records, and neither a course nor a session. */
const STAYS_AS_IT_IS = [
  'joinAttendanceSession',
  'leaveAttendanceSession',
  'markStudentPresent',
  'markStudentAbsent',
  'markStudentAttendance',
  'bulkUpdateAttendance',
  'POST /sessions/:id/marks',
  'PATCH /sessions/:id/attendance/:student_id',
  'POST /sessions/:id/corrections',
];
/** Sockets are asked whether everything has arrived after so many cases at most. */
const STRETCH = 20;
/** One wrong event has many receivers. */
const MOST_FOUND = 3;

/** Something was given, told or changed that should not have been. */
export class Complaint extends Error {}

export class Run {
  /** How often each event and route was allowed and refused. */
  readonly seen = new Map<string, { allowed: number; refused: number }>();
  /** A case after which nothing more can be said of this school. */
  isSpent = false;
  private readonly school: School;
  private readonly verdictOn: typeof verdictOn;
  private sinceArrival: string[] = [];

  /** Another oracle only in tests of this very check. */
  constructor(school: School, oracle = verdictOn) {
    this.school = school;
    this.verdictOn = oracle;
  }

  async begin(): Promise<void> {
    await this.settle();
    this.school.fingerprint.begin();
    this.school.hasMore = false;
  }

  async case(it: Case): Promise<void> {
    const { school } = this;
    if (school.hasMore) await this.begin();
    const verdict = this.verdictOn(school.world, it);
    const line = lineOf(it, verdict);
    this.count(it, verdict);
    this.sinceArrival.push(line);
    // Nobody's allowance of events is used up, and instants differ.
    school.node.clock.advance(1_000);
    const before = verdict.changes ? await recordsOf(school, it) : null;
    const who = it.who;
    const sent = it.kind === 'event' ? it.payload : it.kind === 'route' ? it.input : {};
    const going = { who, replies: repliesTo(it), echo: echoOf(sent), quiet: !verdict.changes, what: line };
    school.witness.begin(going);
    if (it.kind === 'return') return this.comeBack(it);
    const answer = await send(school, it);
    this.check(it, verdict, answer, line);
    if (answer.code === 'OK') this.takePart(it, answer);
    const isDone = answer.code === 'OK' && verdict.changes;
    if (!isDone) this.unchanged(it, verdict, answer, line);
    if (verdict.hidden) await this.compareWithNothing(it, answer, line);
    if (isDone) await this.follow(it, answer, before, line);
    else if (this.sinceArrival.length >= STRETCH) await this.settle();
  }

  /** Everything has arrived, and nobody heard what was not for them. */
  async settle(): Promise<void> {
    await this.school.arrived();
    this.judge();
  }

  private judge(): void {
    const found = this.school.witness.settle();
    const first = found.slice(0, MOST_FOUND);
    if (first.length > 0) this.complain([...first, 'Since everybody was last asked:', ...this.sinceArrival]);
    this.sinceArrival = [];
    this.school.witness.expectsPresence = false;
  }

  // --- one case -------------------------------------------------------------------------------------------------

  private check(it: Case, verdict: Verdict, answer: Answer, line: string): void {
    const { witness } = this.school;
    const given = JSON.stringify(answer.text).slice(0, 600);
    if (!verdict.codes.includes(answer.code)) this.complain([`${line} was answered ${answer.code}: ${given}`]);
    // Missed events are looked at one by one.
    const { events: _missed, ...fields } = answer.body;
    witness.answered(it.who, it.what, it.kind === 'event' ? fields : answer.text);
    this.replayed(it, answer);
    if (it.session !== null && typeof answer.body.epoch === 'string') it.session.epoch = answer.body.epoch;
    if (verdict.allowed || answer.code === 'OK') return;
    if (verdict.status !== undefined && verdict.status !== answer.status) {
      this.complain([`${line} was answered ${answer.status}: ${given}`]);
    }
    if (verdict.text !== undefined && verdict.text !== answer.body.message) {
      this.complain([`${line} was not answered “${verdict.text}”: ${given}`]);
    }
    const more = Object.keys(answer.body).filter((key) => !OF_A_REFUSAL.includes(key));
    if (more.length > 0) this.complain([`${line} was refused with ${more}: ${given}`]);
  }

  private replayed({ who, kind }: Case, { body }: Answer): void {
    if (kind !== 'event' || !Array.isArray(body.events)) return;
    for (const { event, data } of body.events) this.school.witness.replayed(who, event, data);
  }

  private unchanged(it: Case, { allowed }: Verdict, { code }: Answer, line: string): void {
    const { fingerprint } = this.school;
    // Wrong codes are counted, for the roll that they are tried on.
    const isCounted = allowed && code === 'CHECKIN_CODE_INVALID';
    const changes = fingerprint.changes();
    const wrong = changes.find(({ course_id }) => !isCounted || course_id !== it.course?.id);
    if (wrong !== undefined) this.complain([`${line} changed what is kept:`, differenceOf(wrong)]);
    if (changes.length > 0) fingerprint.begin();
  }

  /** The same request about what does not exist is answered in the same way. */
  private async compareWithNothing(it: Case, answer: Answer, line: string): Promise<void> {
    if (it.kind !== 'route') return;
    const { secrets } = this.school.world;
    const { params = {}, query = {}, body } = it.input;
    const nobody = (id: string) => id.replace(/zq[0-9a-z]{12}/, secrets.word());
    const input = { ...it.input };
    if (params.id !== undefined) input.params = { ...params, id: nobody(params.id) };
    else if (query.course_id !== undefined) input.query = { ...query, course_id: nobody(String(query.course_id)) };
    else if (typeof body === 'object' && body !== null && 'course_id' in body) {
      input.body = { ...body, course_id: nobody(String(body.course_id)) };
    } else return;
    const other = await send(this.school, { ...it, input });
    const alike = (of: Answer) => [of.status, of.body, of.headers];
    if (isDeepStrictEqual(alike(answer), alike(other))) return;
    this.complain([`${line} is told that it exists:`, JSON.stringify(alike(answer)), JSON.stringify(alike(other))]);
  }

  private async comeBack({ who }: Case): Promise<void> {
    if (who?.client === undefined) return;
    this.school.witness.expectsPresence = true;
    who.subscribed.clear();
    await who.client.dropAndReturn();
    for (const { sessions } of this.school.world.courses) {
      for (const session of sessions) {
        const isBack = session.state === 'active' && session.followers.has(who.sub);
        if (isBack && this.school.world.isMember(who, session.course)) session.present.add(who);
        else session.present.delete(who);
      }
    }
  }

  // --- what a case has changed ----------------------------------------------------------------------------------

  private async follow(it: Case, answer: Answer, before: Records | null, line: string): Promise<void> {
    const { school } = this;
    const { session, course, what } = it;
    const hasEnded = session?.state === 'active' && ENDS.includes(what);
    if (hasEnded) await school.archived(session);
    // What was sent before the change is judged by how things were before it.
    await school.arrived();
    if (course !== null && !STAYS_AS_IT_IS.includes(what)) await school.look(course);
    this.judge();
    if (it.kind === 'route' && what === 'DELETE /students/:id') {
      this.isSpent = school.world.courses.some(({ ever }) => ever.has(`student ${it.input.params?.id}`));
    }
    if (this.isSpent) return;
    const isElsewhere = ({ course_id }: { course_id: string }) =>
      course_id !== '' && course_id !== (what === 'POST /courses' ? answer.body.id : course?.id);
    const elsewhere = school.fingerprint.changes().find(isElsewhere);
    if (elsewhere !== undefined) this.complain([`${line} changed another course:`, differenceOf(elsewhere)]);
    const other = before === null ? undefined : wronglyChanged(it, before, await recordsOf(school, it));
    if (other !== undefined) this.complain([`${line} changed the record of ${other}`]);
    school.fingerprint.begin();
  }

  /** Who is in which room from now on. */
  private takePart(it: Case, { body }: Answer): void {
    const { world } = this.school;
    const { who, session, course, what } = it;
    if (what === 'POST /courses') world.course(body.id)?.staffedBy(String(body.teacher_id), body.staff as string[]);
    if (what === 'POST /sessions' && course !== null) course.sessions.push(new SessionModel(String(body.id), course));
    if (what === 'POST /sessions/:id/checkin-ticket' && session !== null) session.ticket = String(body.ticket);
    if (it.kind !== 'event' || who === null || session === null || course === null) return;
    if (what === 'subscribeToCourse') who.subscribed.add(course);
    if (what === 'unsubscribeFromCourse') who.subscribed.delete(course);
    if (what === 'leaveAttendanceSession') {
      session.present.delete(who);
      const stays = [...session.present].some(({ sub }) => sub === who.sub);
      if (!stays) session.followers.delete(who.sub);
    } else if (what === 'joinAttendanceSession' || what === 'startAttendanceSession') {
      session.present.add(who);
      session.followers.add(who.sub);
      const student_id = session.course.studentOf(who.sub);
      if (who.role === 'student' && student_id !== undefined) session.joined.add(student_id);
    }
  }

  private count({ kind, what }: Case, verdict: Verdict): void {
    if (kind !== 'event' && kind !== 'route') return;
    const seen = this.seen.get(what) ?? { allowed: 0, refused: 0 };
    seen[verdict.allowed ? 'allowed' : 'refused'] += 1;
    this.seen.set(what, seen);
  }

  private complain(lines: string[]): void {
    if (lines.length > 0) throw new Complaint(lines.join('\n'));
  }
}

const repliesTo = (it: Case): readonly string[] =>
  it.kind === 'event' ? [...(EVENTS[it.what]?.replies ?? []), 'attendanceError', 'activeSessionsError'] : [];

/** A case in one line. */
const lineOf = (it: Case, verdict: Verdict): string => {
  const of = it.course === null ? 'nothing' : `${it.course.name}${it.session === null ? '' : `, ${it.session.state}`}`;
  const sent = it.kind === 'event' ? it.payload : it.kind === 'route' ? it.input : {};
  const isToken = it.kind !== 'route' && 'token' in it && it.token !== undefined;
  const text = isToken ? `a token: ${it.token}` : JSON.stringify(sent).slice(0, 500);
  const expected = `${verdict.allowed ? 'allowed' : 'refused'}: ${verdict.codes.join(' or ')}`;
  return `[${it.who?.is ?? 'nobody'} → ${it.what} about ${of} (${expected}) ${text}]`;
};
