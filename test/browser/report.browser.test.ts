/** The report of a course: who was there how often, sorted, searched, opened and downloaded. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeWithBrowser } from '../support/browser-needed.ts';
import type { Classroom } from '../support/classroom.ts';
import { until } from '../support/until.ts';
import { BROWSER_TEST_MS, consolePeople } from './console-people.ts';

describeWithBrowser('the report in the console', () => {
  const { node, open } = consolePeople();

  /** Three sessions of three students: the first is always there, the second once and late, the third excused once. */
  const threeSessions = async (classroom: Classroom): Promise<string[]> => {
    const { rest, session_id: first } = classroom;
    const ids = [first];
    for (const i of [2, 3]) ids.push(await classroom.schedule(`${first}-${i}`, { starts_in_minutes: i }));
    const [, b, c] = classroom.students.map(({ student_id }) => student_id);
    const marks = [
      [{ student_id: b, status: 'late' }],
      [],
      [
        { student_id: b, status: 'absent' },
        { student_id: c, status: 'excused' },
      ],
    ];
    for (const [index, id] of ids.entries()) {
      await rest.call('startSession', { params: { id }, body: {} });
      const client = await node.connect(classroom.student(0));
      await client.does('joinAttendanceSession', { session_id: id });
      const updates = marks[index] ?? [];
      if (updates.length > 0) await rest.call('markAttendance', { params: { id }, body: { updates } });
      await rest.call('endSession', { params: { id }, body: {} });
      await classroom.archived(id);
    }
    return ids;
  };

  const namesIn = (page: Page) =>
    page.evaluate(() => {
      const { document } = globalThis as unknown as {
        document: { querySelectorAll(it: string): Iterable<{ textContent: string }> };
      };
      return [...document.querySelectorAll('tbody th')].map((it) => it.textContent);
    });

  test(
    'counts, rate and trend of each student; sorted, searched, opened, downloaded',
    async () => {
      const classroom = await node.classroom({ students: 3 });
      const [a = '', b = '', c = ''] = classroom.students.map(({ name }) => name);
      const [first = ''] = await threeSessions(classroom);
      const it = await open(classroom.teacher, `/courses/${classroom.course_id}/report`);
      const { page } = it;
      const row = (name: string) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) });
      await row(a).waitFor();
      expect(await row(a).getByRole('cell').allTextContents()).toEqual(
        expect.arrayContaining(['R-1', '100 %', '3', '0']),
      );
      expect(await row(b).getByRole('cell').nth(0).textContent()).toBe('33.3 %');
      expect(await row('All students').getByRole('cell').nth(0).textContent()).toBe('50 %');

      await page.getByRole('img', { name: `${a}, oldest first: Present, Present, Present` }).waitFor();
      await page.getByRole('img', { name: `${b}, oldest first: Late, Absent, Absent` }).waitFor();
      await page.getByRole('img', { name: `${c}, oldest first: Absent, Absent, Excused` }).waitFor();

      expect(await namesIn(page)).toEqual([a, b, c]);
      await page.getByRole('button', { name: 'Rate' }).click();
      expect(await namesIn(page)).toEqual([c, b, a]);
      expect(await page.getByRole('columnheader', { name: 'Rate' }).getAttribute('aria-sort')).toBe('ascending');
      await page.getByRole('button', { name: 'Rate' }).click();
      expect(await namesIn(page)).toEqual([a, b, c]);
      expect(await page.getByRole('columnheader', { name: 'Rate' }).getAttribute('aria-sort')).toBe('descending');

      await page.getByLabel('Search students').fill('r-2');
      await page.getByText('1 of 3').waitFor();
      expect(await namesIn(page)).toEqual([b]);
      await page.getByRole('button', { name: b }).click();
      const details = page.getByRole('list', { name: `Every session of ${b}` });
      await details.getByText('Late').waitFor();
      await it.expectAccessible();

      const [saved] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Download CSV' }).click(),
      ]);
      expect(saved.suggestedFilename()).toBe(`report-${classroom.course_id}.csv`);
      const lines = (await readFile(await saved.path(), 'utf8')).trim().split(/\r?\n/);
      expect(lines).toHaveLength(4);
      expect(lines[1]).toContain(a);

      await details.getByRole('link', { name: `Meeting ${first}`, exact: true }).click();
      await page.waitForURL(`**/sessions/${first}`);
    },
    BROWSER_TEST_MS,
  );

  test(
    'before the first session has ended there is nothing to report',
    async () => {
      const { course_id, teacher } = await node.classroom({ students: 1 });
      const { page } = await open(teacher, `/courses/${course_id}/report`);
      await page.getByText('There is nothing to report', { exact: false }).waitFor();
    },
    BROWSER_TEST_MS,
  );

  test(
    'trends are asked for only as lines come into view, a few at a time',
    async () => {
      const classroom = await node.classroom({ students: 120 });
      const { rest, session_id, course_id, teacher } = classroom;
      await rest.call('startSession', { params: { id: session_id }, body: {} });
      await rest.call('endSession', { params: { id: session_id }, body: {} });
      await classroom.archived();
      const { page } = await open(teacher, '/', { viewport: { width: 1000, height: 600 } });
      const [asked, answered] = [new Set<string>(), new Set<string>()];
      let most = 0;
      page.on('request', (request) => {
        if (!request.url().includes('/students/')) return;
        asked.add(request.url());
        most = Math.max(most, asked.size - answered.size);
      });
      page.on('response', (response) => {
        if (response.url().includes('/students/')) answered.add(response.url());
      });
      await page.goto(`${node.node.url}/courses/${course_id}/report`);
      await page.getByRole('img', { name: 'Absent' }).first().waitFor();
      await until('all that were asked for are there', () => asked.size > 0 && asked.size === answered.size);
      expect(asked.size).toBeLessThan(40);
      expect(most).toBeLessThanOrEqual(3);
      expect(await namesIn(page)).toHaveLength(100);
      await page.getByRole('button', { name: 'Show more' }).click();
      await until('the rest is there', async () => (await namesIn(page)).length === 120);
    },
    BROWSER_TEST_MS,
  );
});
