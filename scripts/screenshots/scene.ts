/** What is on the pictures: a made-up course in the fourth week, in the middle of a class. */
import { pino } from 'pino';
import { createApp } from '../../src/app.ts';
import { Rollcast } from '../../src/client/index.ts';
import { type Clock, randomId, systemClock } from '../../src/clock.ts';
import { readConfig } from '../../src/config.ts';
import { API_PREFIX } from '../../src/contract/routes.ts';
import { tokenSigner } from '../../src/demo/signing.ts';
import { STUDENTS, TEACHER } from '../../src/demo/students.ts';
import { createMetrics } from '../../src/metrics.ts';
import { storeReports } from '../../src/metrics-reports.ts';
import { embeddedProfile } from '../../src/profiles/embedded.ts';

const DAY_MS = 24 * 3600_000;
const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;
const TOKEN_MINUTES = 60;
const COURSE_ID = 'astronomy-1';
const COURSE = 'Astronomy for everyone';
const PAST = ['Finding your way in the sky', 'The Moon and its phases', 'Light and telescopes', 'The inner planets'];
const LIVE = 'Jupiter and its moons';
const NEXT = ['Saturn’s rings', 'Comets and asteroids'];
const CHECKIN = { late_after_minutes: 10, closes_after_minutes: 30, code: 'rotating' };

export type Scene = {
  url: string;
  course_id: string;
  /** The session that runs. */
  live: string;
  teacher: string;
  student: string;
  /** Of this moment. */
  code: () => Promise<string>;
  close: () => Promise<void>;
};

/** dir: for the node's data. */
export const openScene = async (dir: string): Promise<Scene> => {
  const config = readConfig({ DATA_DIR: dir, HOST: '127.0.0.1', PORT: '0', DRAIN_TIMEOUT_MS: '2000' });
  // Past classes are held in the past.
  let ago = 0;
  const clock: Clock = () => systemClock() - ago;
  const logger = pino({ level: 'error' });
  const metrics = createMetrics();
  const profile = embeddedProfile({ config, clock, makeId: randomId, journal: storeReports(metrics).journal });
  const app = createApp({ config, logger, clock, makeId: randomId, random: Math.random, metrics, profile });
  const { secret } = app;
  if (secret === null) throw new Error('a node that is not told a secret makes one');
  const { port } = await app.start();
  const url = `http://127.0.0.1:${port}`;
  const sign = tokenSigner(secret, config, systemClock);
  const service = await sign({ sub: 'registrar', role: 'service' }, TOKEN_MINUTES);
  const rest = (method: string, path: string, body: object) => call(url, service, method, path, body);
  await rest('POST', '/courses', { id: COURSE_ID, title: COURSE, teacher_id: TEACHER.id, timezone: 'Europe/Berlin' });
  await rest('PUT', `/courses/${COURSE_ID}/enrollments`, {
    enrollments: STUDENTS.map(({ id, name }, i) => ({ student_id: id, name, roll: String(i + 1) })),
  });
  const session = (id: string, title: string, date: number, checkin: object) =>
    rest('POST', '/sessions', { id, course_id: COURSE_ID, title, date, checkin, ends_at: date + 90 * MINUTE_MS });

  for (const [i, title] of PAST.entries()) {
    ago = (PAST.length - i) * 7 * DAY_MS;
    await session(`class-${i + 1}`, title, clock(), { late_after_minutes: 10 });
    await rest('POST', `/sessions/class-${i + 1}/start`, {});
    await rest('POST', `/sessions/class-${i + 1}/marks`, { updates: marksOf(i) });
    await rest('POST', `/sessions/class-${i + 1}/end`, {});
  }
  ago = 0;
  for (const [i, title] of NEXT.entries())
    await session(`next-${i + 1}`, title, clock() + (i + 1) * 7 * DAY_MS, CHECKIN);
  const live = 'class-5';
  await session(live, LIVE, Math.floor(clock() / QUARTER_MS) * QUARTER_MS, CHECKIN);

  const teacher = await sign({ sub: TEACHER.id, role: 'teacher', name: TEACHER.name }, TOKEN_MINUTES);
  const clients: Rollcast[] = [];
  const connected = (token: string): Rollcast => {
    const it = new Rollcast({ url, token }).connect();
    clients.push(it);
    return it;
  };
  const staff = connected(teacher).session(live);
  await staff.start();
  const code = async () => (await staff.checkInCode()).code;
  // The first one is whose phone is on the pictures.
  const [me, ...others] = STUDENTS;
  for (const { id, name } of others.slice(0, 17)) {
    const client = connected(await sign({ sub: id, role: 'student', name }, TOKEN_MINUTES));
    await client.session(live).join({ code: await code() });
  }
  await staff.mark(others[19]?.id ?? '', 'late');
  await staff.mark(others[20]?.id ?? '', 'excused', { remarks: 'Orchestra' });
  await staff.mark(others[21]?.id ?? '', 'absent');
  return {
    url,
    course_id: COURSE_ID,
    live,
    teacher,
    student: await sign({ sub: me?.id ?? '', role: 'student', name: me?.name }, TOKEN_MINUTES),
    code,
    close: async () => {
      for (const it of clients) it.close();
      await app.drain();
    },
  };
};

/** Most come; some are late, ill or excused, not always the same. */
const marksOf = (week: number): object[] =>
  STUDENTS.map(({ id }, i) => {
    const n = (i * 7 + week * 5) % 23;
    return { student_id: id, status: n === 0 ? 'absent' : n === 3 ? 'excused' : n % 9 === 5 ? 'late' : 'present' };
  });

const call = async (url: string, token: string, method: string, path: string, body: object): Promise<void> => {
  const response = await fetch(`${url}${API_PREFIX}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
};
