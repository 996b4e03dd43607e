/** Pages of courses as everybody can use them: in light and dark, on a desk and on a phone. */
import { expect, test } from 'vitest';
import { describeWithBrowser } from '../support/browser-needed.ts';
import type { ConsolePage } from '../support/console-page.ts';
import { BROWSER_TEST_MS, consolePeople } from './console-people.ts';

describeWithBrowser('course pages for everybody', () => {
  const { node, open } = consolePeople();

  const DESK = { width: 1280, height: 900 };
  const PHONE = { width: 390, height: 844 };

  /** Nothing sticks out: people read by scrolling one way. */
  const expectNarrow = async ({ page }: ConsolePage) => {
    const [width, seen] = await page.evaluate(() => {
      const { document } = globalThis as unknown as {
        document: { documentElement: { scrollWidth: number; clientWidth: number } };
      };
      return [document.documentElement.scrollWidth, document.documentElement.clientWidth] as const;
    });
    expect(width).toBeLessThanOrEqual(seen);
  };

  test.for([
    ['light', DESK],
    ['dark', DESK],
    ['light', PHONE],
    ['dark', PHONE],
  ] as const)('%s, %o', { timeout: BROWSER_TEST_MS }, async ([colorScheme, viewport]) => {
    const classroom = await node.classroom({ students: 4, timezone: 'America/New_York' });
    const { course_id, session_id, rest, teacher } = classroom;
    for (const id of [session_id, `${session_id}-2`]) {
      if (id !== session_id) await classroom.schedule(id);
      await rest.call('startSession', { params: { id }, body: {} });
      const client = await node.connect(classroom.student(1));
      await client.does('joinAttendanceSession', { session_id: id });
      if (id === session_id) await rest.call('endSession', { params: { id }, body: {} });
    }
    await classroom.archived();
    await classroom.schedule(`${session_id}-3`, { starts_in_minutes: 60, ends_in_minutes: 150 });

    const staff = await open(teacher, '/', { colorScheme, viewport });
    const { page } = staff;
    const look = async () => {
      await staff.expectAccessible();
      await expectNarrow(staff);
    };
    await page.getByRole('link', { name: `Open Meeting ${session_id}-2` }).waitFor();
    await look();
    await page.getByRole('button', { name: 'New course' }).click();
    await page.getByRole('dialog').waitFor();
    await look();
    await page.keyboard.press('Escape');

    await page.getByRole('link', { name: `Course ${course_id}` }).click();
    await page.getByRole('button', { name: 'Change', exact: false }).first().waitFor();
    await page.getByText('Upload a list', { exact: true }).click();
    await page.getByRole('button', { name: `Edit Meeting ${session_id}-3` }).waitFor();
    await look();
    for (const name of ['Schedule a session', 'Start now', 'Add a student', 'Edit course']) {
      await page.getByRole('button', { name }).click();
      await page.getByRole('dialog').waitFor();
      await look();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    await page.getByRole('link', { name: 'Report' }).click();
    await page.getByRole('img', { name: 'oldest first' }).first().waitFor();
    await look();

    const student = await open(classroom.student(0), '/', { colorScheme, viewport });
    await student.page.getByRole('link', { name: `Check in Meeting ${session_id}-2` }).waitFor();
    await student.expectAccessible();
    await expectNarrow(student);
  });
});
