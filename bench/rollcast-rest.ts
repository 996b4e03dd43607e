import { eachAtMost } from './bounded.ts';
import * as roster from './roster.ts';

/** Rollcast's courses and sessions, made over REST as a school's own system would. */

/** REST requests under way at the same time. */
const REQUESTS_AT_ONCE = 8;
const REQUEST_DEADLINE_MS = 30_000;
const READY_DEADLINE_MS = 30_000;
const READY_RETRY_MS = 100;

type Request = (method: string, path: string, body: object) => Promise<void>;

/** Resolves when the node says that it can serve. */
export async function ready(url: string): Promise<void> {
  const deadline = performance.now() + READY_DEADLINE_MS;
  for (;;) {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(REQUEST_DEADLINE_MS) });
    const text = await response.text();
    if (response.ok) return;
    if (performance.now() > deadline) throw new Error(`not ready within ${READY_DEADLINE_MS} ms: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, READY_RETRY_MS));
  }
}

/** Makes all courses, and returns what makes a scheduled session in each of them for a round: their ids by class. */
export async function makeCourses(
  url: string,
  secret: string,
  { classes, students }: roster.Size,
): Promise<(round: number) => Promise<string[]>> {
  const token = await roster.tokenSigner(secret)({ id: 'bench', name: 'Benchmark', role: 'service' });
  const request: Request = (method, path, body) => callRest(url + path, token, method, body);
  await eachAtMost(REQUESTS_AT_ONCE, classes, (classIndex) => createCourse(request, classIndex, students));
  return (round) => createSessions(request, classes, round);
}

async function createCourse(request: Request, classIndex: number, students: number): Promise<void> {
  const id = roster.courseId(classIndex);
  const teacher_id = roster.teacherId(classIndex);
  await request('POST', '/api/v1/courses', { id, title: `Course ${classIndex}`, teacher_id });
  const enrollments = Array.from({ length: students }, (_, student) => ({
    student_id: roster.studentId(classIndex, student),
    name: roster.studentName(classIndex, student),
  }));
  await request('PUT', `/api/v1/courses/${id}/enrollments`, { enrollments });
}

/** Makes one scheduled session in every course. */
async function createSessions(request: Request, classes: number, round: number): Promise<string[]> {
  const ids = Array.from({ length: classes }, (_, classIndex) => roster.sessionId(classIndex, round));
  const title = `Meeting ${round}`;
  const date = new Date().toISOString();
  await eachAtMost(REQUESTS_AT_ONCE, classes, async (classIndex) => {
    const course_id = roster.courseId(classIndex);
    await request('POST', '/api/v1/sessions', { id: ids[classIndex], course_id, title, date });
  });
  return ids;
}

/** One request that has to succeed. */
async function callRest(url: string, token: string, method: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(REQUEST_DEADLINE_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
}
