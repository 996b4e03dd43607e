import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { eachAtMost } from './bounded.ts';
import { BenchProcess, freePort } from './child-process.ts';
import * as roster from './roster.ts';
import type { Target, TargetOptions } from './target.ts';

/** REST requests under way at the same time while courses and sessions are made. */
const REQUESTS_AT_ONCE = 8;
const REQUEST_DEADLINE_MS = 30_000;
const READY_DEADLINE_MS = 30_000;
const READY_RETRY_MS = 100;
/** Well above what closing the sockets of one run takes; the process is killed a little later. */
const DRAIN_TIMEOUT_MS = 10_000;

/**
 * Starts one real Rollcast node, embedded, in its default configuration, and makes its courses and sessions over REST
 * as a school's own system would.
 */
export async function startRollcast(name: string, options: TargetOptions): Promise<Target> {
  const { classes, students, dataParent, cleanup } = options;
  const dataDir = await mkdtemp(join(dataParent, 'rollcast-bench-'));
  cleanup.add(() => rm(dataDir, { recursive: true, force: true }));
  const port = await freePort();
  const secret = randomBytes(32).toString('hex');
  const script = new URL('../src/main.ts', import.meta.url);
  const nodeOptions = ['--import', new URL('./cpu-probe.ts', import.meta.url).href];
  const env = {
    PORT: String(port),
    HOST: '127.0.0.1',
    DATA_DIR: dataDir,
    JWT_SECRET: secret,
    LOG_LEVEL: 'warn',
    DRAIN_TIMEOUT_MS: String(DRAIN_TIMEOUT_MS),
  };
  const server = new BenchProcess({ name, script, nodeOptions, env }, cleanup);
  const url = `http://127.0.0.1:${port}`;
  await server.accepts(port);
  await ready(url);

  const token = await roster.tokenSigner(secret)({ id: 'bench', name: 'Benchmark', role: 'service' });
  const request: Request = (method, path, body) => callRest(url + path, token, method, body);
  await eachAtMost(REQUESTS_AT_ONCE, classes, (classIndex) => createCourse(request, classIndex, students));
  return {
    name,
    url,
    secret,
    processes: [server],
    storedEvent: 'attendancePersisted',
    createSessions: (round) => createSessions(request, classes, round),
  };
}

type Request = (method: string, path: string, body: object) => Promise<void>;

/** Resolves when the node says that it can serve. */
async function ready(url: string): Promise<void> {
  const deadline = performance.now() + READY_DEADLINE_MS;
  for (;;) {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(REQUEST_DEADLINE_MS) });
    const text = await response.text();
    if (response.ok) return;
    if (performance.now() > deadline) throw new Error(`not ready within ${READY_DEADLINE_MS} ms: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, READY_RETRY_MS));
  }
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
