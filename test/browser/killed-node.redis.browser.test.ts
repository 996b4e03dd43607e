/** A node is killed in the middle of a class: pages on it come back on another, pages on another notice nothing. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { browsing, describeWithBrowser } from '../support/browser-needed.ts';
import { Deployment, TEST_SECRET } from '../support/deployment.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import { BROWSER_TEST_MS, ON_A_PHONE, StudentPage } from '../support/student-page.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

vi.setConfig({ testTimeout: BROWSER_TEST_MS, hookTimeout: BROWSER_TEST_MS });

const KILLED = 0;
const OTHER = 1;
const BACK_WITHIN_MS = 30_000;

type Globals = {
  said: string[];
  document: { body: object; querySelectorAll(selector: string): Iterable<{ textContent: string }> };
  MutationObserver: new (changed: () => void) => { observe(what: object, options: object): void };
};

/** Writes down what live regions say, each time that it changes. */
const listen = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const it = globalThis as unknown as Globals;
    it.said = [];
    let before = '';
    const look = () => {
      const now = [...it.document.querySelectorAll('[role=status]')].map((region) => region.textContent).join(' | ');
      if (now !== before) it.said.push(now);
      before = now;
    };
    new it.MutationObserver(look).observe(it.document.body, { subtree: true, childList: true, characterData: true });
  });
const saidOn = (page: Page): Promise<string[]> => page.evaluate(() => (globalThis as unknown as Globals).said);

/** How often a change was announced anew: what is still there while something else changes is not said again. */
const times = (said: string[], text: string): number =>
  said.filter((it, i) => it.includes(text) && !(said[i - 1] ?? '').includes(text)).length;

describeWithRedis('with Redis', 'any', () => {
  describeWithBrowser('a node is killed in the middle of a class', () => {
    const redis = sharedRedis();
    let nodes: SeveralNodes;
    let proxy: TcpProxy;
    let outside: Deployment;
    const { context } = browsing();

    beforeAll(async () => {
      nodes = await SeveralNodes.start({
        count: 2,
        env: () => ({ REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix }),
      });
      proxy = await TcpProxy.start(nodes.node(KILLED).port);
      outside = new Deployment([nodes.node(OTHER)], TEST_SECRET);
    });
    afterEach(() => outside.settle());
    afterAll(async () => {
      await proxy?.stop();
      await nodes?.stop();
    });

    test('JOIN-2 JOIN-7 the page on it shows the next mark through another node, the page elsewhere too, and nothing twice', async () => {
      const room = await outside.classroom({ students: 3 });
      const { session_id } = room;
      const teacher = await room.started();
      const through = `http://127.0.0.1:${proxy.port}`;
      const elsewhere = nodes.node(OTHER).url;
      const open = async (url: string, index: number): Promise<StudentPage> => {
        const it = await StudentPage.open(await context(ON_A_PHONE), url, {
          session_id,
          token: outside.token(room.student(index)),
        });
        await it.button.tap();
        await it.isIn();
        return it;
      };
      const [onIt, onOther] = [await open(through, 0), await open(elsewhere, 1)];
      for (const it of [onIt, onOther]) await listen(it.page);

      await nodes.node(KILLED).kill('SIGKILL');
      await onIt.said('Connection lost. Reconnecting').waitFor();
      // What it cannot hear now, it sees later.
      await teacher.does('markStudentAttendance', {
        session_id,
        student_id: room.student(0).student_id,
        status: 'late',
      });
      proxy.redirect(nodes.node(OTHER).port);
      await onIt.heading('You are here, late').waitFor({ timeout: BACK_WITHIN_MS });
      await onIt.said('Live').waitFor();
      for (const index of [0, 1]) {
        const { student_id } = room.student(index);
        await teacher.does('markStudentAttendance', { session_id, student_id, status: 'excused' });
      }
      for (const it of [onIt, onOther]) await it.isIn('Excused');
      // Somebody who comes only now, by the address that everybody has.
      const third = await open(through, 2);

      const saidThere = await saidOn(onIt.page);
      expect(times(saidThere, 'Your teacher changed your status: Late')).toBe(1);
      expect(times(saidThere, 'Your teacher changed your status: Excused')).toBe(1);
      expect(times(saidThere, 'Connection lost')).toBe(1);
      const saidElsewhere = await saidOn(onOther.page);
      expect(times(saidElsewhere, 'Your teacher changed your status')).toBe(1);
      expect(times(saidElsewhere, 'Connection lost')).toBe(0);

      await teacher.does('endAttendanceSession', { session_id });
      for (const it of [onIt, onOther, third]) {
        await it.heading('The class is over').waitFor();
        it.shown.expectNoFaults();
      }
      const first = teacher.payloads('studentJoinedAttendance').filter(({ returned }) => !returned);
      expect(first.map(({ student_id }) => student_id)).toEqual(room.students.map(({ student_id }) => student_id));
    });
  });
});
