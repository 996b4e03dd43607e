/** Rotating check-in codes and tickets, as a class meets them. */
import { expect, test } from 'vitest';
import { MINUTE_MS } from '../support/fixed-clock.ts';
import type { ClockedDeployment } from '../support/in-process.ts';
import { freshId, student } from '../support/people.ts';
import { RestClient } from '../support/rest-client.ts';
import type { TestClient } from '../support/socket-client.ts';

const SLOT_MS = 15_000;
const WITH_CODE = { checkin: { code: 'rotating' } } as const;

/** Six digits that are not those of now, before or after. */
const wrongCode = (...codes: string[]): string => {
  for (let n = 0; ; n += 1) {
    const code = String(n).padStart(6, '0');
    if (!codes.includes(code)) return code;
  }
};

export const rotatingCodeScenarios = (deployment: () => ClockedDeployment): void => {
  /** On a slot's first instant. */
  const startedWithCode = async (students: number, checkin: object = {}) => {
    const node = deployment();
    node.clock.advance(SLOT_MS - (node.now() % SLOT_MS));
    const room = await node.classroom({ students, checkin: { ...WITH_CODE.checkin, ...checkin } });
    const teacher = await room.started();
    const { session_id } = room;
    const code = async () => (await teacher.does('getCheckInCode', { session_id })).code;
    return { node, room, teacher, session_id, code };
  };
  const anybody = () => new RestClient(deployment().rest({ role: 'student', sub: 'x', name: 'x' }).url, null);
  const ticketOf = (session_id: string, code: string, device_id: string) =>
    anybody().call('checkinTicket', { params: { id: session_id }, body: { code, device_id } });
  /** No log of any node holds one of these. */
  const notLogged = (...secrets: string[]) => {
    for (const { output } of deployment().nodes) {
      // A code alone is six digits, as many a number holds them; whatever else is secret is not there at all.
      for (const it of secrets)
        expect(/^\d+$/.test(it) ? output.split(/\W/).includes(it) : output.includes(it)).toBe(false);
    }
  };

  test('CODE-1 a code is valid in its slot and the next, for this session alone', async () => {
    const { node, room, teacher, session_id, code } = await startedWithCode(4);
    const told = await teacher.does('getCheckInCode', { session_id });
    expect(told).toMatchObject({ session_id, expires_at: new Date(node.now() + SLOT_MS).toISOString() });
    expect(told.code).toMatch(/^\d{6}$/);
    const clients = await Promise.all(room.students.map((it) => node.connect(it)));
    const [now, inNext, tooLate, elsewhere] = clients as [TestClient, TestClient, TestClient, TestClient];
    expect((await now.does('joinAttendanceSession', { session_id, code: told.code })).status).toBe('present');

    const other = await room.schedule(freshId('session'), WITH_CODE);
    await teacher.does('startAttendanceSession', { session_id: other });
    const ofOther = (await teacher.does('getCheckInCode', { session_id: other })).code;
    if (ofOther !== told.code) {
      await elsewhere.refused('joinAttendanceSession', { session_id: other, code: told.code }, 'CHECKIN_CODE_INVALID');
    }

    node.clock.advance(2 * SLOT_MS - 1);
    expect(await code()).not.toBe(told.code);
    expect((await inNext.does('joinAttendanceSession', { session_id, code: told.code })).status).toBe('present');
    node.clock.advance(1);
    await tooLate.refused('joinAttendanceSession', { session_id, code: told.code }, 'CHECKIN_CODE_INVALID');
    await tooLate.refused('joinAttendanceSession', { session_id }, 'CHECKIN_CODE_REQUIRED');
    await tooLate.refused('joinAttendanceSession', { session_id, code: '', ticket: '' }, 'CHECKIN_CODE_REQUIRED');
    // As people type it.
    const typed = (await code()).replace(/^(...)/, ' $1 ');
    expect((await tooLate.does('joinAttendanceSession', { session_id, code: typed })).status).toBe('present');
    notLogged(told.code);
  });

  test('CODE-1 only staff learn it; the link holds it in the fragment; sessions without one say so', async () => {
    const { node, room, teacher, session_id } = await startedWithCode(2);
    const client = await node.connect(room.student(0));
    await client.refused('getCheckInCode', { session_id }, 'FORBIDDEN');
    const stranger = await node.connect(student(1));
    await stranger.refused('getCheckInCode', { session_id }, 'FORBIDDEN');
    const assistant = await node.connect(room.assistant);
    const { code, url } = await assistant.does('getCheckInCode', { session_id });
    expect(code).toBe((await teacher.does('getCheckInCode', { session_id })).code);
    if (url !== undefined) {
      const { pathname, hash, search } = new URL(url);
      expect({ pathname, hash, search }).toEqual({ pathname: `/join/${session_id}`, hash: `#${code}`, search: '' });
    }
    const plain = await room.schedule(freshId('session'));
    await teacher.refused('getCheckInCode', { session_id: plain }, 'SESSION_NOT_ACTIVE');
    await teacher.does('startAttendanceSession', { session_id: plain });
    await teacher.refused('getCheckInCode', { session_id: plain }, 'CONFLICT');
    // One that takes none does not mind one that is sent.
    await client.does('joinAttendanceSession', { session_id: plain, code: '123456' });
    // Staff observe without a code.
    await assistant.does('joinAttendanceSession', { session_id });
  });

  test('CODE-1 five wrong codes a minute per student and session, over all nodes; others are not held up', async () => {
    const { node, room, session_id, code } = await startedWithCode(2);
    const wrong = wrongCode(await code());
    const anywhere = () => node.connect(room.student(0));
    const guesser = await anywhere();
    for (let n = 0; n < 5; n += 1) {
      const client = await anywhere();
      await client.refused('joinAttendanceSession', { session_id, code: wrong }, 'CHECKIN_CODE_INVALID');
      node.clock.advance(1000);
    }
    const limited = await guesser.refused('joinAttendanceSession', { session_id, code: wrong }, 'RATE_LIMITED');
    expect(limited).toMatchObject({ retry_after_ms: 55_000, retryable: true });
    await guesser.refused('joinAttendanceSession', { session_id, code: await code() }, 'RATE_LIMITED');
    const neighbour = await node.connect(room.student(1));
    expect((await neighbour.does('joinAttendanceSession', { session_id, code: await code() })).status).toBe('present');
    node.clock.advance(54_999);
    await guesser.refused('joinAttendanceSession', { session_id, code: await code() }, 'RATE_LIMITED');
    node.clock.advance(1);
    expect((await guesser.does('joinAttendanceSession', { session_id, code: await code() })).status).toBe('present');
  });

  test('CODE-1 a join is refused in order: not approved, the rules, the code; what comes before it does not count', async () => {
    const { node, room, session_id, code } = await startedWithCode(1, { closes_after_minutes: 5 });
    const client = await node.connect(room.student(0));
    const stranger = await node.connect(student(7));
    await stranger.refused('joinAttendanceSession', { session_id, code: 'nonsense' }, 'STUDENT_NOT_ENROLLED');
    node.clock.advance(6 * MINUTE_MS);
    const wrong = { session_id, code: wrongCode(await code()) };
    for (let n = 0; n < 7; n += 1) await client.refused('joinAttendanceSession', wrong, 'CHECKIN_CLOSED');
  });

  test('JOIN-7 300 phones that come back with a stale code, or none, are all in the session again', async () => {
    const { node, room, teacher, session_id, code } = await startedWithCode(300);
    const first = await code();
    const phones = await Promise.all(room.students.map((it) => node.connect(it)));
    await Promise.all(phones.map((it) => it.does('joinAttendanceSession', { session_id, code: first })));
    node.clock.advance(10 * MINUTE_MS);
    await Promise.all(phones.map((it) => it.dropAndReturn()));
    const again = phones.map((it, i) =>
      i % 3 === 0 ? null : it.does('joinAttendanceSession', i % 3 === 1 ? { session_id, code: first } : { session_id }),
    );
    expect((await Promise.all(again)).every((it) => it === null || it.status === 'present')).toBe(true);
    const { student_id } = room.student(5);
    await teacher.does('markStudentAttendance', { session_id, student_id, status: 'late' });
    await Promise.all(phones.map((it) => it.hears('attendanceUpdated', ({ status }) => status === 'late')));
  });

  test('CODE-1 a student scans, takes 90 s to sign in, taps, and is present', async () => {
    const { node, room, session_id, code } = await startedWithCode(2);
    // The browser, before anybody has signed in.
    const answer = await anybody().send('checkinTicket', { params: { id: session_id }, body: { code: await code() } });
    expect(answer.status).toBe(200);
    const { ticket, expires_at } = answer.body as { ticket: string; expires_at: string };
    expect(expires_at).toBe(new Date(node.now() + 3 * MINUTE_MS).toISOString());
    const [setCookie = ''] = answer.headers.getSetCookie();
    expect(setCookie).toMatch(/^rollcast_device=[^;]+;/);
    for (const attribute of ['HttpOnly', 'SameSite=Lax', 'Path=/']) expect(setCookie).toContain(attribute);
    const [cookie = ''] = setCookie.split(';');

    node.clock.advance(90_000);
    const browser = { extraHeaders: { cookie } };
    const other = await node.connect(room.student(1));
    await other.refused('joinAttendanceSession', { session_id, ticket }, 'CHECKIN_CODE_INVALID');
    const client = await node.connect(room.student(0), browser);
    expect((await client.does('joinAttendanceSession', { session_id, ticket })).status).toBe('present');
    // On the second device of the class it is over when it is over.
    node.clock.advance(90_001);
    const late = await node.connect(room.student(1), browser);
    await late.refused('joinAttendanceSession', { session_id, ticket }, 'CHECKIN_CODE_INVALID');
    // But whoever reads the code then, is in, whatever old ticket their app sends with it.
    const both = { session_id, ticket, code: await code() };
    expect((await late.does('joinAttendanceSession', both)).status).toBe('present');
    notLogged(ticket, cookie.split('=')[1] ?? '');
  });

  test('CODE-1 a ticket is for one session and one device; a wrong one counts for nothing', async () => {
    const { node, room, teacher, session_id, code } = await startedWithCode(2);
    const { ticket } = await ticketOf(session_id, await code(), 'phone-1');
    const other = await room.schedule(freshId('session'), WITH_CODE);
    await teacher.does('startAttendanceSession', { session_id: other });
    const phone = { auth: { device_id: 'phone-1' } };
    const client = await node.connect(room.student(0), phone);
    const elsewhere = { session_id: other, ticket };
    for (let n = 0; n < 7; n += 1) await client.refused('joinAttendanceSession', elsewhere, 'CHECKIN_CODE_INVALID');
    for (const bad of ['x', `${ticket}0`, ticket.replace('.', '1.'), '.'.repeat(9), 'zzzzzzzzzzzzzzz.x'])
      await client.refused('joinAttendanceSession', { session_id, ticket: bad }, 'CHECKIN_CODE_INVALID');
    const thief = await node.connect(room.student(1), { auth: { device_id: 'phone-2' } });
    await thief.refused('joinAttendanceSession', { session_id, ticket }, 'CHECKIN_CODE_INVALID');
    expect((await client.does('joinAttendanceSession', { session_id, ticket })).status).toBe('present');
    // A right code beside a ticket that is none, is right.
    const both = { session_id, code: await code(), ticket: 'old' };
    expect((await thief.does('joinAttendanceSession', both)).status).toBe('present');
  });

  test('CODE-1 wrong codes for tickets: five a minute per device, over all nodes; right ones always pass', async () => {
    const { node, session_id, code } = await startedWithCode(1);
    const wrong = wrongCode(await code());
    const body = { code: wrong, device_id: 'guesser' };
    const params = { id: session_id };
    for (let n = 0; n < 5; n += 1) await anybody().refused('checkinTicket', 'CHECKIN_CODE_INVALID', { params, body });
    const limited = await anybody().refused('checkinTicket', 'RATE_LIMITED', { params, body });
    expect(limited).toMatchObject({ status: 429, retryable: true, retry_after_ms: 60_000 });
    await ticketOf(session_id, await code(), 'guesser');
    node.clock.advance(59_999);
    await anybody().refused('checkinTicket', 'RATE_LIMITED', { params, body });
    node.clock.advance(1);
    await anybody().refused('checkinTicket', 'CHECKIN_CODE_INVALID', { params, body: { ...body, code: 'abc' } });
    // A browser is known by the cookie that its first try was given.
    const first = await anybody().send('checkinTicket', { params, body: { code: wrong } });
    expect(first.body).toMatchObject({ code: 'CHECKIN_CODE_INVALID' });
    const cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const browser = { params, body: { code: wrong }, headers: { cookie } };
    for (let n = 0; n < 4; n += 1) await anybody().refused('checkinTicket', 'CHECKIN_CODE_INVALID', browser);
    await anybody().refused('checkinTicket', 'RATE_LIMITED', browser);
  });

  test('CODE-1 600 wrong codes a minute per address and session; right ones always pass', async () => {
    const { session_id, code } = await startedWithCode(1);
    const params = { id: session_id };
    const wrong = wrongCode(await code());
    const guess = (n: number) =>
      anybody().send('checkinTicket', { params, body: { code: wrong, device_id: `device-${n}` } });
    const codes = new Map<string, number>();
    for (let from = 0; from < 620; from += 31) {
      for (const { body } of await Promise.all(Array.from({ length: 31 }, (_, n) => guess(from + n)))) {
        const { code: why } = body as { code: string };
        codes.set(why, (codes.get(why) ?? 0) + 1);
      }
    }
    expect(Object.fromEntries(codes)).toEqual({ CHECKIN_CODE_INVALID: 600, RATE_LIMITED: 20 });
    await ticketOf(session_id, await code(), 'somebody else');
  });

  test('a ticket for a session that is not there, not active, over, or takes no code', async () => {
    const { room, teacher, session_id, code } = await startedWithCode(1);
    const body = { code: await code(), device_id: 'phone' };
    const refused = (id: string, why: 'SESSION_NOT_FOUND' | 'CONFLICT') =>
      anybody().refused('checkinTicket', why, { params: { id }, body });
    await refused(freshId('none'), 'SESSION_NOT_FOUND');
    // Who has not signed in may not know of a session that does not run.
    const plain = await room.schedule(freshId('session'));
    await refused(plain, 'SESSION_NOT_FOUND');
    await teacher.does('startAttendanceSession', { session_id: plain });
    await refused(plain, 'CONFLICT');
    await teacher.does('endAttendanceSession', { session_id });
    await room.archived();
    await refused(session_id, 'SESSION_NOT_FOUND');
    await anybody().refused('checkinTicket', 'INVALID_PAYLOAD', { params: { id: session_id }, body: {} });
  });
};
