/** The page that everybody comes to: what is running, live. */
import { expect, test } from 'vitest';
import { describeWithBrowser } from '../support/browser-needed.ts';
import type { Classroom } from '../support/classroom.ts';
import { staffMember, student } from '../support/people.ts';
import { BROWSER_TEST_MS, consolePeople } from './console-people.ts';

describeWithBrowser('the home page of the console', () => {
  const { node, open } = consolePeople();

  /** Somebody else: the course's own system. */
  const change = (what: 'startSession' | 'endSession', { session_id }: Classroom) =>
    node.service().call(what, { params: { id: session_id }, body: {} });

  test(
    'a teacher sees sessions of all their courses start and end, and is one click away from them',
    async () => {
      const teacher = staffMember();
      const first = await node.classroom({ students: 2, teacher });
      const second = await node.classroom({ students: 1, teacher });
      const { page } = await open(teacher);
      const running = page.getByRole('region', { name: 'Running now' });
      await page.getByText('Live', { exact: true }).waitFor();
      await running.getByText('No session is running.', { exact: false }).waitFor();
      await page.getByRole('link', { name: `Course ${first.course_id}` }).waitFor();

      await change('startSession', second);
      const open_second = running.getByRole('link', { name: `Open Meeting ${second.session_id}` });
      await open_second.waitFor();
      expect(await running.getByRole('status').textContent()).toBe(`Running now: Meeting ${second.session_id}`);
      await change('startSession', first);
      await running.getByRole('link', { name: `Open Meeting ${first.session_id}` }).waitFor();
      await change('endSession', second);
      await open_second.waitFor({ state: 'detached' });

      await running.getByRole('link', { name: `Open Meeting ${first.session_id}` }).click();
      await page.waitForURL(`**/sessions/${first.session_id}`);
    },
    BROWSER_TEST_MS,
  );

  test(
    'a student sees the session of a course of theirs start, and is led to the check-in',
    async () => {
      const classroom = await node.classroom({ students: 1 });
      const other = await node.classroom({ students: 1 });
      const { page } = await open(classroom.student(0), '/', { viewport: { width: 390, height: 780 } });
      const running = page.getByRole('region', { name: 'Running now' });
      await page.getByText('Live', { exact: true }).waitFor();
      await running.getByText('No session is running.', { exact: false }).waitFor();
      await change('startSession', other);
      await change('startSession', classroom);
      const checkIn = running.getByRole('link', { name: `Check in Meeting ${classroom.session_id}` });
      await checkIn.waitFor();
      expect(await running.getByRole('link').count()).toBe(1);
      expect((await checkIn.boundingBox())?.height).toBeGreaterThanOrEqual(44);
      expect(await page.getByRole('button', { name: 'New course' }).count()).toBe(0);
      await change('endSession', classroom);
      await checkIn.waitFor({ state: 'detached' });
      await change('endSession', other);
      await page.getByRole('link', { name: 'Your attendance so far' }).click();
      await page.waitForURL('**/history');
    },
    BROWSER_TEST_MS,
  );

  test(
    'what started and ended while the connection was away shows when it is back',
    async () => {
      const classroom = await node.classroom({ students: 1 });
      const { page } = await open(classroom.student(0));
      await page.getByText('Live', { exact: true }).waitFor();
      await change('startSession', classroom);
      const checkIn = page.getByRole('link', { name: `Check in Meeting ${classroom.session_id}` });
      await checkIn.waitFor();
      await node.killAndRestart();
      await change('endSession', classroom);
      await checkIn.waitFor({ state: 'detached' });
    },
    BROWSER_TEST_MS,
  );

  test(
    'who has nothing yet is told so',
    async () => {
      const teacher = await open(staffMember());
      await teacher.page.getByText('You have no courses yet.', { exact: false }).waitFor();
      const nobody = await open(student(1));
      await nobody.page.getByText('You are not enrolled in a course yet.').waitFor();
    },
    BROWSER_TEST_MS,
  );
});
