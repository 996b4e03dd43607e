/** The people of the tests and their tokens. Their names carry markers that must never turn up where they do not belong. */
import { createHmac, randomBytes } from 'node:crypto';
import type { Role } from '../../src/contract/nouns.ts';

/** Part of every student's name: a student may never receive it, and no log may hold it. */
export const STUDENT_MARK = 'Canary';
/** Part of every staff member's name: students see who marked them, logs do not hold it. */
export const STAFF_MARK = 'Namesake';
/** Part of every remark. */
export const REMARK_MARK = 'Confidential';
/** Part of every e-mail address. */
export const MAIL_MARK = '@canary.example';

export type Person = { role: Role; sub: string; name: string; claims?: Record<string, unknown> };
/** A student as enrolled, and the person who is that student. */
export type Student = Person & { student_id: string; roll: string };

/** An id that no other test has used. */
export const freshId = (prefix: string): string => `${prefix}-${randomBytes(6).toString('hex')}`;

export const staffMember = (role: 'teacher' | 'admin' | 'service' = 'teacher', sub = freshId(role)): Person => ({
  role,
  sub,
  name: `${STAFF_MARK} ${sub}`,
  claims: { email: `${sub}${MAIL_MARK}` },
});

/** Every other student's token carries a user id that is not their student id. */
export const student = (number: number, prefix = freshId('s')): Student => {
  const student_id = `${prefix}_${number}`;
  return {
    role: 'student',
    sub: number % 2 === 0 ? student_id : `user.${student_id}`,
    student_id,
    roll: `R-${number}`,
    name: `${STUDENT_MARK} ${number} of ${prefix}`,
    claims: { email: `${student_id}${MAIL_MARK}`, picture: `https://pictures.example/${student_id}.png` },
  };
};

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT as any issuer would make it, signed with HS256; `header` and `secret` can be wrong on purpose. */
export const signToken = (claims: object, secret: string, header: object = { alg: 'HS256', typ: 'JWT' }): string => {
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};

/** Claims of a person; `now` in milliseconds. */
export const claimsOf = (
  { role, sub, name, claims }: Person,
  now: number,
  lifetime_s = 3600,
): Record<string, unknown> => ({
  sub,
  role,
  name,
  iat: Math.floor(now / 1000),
  exp: Math.floor(now / 1000) + lifetime_s,
  ...claims,
});
