/** What each receiver may know, and who may hear what: the checks of everything that anybody is answered or told. */
import { HEARD_BY, HEARD_BY_STUDENTS, NOT_FOR_STUDENTS } from './policy-audience.ts';
import { type Fact, readable, wordsIn } from './policy-secrets.ts';
import type { CourseModel, Member, World } from './policy-world.ts';

/** Where something was received: the name of a server event, of an asker's event, or of a route. */
export type Where = string;

const EXPORT = 'GET /students/:id/export';
const HISTORY = 'GET /students/:id/attendance';
/** Where students meet the ids of others. */
const ABOUT_OTHERS = ['attendanceUpdated', 'attendanceBulkUpdated'];

export const mayKnow = (world: World, who: Member | null, fact: Fact, where: Where): boolean => {
  if (who === null) return false;
  if (who.role === 'admin' || who.role === 'service') return true;
  const { courses } = world;
  const isStudent = who.role === 'student';
  /** What is held about them, also by courses that they are not in any more. */
  const isOwn = (course: CourseModel, routes: Where[]) =>
    isStudent && routes.includes(where) && course.ever.has(`user ${who.sub}`);
  const of = (id: string) => world.course(id) as CourseModel;

  const mayKnowUser = (user_id: string, part: 'id' | 'name' | 'picture'): boolean => {
    if (user_id === who.sub && (part === 'id' || !isStudent || where === EXPORT)) return true;
    return courses.some((course) => {
      if (course.ever.has(`user ${user_id}`) && world.isStaff(who, course)) return true;
      const actsHere = course.ever.has(`staff ${user_id}`) || world.everywhere.has(user_id);
      return actsHere && part !== 'picture' && (world.isMember(who, course) || isOwn(course, [EXPORT]));
    });
  };

  switch (fact.of) {
    case 'course':
      return world.isMember(who, of(fact.course_id)) || isOwn(of(fact.course_id), [EXPORT, HISTORY]);
    case 'reason':
      return world.isStaff(who, of(fact.course_id));
    case 'line': {
      const course = of(fact.course_id);
      const isThem = isStudent && course.ever.has(`${who.sub} is ${fact.student_id}`);
      return world.isStaff(who, course) || (isThem && where === EXPORT);
    }
    case 'student': {
      const { student_id } = fact;
      // One id may be both.
      if (mayKnowUser(student_id, 'id')) return true;
      return courses.some((course) => {
        if (!course.ever.has(`student ${student_id}`)) return false;
        if (world.isStaff(who, course)) return true;
        if (isStudent && course.ever.has(`${who.sub} is ${student_id}`)) return true;
        return world.visibility === 'room' && ABOUT_OTHERS.includes(where) && world.isMember(who, course);
      });
    }
    case 'user':
      return mayKnowUser(fact.user_id, fact.part);
  }
};

/** What of it the receiver may not know; null: nothing. echo: words that they have just sent themselves. */
export const leakIn = (
  world: World,
  who: Member | null,
  where: Where,
  value: unknown,
  echo: ReadonlySet<string>,
): string | null => {
  for (const { word, fact } of world.secrets.in(readable(value))) {
    if (echo.has(word) || mayKnow(world, who, fact, where)) continue;
    return `${nameOf(who)} received ${word}, which tells ${JSON.stringify(fact)}, in ${where}`;
  }
  if (who?.role !== 'student' || where === EXPORT) return null;
  const key = keysOf(value).find((it) => NOT_FOR_STUDENTS.includes(it));
  return key === undefined ? null : `${nameOf(who)} received the key ${key} in ${where}`;
};

/** What is wrong with hearing this at all; null: nothing. */
export const wrongAudience = (
  world: World,
  who: Member,
  event: string,
  payload: Record<string, unknown>,
): string | null => {
  const override = who.role === 'student' ? HEARD_BY_STUDENTS[world.visibility][event] : undefined;
  const audience = override === undefined ? HEARD_BY[event] : override;
  const session = world.session(payload.session_id);
  const course = world.course(payload.course_id) ?? session?.course;
  const wrong = (why: string) => `${nameOf(who)} heard ${event}, ${why}`;
  if (course === undefined) return wrong('of a course that nobody knows');
  const isHere = session?.present.has(who) === true;
  switch (audience) {
    case 'staff':
      return isHere && world.isStaff(who, course) ? null : wrong('not as staff in the session');
    case 'room':
      return isHere && world.isMember(who, course) ? null : wrong('not in the session');
    case 'self':
      return isHere && world.isMember(who, course) && course.studentOf(who.sub) === payload.student_id
        ? null
        : wrong('about somebody else');
    case 'course':
      return who.subscribed.has(course) && world.isMember(who, course) ? null : wrong('not subscribed');
    case 'asker':
      return wrong('which they did not ask for');
    default:
      return wrong('which is not for them');
  }
};

/** The same for an event that was missed: whoever was told of it then may have left since. */
export const wrongReplay = (world: World, who: Member, event: string, data: Record<string, unknown>): string | null => {
  const course = world.session(data.session_id)?.course;
  const wrong = `${nameOf(who)} is told of a missed ${event}, which was not for them`;
  if (course === undefined) return wrong;
  if (world.isStaff(who, course)) return null;
  const override = HEARD_BY_STUDENTS[world.visibility][event];
  const audience = override === undefined ? HEARD_BY[event] : override;
  if (audience === 'self') return course.studentOf(who.sub) === data.student_id ? null : wrong;
  return audience === 'room' ? null : wrong;
};

const nameOf = (who: Member | null): string => (who === null ? 'nobody' : `the ${who.is} (${who.sub})`);

const keysOf = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.values(value).flatMap(keysOf);
  return Array.isArray(value) ? below : [...Object.keys(value), ...below];
};

export const echoOf = (sent: unknown): ReadonlySet<string> => wordsIn(JSON.stringify(sent) ?? '');
