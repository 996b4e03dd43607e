/** A student scans and taps once: from the link to the result, on a phone. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { browsing, describeWithBrowser } from '../support/browser-needed.ts';
import type { Classroom } from '../support/classroom.ts';
import { FixedClock, MINUTE_MS } from '../support/fixed-clock.ts';
import { InProcess } from '../support/in-process.ts';
import { LoginPage } from '../support/login-page.ts';
import { BROWSER_TEST_MS, ON_A_PHONE, type Scanned, StudentPage } from '../support/student-page.ts';

vi.setConfig({ testTimeout: BROWSER_TEST_MS, hookTimeout: BROWSER_TEST_MS });

/** Longer than a code lives, and quicker than its ticket ends. */
const SIGN_IN_MS = 90_000;
const WITH_CODE = { checkin: { code: 'rotating' } } as const;

describeWithBrowser('checking in', () => {
  let login: LoginPage;
  let node: InProcess;
  const clock = new FixedClock(Date.now());
  const { context } = browsing();
  const opened: StudentPage[] = [];

  beforeAll(async () => {
    login = await LoginPage.start();
    node = await new InProcess({ clock, env: { LOGIN_URL: login.url } }).start();
  });
  afterEach(async () => {
    for (const it of opened.splice(0)) {
      it.shown.expectNoFaults();
      await it.page.context().close();
    }
    node.settle();
  });
  afterAll(async () => {
    await node?.stop();
    await login?.stop();
  });

  const url = () => node.nodes[0]?.url ?? '';
  const open = async (scanned: Scanned): Promise<StudentPage> => {
    const it = await StudentPage.open(await context(ON_A_PHONE), url(), scanned);
    opened.push(it);
    return it;
  };
  const signedIn = (room: Classroom, index: number, code?: string) =>
    open({
      session_id: room.session_id,
      token: node.token(room.student(index)),
      ...(code === undefined ? {} : { code }),
    });

  test('CODE-1 a scanned code outlives a sign-in of 90 seconds on the school’s own page; then one tap', async () => {
    const room = await node.classroom({ students: 1, ...WITH_CODE });
    const { session_id } = room;
    const teacher = await room.started();
    const { code } = await teacher.does('getCheckInCode', { session_id });
    const it = await open({ session_id, code });
    await it.said('Your code is kept until').waitFor();
    expect(it.page.url()).toBe(`${url()}/join/${session_id}`);
    await it.expectFit();

    login.next = { token: node.token(room.student(0)), meanwhile: () => clock.advance(SIGN_IN_MS) };
    await it.page.getByRole('button', { name: 'Sign in' }).tap();
    await it.signedIn();
    expect(login.asked.at(-1)).toBe(`${url()}/join/${session_id}`);
    expect(it.page.url()).not.toContain('token');
    await it.heading(`Meeting ${session_id}`).waitFor();
    await it.expectFit();
    await it.button.tap();
    await it.isIn();
    expect(await teacher.hears('studentJoinedAttendance')).toMatchObject({ status: 'present' });
    await it.expectFit();
    expect(it.shown.faults).toEqual([`a request to ${login.host}`]);
    it.shown.faults.length = 0;
  });

  test('signed in, the scan alone is enough, also when the tap comes after the code has changed', async () => {
    const room = await node.classroom({ students: 1, ...WITH_CODE });
    const { session_id } = room;
    const teacher = await room.started();
    const { code } = await teacher.does('getCheckInCode', { session_id });
    const it = await signedIn(room, 0, code);
    await it.button.waitFor();
    clock.advance(MINUTE_MS);
    await it.button.tap();
    await it.isIn();
    // Coming back asks for nothing.
    await it.page.reload();
    await it.isIn();
    expect(teacher.payloads('studentJoinedAttendance').filter(({ returned }) => !returned)).toHaveLength(1);
  });

  test('marks and the end come by themselves and are said; who comes late is told so', async () => {
    const room = await node.classroom({ students: 2, checkin: { late_after_minutes: 10 } });
    const { session_id } = room;
    const teacher = await room.started();
    const it = await signedIn(room, 0);
    await it.page.getByText('From 10 minutes after the start you count as late.').waitFor();
    clock.advance(12 * MINUTE_MS);
    await it.button.tap();
    await it.isIn('You are here, late');
    await it.page.getByText(/^Checked in at \d/).waitFor();
    await it.expectFit();
    const { student_id } = room.student(0);
    for (const [status, title] of [
      ['present', 'You are here'],
      ['absent', 'Marked absent'],
      ['excused', 'Excused'],
    ] as const) {
      clock.advance(MINUTE_MS);
      await teacher.does('markStudentAttendance', { session_id, student_id, status });
      await it.isIn(title);
      await it.said(/Your teacher changed your status/).waitFor();
      await it.page.getByText(/^Set by your teacher at \d/).waitFor();
      await it.expectFit();
    }
    await it.page.reload();
    await it.isIn('Excused');
    await it.page.getByText(/^Set by your teacher at \d/).waitFor();

    await teacher.does('endAttendanceSession', { session_id });
    await it.heading('The class is over').waitFor();
    await it.said(/The class is over.*Excused/).waitFor();
    await it.expectFit();
    await room.archived();
    await it.page.reload();
    await it.heading('The class is over').waitFor();
    await it.page.getByText('Excused').waitFor();

    await it.page.getByRole('link', { name: 'My attendance' }).tap();
    await it.heading('My attendance').waitFor();
    await it.page.getByText(`Meeting ${session_id}`).waitFor();
    await it.page.getByText(`Course ${room.course_id}`).waitFor();
    await it.expectFit();
  });

  test('before the start the page waits, and the button comes when the class starts', async () => {
    const room = await node.classroom({ students: 1 });
    const it = await signedIn(room, 0);
    await it.heading('The class has not started yet').waitFor();
    expect(await it.button.isDisabled()).toBe(true);
    await it.expectFit();
    await it.page.getByText('Live', { exact: true }).waitFor();
    const teacher = await room.started();
    await it.said('The class has started').waitFor();
    await it.button.tap();
    await it.isIn();
    await teacher.hears('studentJoinedAttendance');
  });

  test('with the keyboard alone; the result takes the focus of the button that is gone', async () => {
    const room = await node.classroom({ students: 1, ...WITH_CODE });
    const { session_id } = room;
    const teacher = await room.started();
    const it = await signedIn(room, 0);
    await it.codeField.waitFor();
    const { code } = await teacher.does('getCheckInCode', { session_id });
    const focus = () =>
      it.page.evaluate(
        () => (globalThis as unknown as { document: { activeElement: { id: string } } }).document.activeElement.id,
      );
    for (let i = 0; i < 3 && (await focus()) !== 'code'; i += 1) await it.page.keyboard.press('Tab');
    expect(await focus()).toBe('code');
    await it.page.keyboard.type(code);
    await it.page.keyboard.press('Enter');
    await it.isIn();
    expect(await focus()).toBe('result');
  });

  test('a student’s history comes in pages, with its rate', async () => {
    const room = await node.classroom({ students: 1 });
    const { student_id } = room.student(0);
    const ids = [room.session_id];
    for (let i = 1; i < 23; i += 1) ids.push(await room.schedule(`${room.session_id}-${i}`, { starts_in_minutes: i }));
    const teacher = await node.connect(room.teacher);
    for (const [i, session_id] of ids.entries()) {
      await teacher.does('startAttendanceSession', { session_id });
      const attendanceUpdates = [{ student_id, status: i === 0 ? 'late' : i === 1 ? 'absent' : 'present' }];
      await teacher.does('submitAttendance', { session_id, attendanceUpdates });
    }
    for (const id of ids) await room.archived(id);
    const it = await signedIn(room, 0);
    await it.page.getByRole('link', { name: 'My attendance' }).tap();
    await it.page.getByText('95.7 %').waitFor();
    const list = it.page.getByRole('region', { name: 'Classes, newest first' }).getByRole('listitem');
    await expect.poll(() => list.count()).toBe(20);
    await it.page.getByRole('button', { name: 'Show more' }).tap();
    await expect.poll(() => list.count()).toBe(23);
    expect(await list.last().textContent()).toContain('Late');
    await it.expectFit();
  });
});
