/**
 * A thousand students on one screen. They arrive at the rate of a full lecture hall, 1,000 in 60 s; how many of them do
 * is ROLLCAST_TEST_ARRIVALS (1,000 runs it whole).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { browsing, describeWithBrowser } from '../support/browser-needed.ts';
import type { Classroom } from '../support/classroom.ts';
import { OneNode } from '../support/deployment.ts';
import { SessionPage } from '../support/session-page.ts';
import { until } from '../support/until.ts';

const STUDENTS = 1_000;
const ARRIVALS = Number(process.env.ROLLCAST_TEST_ARRIVALS ?? 250);
const EVERY_MS = 60_000 / STUDENTS;
/** A task of the page that takes longer is felt. */
const TASK_MAX_MS = 200;
const LONG_MS = 240_000;

type Watched = { tasks: number[] };

/** Runs in the page: writes down every task over 50 ms. */
const watchTasks = () => {
  const watched: Watched = { tasks: [] };
  (globalThis as unknown as { watched: Watched }).watched = watched;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) watched.tasks.push(Math.round(duration));
  }).observe({ type: 'longtask' as never, buffered: true });
};

describeWithBrowser('a class of 1,000', () => {
  const node = new OneNode();
  const { context } = browsing();
  const sockets: Socket[] = [];
  beforeAll(() => node.start());
  afterAll(async () => {
    for (const it of sockets) it.disconnect();
    await node.stop();
  });

  const arrive = async (room: Classroom, index: number): Promise<void> => {
    const token = node.token(room.student(index));
    const socket = io(node.node.url, { auth: { token }, forceNew: true, transports: ['websocket'] });
    sockets.push(socket);
    const answer = await socket.timeout(60_000).emitWithAck('joinAttendanceSession', { session_id: room.session_id });
    expect(answer).toMatchObject({ ok: true });
  };

  test('arrives, and the page stays responsive all the time', { timeout: LONG_MS }, async ({ annotate }) => {
    const room = await node.classroom({ students: STUDENTS });
    await room.started();
    const browser = await context();
    await browser.addInitScript(watchTasks);
    const it = await SessionPage.open(browser, node, room, room.teacher);
    const { page } = it;
    await page.getByRole('grid').waitFor();
    const tasks = () => page.evaluate(() => (globalThis as unknown as { watched: Watched }).watched.tasks.splice(0));
    const told = async (what: string) => {
      const list = await tasks();
      await annotate(`${what}: ${list.length} tasks over 50 ms, the longest ${Math.max(0, ...list)} ms`);
      return Math.max(0, ...list);
    };
    await told('opening the page');
    // Only what is to be seen is in the page.
    expect(await page.locator('.roll-row').count()).toBeLessThan(120);
    expect(await page.getByRole('grid').getAttribute('aria-rowcount')).toBe(String(STUDENTS + 1));

    const started = performance.now();
    const joining = Array.from({ length: ARRIVALS }, async (_, index) => {
      await pause(Math.max(0, started + index * EVERY_MS - performance.now()));
      await arrive(room, index);
    });
    // Meanwhile somebody works: scrolls, searches, sorts.
    const search = page.getByLabel('Search name or roll number');
    await page.mouse.wheel(0, 6_000);
    await search.fill('R-99');
    await page.getByLabel('Sort by').selectOption('arrival');
    await search.fill('');
    await Promise.all(joining);
    const here = page.getByText(`${ARRIVALS.toLocaleString('en')} here`);
    await here.waitFor();
    expect(await told('arrivals')).toBeLessThanOrEqual(TASK_MAX_MS);

    // Everybody is on the roll, once, and found by name.
    await page.getByRole('button', { name: /^Present \d/ }).click();
    await until('the roll counts them', async () => {
      return (await page.getByRole('grid').getAttribute('aria-rowcount')) === String(ARRIVALS + 1);
    });
    await page.locator('.roll-row').first().getByRole('rowheader').focus();
    await page.keyboard.press('Control+End');
    await it.row(room.student(ARRIVALS - 1).student_id).waitFor();
    await told('finding the last');

    await page.getByRole('button', { name: /^All/ }).click();
    if (ARRIVALS < STUDENTS) {
      await page.getByRole('button', { name: /unmarked absent$/ }).click();
      await it.dialog().getByRole('button', { name: 'Mark absent' }).click();
      await page.getByText(`${STUDENTS - ARRIVALS} students marked absent.`).waitFor();
      await told('marking the rest');
    }
    it.console.expectNoFaults();
  });
});
