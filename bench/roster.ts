import { SignJWT } from 'jose';

/**
 * Who takes part: the same people, courses and sessions for every server and every run, so that two runs differ in
 * nothing but what they measure. Ids have 24 digits, as long as the ids that existing clients send.
 */

export interface Size {
  classes: number;
  /** Students in each class. */
  students: number;
}

/** Which kind of thing an id names is its first digit. */
const KIND = { course: 1, teacher: 2, student: 3, session: 4 };

function numberedId(kind: number, classIndex: number, rest: number): string {
  return `${kind}${String(classIndex).padStart(8, '0')}${String(rest).padStart(15, '0')}`;
}

export function courseId(classIndex: number): string {
  return numberedId(KIND.course, classIndex, 0);
}

export function teacherId(classIndex: number): string {
  return numberedId(KIND.teacher, classIndex, 0);
}

export function studentId(classIndex: number, student: number): string {
  return numberedId(KIND.student, classIndex, student);
}

/** Every round has a session of its own in each class, so each of its joins is a first join. */
export function sessionId(classIndex: number, round: number): string {
  return numberedId(KIND.session, classIndex, round);
}

export function teacherName(classIndex: number): string {
  return `Teacher ${classIndex}`;
}

export function studentName(classIndex: number, student: number): string {
  return `Student ${classIndex}-${student}`;
}

export interface Person {
  id: string;
  name: string;
  role: 'teacher' | 'student' | 'service';
}

/** Longer than any run may take. */
const TOKEN_LIFETIME = '12h';

/** Returns a function that signs tokens (HS256, as every target reads them) with this secret. */
export function tokenSigner(secret: string): (person: Person) => Promise<string> {
  const key = crypto.subtle.importKey('raw', Buffer.from(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return async (person) =>
    await new SignJWT({ role: person.role, name: person.name })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(person.id)
      .setIssuedAt()
      .setExpirationTime(TOKEN_LIFETIME)
      .sign(await key);
}
