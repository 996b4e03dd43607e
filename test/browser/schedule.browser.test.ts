/** Planning sessions on the page of their course, and starting one that nobody planned. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeWithBrowser } from '../support/browser-needed.ts';
import type { Classroom } from '../support/classroom.ts';
import { until } from '../support/until.ts';
import { BROWSER_TEST_MS, consolePeople } from './console-people.ts';

/** More than there are things to stop at on any page here. */
const MOST_TABS = 60;

describeWithBrowser('planning sessions in the console', () => {
  const { node, open } = consolePeople();

  const sessionsOf = async ({ rest, course_id }: Classroom) =>
    (await rest.call('listSessions', { query: { course_id } })).items;
  const titled = (classroom: Classroom, title: string) =>
    until(`there is a session ${title}`, async () =>
      (await sessionsOf(classroom)).find((session) => session.title === title),
    );

  /** Where the keyboard is: the label or the text of what has the focus. */
  const focused = (page: Page): Promise<string> =>
    page.evaluate(() => {
      const { document } = globalThis as unknown as {
        document: { activeElement: { labels?: ArrayLike<{ textContent: string }>; textContent: string } | null };
      };
      const it = document.activeElement;
      return (it?.labels?.[0]?.textContent ?? it?.textContent ?? '').trim();
    });

  const tabTo = async (page: Page, label: string): Promise<void> => {
    for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
      if ((await focused(page)).startsWith(label)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`the keyboard does not reach ${label}`);
  };

  test(
    'with the keyboard alone a session is planned: text, times in the course’s time zone, and rules',
    async () => {
      const classroom = await node.classroom({ students: 0, timezone: 'America/New_York' });
      const { page } = await open(classroom.teacher, `/courses/${classroom.course_id}`);
      await page.getByText(`Meeting ${classroom.session_id}`, { exact: true }).first().waitFor();
      await tabTo(page, 'Schedule a session');
      await page.keyboard.press('Enter');
      await tabTo(page, 'Title');
      await page.keyboard.type('By keyboard');
      await tabTo(page, 'Description');
      await page.keyboard.type('No mouse');
      await tabTo(page, 'Starts');
      // Month and day alike, and the half of the day last: right however the browser orders them.
      await page.keyboard.type('090920370830a');
      expect(await page.getByLabel('Starts').inputValue()).toBe('2037-09-09T08:30');
      expect(await page.getByLabel('Ends (optional)').inputValue()).toBe('2037-09-09T10:00');
      await page.getByText('America/New_York', { exact: false }).getByText('14:30', { exact: false }).waitFor();
      await tabTo(page, 'Kind of check-in');
      await page.keyboard.type('Strict');
      await tabTo(page, 'Closes after');
      expect(await page.getByLabel('Closes after').inputValue()).toBe('20');
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type('25');
      expect(await page.getByLabel('Kind of check-in').inputValue()).toBe('own');
      await page.keyboard.press('Enter');

      await page.getByText('Saved: By keyboard').waitFor();
      expect(await focused(page)).toBe('Schedule a session');
      expect(await titled(classroom, 'By keyboard')).toMatchObject({
        description: 'No mouse',
        starts_at: '2037-09-09T12:30:00.000Z',
        ends_at: '2037-09-09T14:00:00.000Z',
        status: 'scheduled',
        checkin: { opens_before_minutes: 15, late_after_minutes: 5, closes_after_minutes: 25, code: 'rotating' },
      });
      // Told in the course's time zone, and in the reader's where that is another.
      const row = page.getByRole('listitem').filter({ hasText: 'By keyboard' });
      expect(await row.getByRole('time').textContent()).toContain('08:30');
      expect(await row.textContent()).toContain('14:30');

      await tabTo(page, 'Schedule a session');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(await focused(page)).toBe('Schedule a session');
    },
    BROWSER_TEST_MS,
  );

  test(
    'a planned session is changed and cancelled; an end before the start is refused on the spot',
    async () => {
      const classroom = await node.classroom({ students: 0, starts_in_minutes: 60, ends_in_minutes: 120 });
      const { session_id, course_id, rest } = classroom;
      const { page } = await open(classroom.teacher, `/courses/${course_id}`);
      const stored = () => rest.call('getSession', { params: { id: session_id } });
      await page.getByRole('button', { name: `Edit Meeting ${session_id}` }).click();
      expect(await page.getByLabel('Kind of check-in').inputValue()).toBe('relaxed');
      await page.getByLabel('Title').fill('Moved');
      await page.getByLabel('Starts').fill('2037-01-10T09:00');
      await page.getByLabel('Ends (optional)').fill('2037-01-10T08:00');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('The end must be after the start.').waitFor();
      expect((await stored()).title).not.toBe('Moved');
      await page.getByLabel('Ends (optional)').fill('');
      await page.getByLabel('Counts as late after').fill('3');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Saved: Moved').waitFor();
      expect(await stored()).toMatchObject({
        title: 'Moved',
        starts_at: '2037-01-10T09:00:00.000Z',
        ends_at: null,
        checkin: { late_after_minutes: 3 },
      });

      await page.getByRole('button', { name: 'Cancel session Moved' }).click();
      await page.getByLabel('Reason').fill('Snow');
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel session' }).click();
      await page.getByText('Cancelled: Moved').waitFor();
      expect((await stored()).status).toBe('cancelled');
      await page.getByRole('button', { name: 'Edit Moved' }).waitFor({ state: 'detached' });
      await page.getByLabel('Show sessions').selectOption('Planned');
      await page.getByText('No sessions here yet.').waitFor();
    },
    BROWSER_TEST_MS,
  );

  test(
    'a change that comes too late is refused in the service’s words',
    async () => {
      const classroom = await node.classroom({ students: 1 });
      const { session_id, course_id, rest } = classroom;
      const { page } = await open(classroom.teacher, `/courses/${course_id}`);
      await page.getByRole('button', { name: `Edit Meeting ${session_id}` }).click();
      await rest.call('startSession', { params: { id: session_id }, body: {} });
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('alert').getByText('Only a scheduled session can be changed').waitFor();
    },
    BROWSER_TEST_MS,
  );

  test(
    'start now makes a session, starts it and goes to its page',
    async () => {
      const classroom = await node.classroom({ students: 1 });
      const { page } = await open(classroom.teacher, `/courses/${classroom.course_id}`);
      await page.getByRole('button', { name: 'Start now' }).click();
      expect(await page.getByLabel('Title').inputValue()).toContain('Session of');
      await page.getByLabel('Title').fill('Out of the blue');
      await page.getByLabel('Kind of check-in').selectOption('strict');
      await page.getByRole('button', { name: 'Start session' }).click();
      await page.waitForURL('**/sessions/*');
      const session = await titled(classroom, 'Out of the blue');
      expect(session).toMatchObject({ status: 'active', checkin: { code: 'rotating', closes_after_minutes: 20 } });
      expect(page.url()).toContain(`/sessions/${session.id}`);
    },
    BROWSER_TEST_MS,
  );

  test(
    'the list shows twenty at a time, the newest first, and follows what others start and end',
    async () => {
      const classroom = await node.classroom({ students: 1, starts_in_minutes: 10_000 });
      const { session_id, course_id, rest } = classroom;
      for (let i = 1; i <= 22; i += 1) await classroom.schedule(`${session_id}-${i}`, { starts_in_minutes: i * 10 });
      const { page } = await open(classroom.teacher, `/courses/${course_id}`);
      const links = page.getByRole('region', { name: 'Sessions' }).getByRole('link');
      await until('the first twenty are there', async () => (await links.count()) === 20);
      expect(await links.first().textContent()).toBe(`Meeting ${session_id}-22`);
      await page.getByRole('region', { name: 'Sessions' }).getByRole('button', { name: 'Show more' }).click();
      await until('all are there', async () => (await links.count()) === 23);

      const row = page.getByRole('listitem').filter({ has: page.getByText(`Meeting ${session_id}`, { exact: true }) });
      await rest.call('startSession', { params: { id: session_id }, body: {} });
      await row.getByText('Running').waitFor();
      await rest.call('endSession', { params: { id: session_id }, body: {} });
      await row.getByText('Completed').waitFor();
      expect(await links.count()).toBe(23);
    },
    BROWSER_TEST_MS,
  );
});
