/** A teacher and three students, each in a browser of their own, through a whole class. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { browsing, describeWithBrowser } from '../support/browser-needed.ts';
import type { Classroom } from '../support/classroom.ts';
import { FixedClock, MINUTE_MS } from '../support/fixed-clock.ts';
import { InProcess } from '../support/in-process.ts';
import { SessionPage } from '../support/session-page.ts';
import { BROWSER_TEST_MS, ON_A_PHONE, type Scanned, StudentPage } from '../support/student-page.ts';
import { Teaching } from '../support/teaching.ts';

vi.setConfig({ testTimeout: BROWSER_TEST_MS, hookTimeout: BROWSER_TEST_MS });

describeWithBrowser('a whole class', () => {
  const clock = new FixedClock(Date.now());
  const node = new InProcess({ clock });
  const { context } = browsing();
  const opened: StudentPage[] = [];
  beforeAll(() => node.start());
  afterEach(() => {
    for (const it of opened.splice(0)) it.shown.expectNoFaults();
    node.settle();
  });
  afterAll(() => node.stop());

  const open = async (scanned: Scanned): Promise<StudentPage> => {
    const it = await StudentPage.open(await context(ON_A_PHONE), node.nodes[0]?.url ?? '', scanned);
    opened.push(it);
    return it;
  };
  const teaching = async (room: Classroom): Promise<Teaching> => {
    const on = await SessionPage.open(await context(), node, room, room.teacher);
    return new Teaching(on);
  };

  test('start, check in by scan, by typed code and late, marks, end: everybody sees the same', async () => {
    const room = await node.classroom({ students: 3, checkin: { code: 'rotating', late_after_minutes: 10 } });
    const { session_id } = room;
    const [one, two, three] = [0, 1, 2].map((i) => room.student(i)) as [
      Classroom['students'][0],
      Classroom['students'][0],
      Classroom['students'][0],
    ];
    const teacher = await teaching(room);

    // The first waits for the class to start, and types the code.
    const early = await open({ session_id, token: node.token(one) });
    await early.heading('The class has not started yet').waitFor();
    await early.page.getByText('Live', { exact: true }).waitFor();
    await teacher.start();
    await early.codeField.fill(await teacher.code());
    await early.button.tap();
    await early.isIn();
    await teacher.sees(one, 'present');

    // The second scans, and has to sign in.
    const scanned = await open({ session_id, code: await teacher.code() });
    await scanned.said('Your code is kept until').waitFor();
    await scanned.page.getByLabel('Paste a token').fill(node.token(two));
    await scanned.page.getByRole('button', { name: 'Use this token' }).tap();
    await scanned.button.tap();
    await scanned.isIn();
    await teacher.sees(two, 'present');

    // The third is signed in, and late.
    clock.advance(12 * MINUTE_MS);
    const late = await open({ session_id, token: node.token(three), code: await teacher.code() });
    await late.button.tap();
    await late.isIn('You are here, late');
    await teacher.sees(three, 'late');

    await teacher.mark(three, 'present');
    await late.isIn('You are here');
    await teacher.mark(one, 'excused');
    await early.isIn('Excused');
    expect(await scanned.heading('You are here').isVisible()).toBe(true);

    await teacher.end();
    for (const [it, status] of [
      [early, 'Excused'],
      [scanned, 'Present'],
      [late, 'Present'],
    ] as const) {
      await it.heading('The class is over').waitFor();
      await it.page.getByText(status).last().waitFor();
      await it.expectFit();
    }
    await teacher.on.expectAccessible();
    teacher.on.console.expectNoFaults();
    const { attendanceRecords } = await room.archived();
    expect(attendanceRecords.map(({ status }) => status)).toEqual(['excused', 'present', 'present']);
    await late.page.getByRole('link', { name: 'My attendance' }).tap();
    await late.page.getByText('100 %').waitFor();
  });
});
