/** What keeps a student from checking in is said clearly, with what to do about it; and then they do it. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { browsing, describeWithBrowser } from '../support/browser-needed.ts';
import type { Classroom } from '../support/classroom.ts';
import { FixedClock, MINUTE_MS } from '../support/fixed-clock.ts';
import { InProcess } from '../support/in-process.ts';
import { BROWSER_TEST_MS, ON_A_PHONE, type Scanned, StudentPage } from '../support/student-page.ts';

vi.setConfig({ testTimeout: BROWSER_TEST_MS, hookTimeout: BROWSER_TEST_MS });

const WITH_CODE = { checkin: { code: 'rotating' } } as const;
const WRONG_CODES_MAX = 5;

describeWithBrowser('checking in, refused', () => {
  const clock = new FixedClock(Date.now());
  const node = new InProcess({ clock });
  const { context } = browsing();
  const opened: StudentPage[] = [];

  beforeAll(() => node.start());
  afterEach(async () => {
    for (const it of opened.splice(0)) {
      it.shown.expectNoFaults();
      await it.page.context().close();
    }
    node.settle();
  });
  afterAll(() => node.stop());

  const open = async (scanned: Scanned): Promise<StudentPage> => {
    const browser = await context(ON_A_PHONE);
    // The service's time; it passes as always, until a test winds it on.
    await browser.clock.install({ time: clock.now });
    const it = await StudentPage.open(browser, node.nodes[0]?.url ?? '', scanned);
    opened.push(it);
    return it;
  };
  const signedIn = (room: Classroom, index = 0) =>
    open({ session_id: room.session_id, token: node.token(room.student(index)) });
  const pasteToken = async (it: StudentPage, token: string): Promise<void> => {
    await it.page.getByLabel('Paste a token').fill(token);
    await it.page.getByRole('button', { name: 'Use this token' }).tap();
    await it.signedIn();
  };
  /** Six digits that are not the code. */
  const wrong = (code: string): string => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

  test('CODE-1 a code is asked for, a wrong one is said to be wrong, and after five of them it says how long to wait', async () => {
    const room = await node.classroom({ students: 1, ...WITH_CODE });
    const { session_id } = room;
    const teacher = await room.started();
    const it = await signedIn(room);
    await it.codeField.fill('12');
    await it.button.tap();
    await it.alert('The code has six digits').waitFor();
    const { code } = await teacher.does('getCheckInCode', { session_id });
    for (let i = 1; i <= WRONG_CODES_MAX; i += 1) {
      await it.codeField.fill(wrong(code));
      await it.button.tap();
      await it.alert('wrong or too old').waitFor();
      if (i === 1) await it.expectFit();
      await it.codeField.fill('');
      await it.button.waitFor();
    }
    await it.codeField.fill(code);
    await it.button.tap();
    await it.alert('Too many wrong codes').waitFor();
    expect(await it.button.isDisabled()).toBe(true);
    await it.expectFit();

    clock.advance(MINUTE_MS);
    await it.page.clock.fastForward(MINUTE_MS);
    await it.alert('You can try again now').waitFor();
    const { code: next } = await teacher.does('getCheckInCode', { session_id });
    // As people read it out.
    await it.codeField.fill(`${next.slice(0, 3)} ${next.slice(3)}`);
    await it.button.tap();
    await it.isIn();
  });

  test('a scanned code that is too old: typed anew before signing in, and it is kept', async () => {
    const room = await node.classroom({ students: 1, ...WITH_CODE });
    const { session_id } = room;
    const teacher = await room.started();
    const { code: old } = await teacher.does('getCheckInCode', { session_id });
    clock.advance(MINUTE_MS);
    const it = await open({ session_id, code: old });
    await it.alert('too old').waitFor();
    await it.expectFit();
    const { code } = await teacher.does('getCheckInCode', { session_id });
    await it.codeField.fill(code);
    await it.page.getByRole('button', { name: 'Use this code' }).tap();
    await it.said('Your code is kept until').waitFor();
    await pasteToken(it, node.token(room.student(0)));
    await it.button.tap();
    await it.isIn();
  });

  test('too many wrong codes before signing in: how long to wait, and the right one works after it', async () => {
    const room = await node.classroom({ students: 1, ...WITH_CODE });
    const { session_id } = room;
    const teacher = await room.started();
    const { code } = await teacher.does('getCheckInCode', { session_id });
    const it = await open({ session_id, code: wrong(code) });
    const use = it.page.getByRole('button', { name: 'Use this code' });
    let answer: { status(): number } | null = null;
    // The scan was the first.
    for (let tries = 1; tries <= WRONG_CODES_MAX; tries += 1) {
      await it.alert('too old').waitFor();
      await it.codeField.fill(wrong(code));
      const answered = it.page.waitForResponse(/checkin-ticket/);
      await use.tap();
      answer = await answered;
    }
    expect(answer?.status()).toBe(429);
    await it.alert('Too many wrong codes').waitFor();
    await it.expectFit();
    clock.advance(MINUTE_MS);
    await it.page.clock.fastForward(MINUTE_MS);
    await it.alert('You can try again now').waitFor();
    await it.codeField.fill((await teacher.does('getCheckInCode', { session_id })).code);
    await use.tap();
    await it.said('Your code is kept until').waitFor();
  });

  test('a ticket that is too old asks for the code that is shown now', async () => {
    const room = await node.classroom({ students: 1, ...WITH_CODE });
    const { session_id } = room;
    const teacher = await room.started();
    const { code } = await teacher.does('getCheckInCode', { session_id });
    const it = await open({ session_id, code });
    await it.said('Your code is kept until').waitFor();
    clock.advance(4 * MINUTE_MS);
    await pasteToken(it, node.token(room.student(0)));
    await it.button.tap();
    await it.alert('The code that you scanned is too old').waitFor();
    await it.codeField.fill((await teacher.does('getCheckInCode', { session_id })).code);
    await it.button.tap();
    await it.isIn();
  });

  test('tapped before check-in opens: it counts down, and checks in by itself', async () => {
    const room = await node.classroom({ students: 1, checkin: { opens_before_minutes: 5 }, starts_in_minutes: 10 });
    const teacher = await room.started();
    const it = await signedIn(room);
    await it.page.getByText('Check-in opens 5 minutes before the planned start.').waitFor();
    await it.button.tap();
    await it.heading(/^Check-in opens at \d/).waitFor();
    await it.page
      .getByText(/That is in [45]:\d\d minutes/)
      .first()
      .waitFor();
    await it.expectFit();
    clock.advance(5 * MINUTE_MS);
    await it.page.clock.fastForward(5 * MINUTE_MS + 1_000);
    await it.isIn();
    expect(teacher.payloads('studentJoinedAttendance')).toHaveLength(1);
  });

  test('after check-in has closed it says whom to tell, and shows what they did', async () => {
    const room = await node.classroom({ students: 1, checkin: { closes_after_minutes: 15 } });
    const { session_id } = room;
    const teacher = await room.started();
    clock.advance(20 * MINUTE_MS);
    const it = await signedIn(room);
    await it.button.tap();
    await it.heading('Check-in is closed').waitFor();
    await it.expectFit();
    const { student_id } = room.student(0);
    await teacher.does('markStudentAttendance', { session_id, student_id, status: 'late' });
    await it.page.getByRole('button', { name: 'Look again' }).tap();
    await it.page.getByText('Your teacher has set for you: ◔ Late').waitFor();
    await it.expectFit();
  });

  test('who is not in the course is told so, and gets in once they are', async () => {
    const room = await node.classroom({ students: 1 });
    await room.started();
    const other = { role: 'student', sub: 'somebody-else', name: 'Some Body' } as const;
    const it = await open({ session_id: room.session_id, token: node.token(other) });
    await it.heading('You are not in this course').waitFor();
    await it.page.getByText('You are signed in as Some Body.').waitFor();
    await it.expectFit();
    await room.enroll([{ ...other, student_id: 'somebody-else', roll: 'R-9' }]);
    await it.page.getByRole('button', { name: 'Try again' }).tap();
    await it.button.tap();
    await it.isIn();
    await room.enroll([{ ...other, student_id: 'somebody-else', roll: 'R-9' }], 'dropped');
    // Nothing is said to them any more: the page asks when it has heard nothing for long.
    await it.page.clock.fastForward(MINUTE_MS);
    await it.page.getByText('You are not in this course any more').waitFor();
    await it.expectFit();
  });

  test('a class that was cancelled, one that is over, and a link that leads nowhere', async () => {
    const room = await node.classroom({ students: 1, ...WITH_CODE });
    const cancelled = await room.schedule(`${room.session_id}-c`);
    await room.rest.call('cancelSession', { params: { id: cancelled }, body: {} });
    const token = node.token(room.student(0));
    const it = await open({ session_id: cancelled, token });
    await it.heading('This class was cancelled').waitFor();
    await it.expectFit();

    const { session_id } = room;
    const teacher = await room.started();
    const late = await open({ session_id, token });
    await late.codeField.waitFor();
    const { code } = await teacher.does('getCheckInCode', { session_id });
    await teacher.does('endAttendanceSession', { session_id });
    await late.codeField.fill(code);
    await late.button.tap();
    await late.heading('The class is over').waitFor();
    await late.page.getByText('Absent').waitFor();

    // Who has not signed in is told the same of both.
    for (const scanned of [
      { session_id: 'no-such-class', code: '123456' },
      { session_id, code },
    ]) {
      const nowhere = await open(scanned);
      await nowhere.said('No class that runs now has this link').waitFor();
      await nowhere.expectFit();
    }
  });

  test('a teacher is told that this is for students, and where to go', async () => {
    const room = await node.classroom();
    const it = await open({ session_id: room.session_id, token: node.token(room.teacher) });
    await it.heading('This page is for students').waitFor();
    await it.expectFit();
    await it.page.getByRole('link', { name: 'Go to the session' }).tap();
    await expect.poll(() => it.page.url()).toContain(`/sessions/${room.session_id}`);
  });

  test('a sign-in that expires is told; who signs in again is where they were', async () => {
    const room = await node.classroom({ students: 1 });
    await room.started();
    const student = room.student(0);
    const it = await open({ session_id: room.session_id, token: node.token(student, 120) });
    await it.button.tap();
    await it.isIn();
    clock.advance(5 * MINUTE_MS);
    await it.alert('Your sign-in has expired').waitFor();
    await it.expectFit();
    await pasteToken(it, node.token(student));
    await it.isIn();
  });
});
