/** A roster as a request brings it, JSON or CSV, made whole enrollments: all of them good, or none. */
import { refuse } from '../contract/errors.ts';
import type { Enrollment } from '../contract/nouns.ts';
import type { EnrollmentInput } from '../contract/rest-shapes.ts';
import { ROLL_MAX_STUDENTS } from '../limits.ts';
import type { Registry } from '../registry/registry.ts';
import { parseRoster } from './csv.ts';

type RosterBody = { enrollments: EnrollmentInput[] } | string | undefined;

/**
 * INVALID_PAYLOAD naming the field or, for CSV, every bad line. What is left out: status is approved; user_id and roll
 * stay as they are for a student who is known, else the user_id is the student_id and there is no roll number.
 */
export const rosterFrom = async (registry: Registry, course_id: string, body: RosterBody): Promise<Enrollment[]> => {
  const { rows: inputs, lines } = inputsOf(body);
  const ids = inputs.map(({ student_id }) => student_id);
  const known = new Map((await registry.enrollmentsOf(course_id, ids)).map((it) => [it.student_id, it]));
  const enrollments = inputs.map(({ student_id, name, ...given }): Enrollment => {
    const before = known.get(student_id);
    return {
      student_id,
      user_id: given.user_id ?? before?.user_id ?? student_id,
      name,
      roll: given.roll === undefined ? (before?.roll ?? null) : given.roll,
      status: given.status ?? 'approved',
    };
  });
  assertDistinct(enrollments, lines);
  await assertFits(registry, course_id, enrollments);
  return enrollments;
};

/** lines: of a CSV, where each row stands. */
type Inputs = { rows: EnrollmentInput[]; lines?: number[] };

const inputsOf = (body: RosterBody): Inputs => {
  if (body === undefined) throw refuse('INVALID_PAYLOAD', 'enrollments: required', { field: 'enrollments' });
  if (typeof body !== 'string') return { rows: body.enrollments };
  const { rows, lines, errors } = parseRoster(body);
  if (errors.length === 0) return { rows, lines };
  throw badLines(errors);
};

const assertDistinct = (enrollments: Enrollment[], lines: number[] | undefined): void => {
  const bad: { line: number; message: string }[] = [];
  for (const column of ['student_id', 'user_id'] as const) {
    const seen = new Map<string, number>();
    for (const [index, enrollment] of enrollments.entries()) {
      const first = seen.get(enrollment[column]);
      if (first === undefined) {
        seen.set(enrollment[column], index);
      } else if (lines !== undefined) {
        bad.push({ line: lines[index] ?? 0, message: `the same ${column} as on line ${lines[first]}` });
      } else {
        const field = `enrollments.${index}.${column}`;
        throw refuse('INVALID_PAYLOAD', `${field}: the same ${column} is named twice`, { field });
      }
    }
  }
  if (bad.length > 0) throw badLines(bad);
};

const badLines = (lines: { line: number; message: string }[]) =>
  refuse('INVALID_PAYLOAD', `The CSV has bad lines, the first is line ${lines[0]?.line}`, { lines });

/** A course whose students do not fit on one roll could not be started. */
const assertFits = async (registry: Registry, course_id: string, enrollments: Enrollment[]): Promise<void> => {
  const approved = new Set((await registry.approvedEnrollments(course_id)).map(({ student_id }) => student_id));
  for (const { student_id, status } of enrollments) {
    if (status === 'approved') approved.add(student_id);
    else approved.delete(student_id);
  }
  if (approved.size <= ROLL_MAX_STUDENTS) return;
  const message = `A course has at most ${ROLL_MAX_STUDENTS} approved students`;
  throw refuse('INVALID_PAYLOAD', message, { field: 'enrollments' });
};
