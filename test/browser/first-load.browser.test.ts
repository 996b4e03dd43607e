/** What a browser loads before it shows a page: little enough for a phone at the edge of its network. */
import { gzipSync } from 'node:zlib';
import type { Response } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { browsing, describeWithBrowser } from '../support/browser-needed.ts';
import { OneNode } from '../support/deployment.ts';
import { BROWSER_TEST_MS, ON_A_PHONE } from '../support/student-page.ts';

vi.setConfig({ testTimeout: BROWSER_TEST_MS, hookTimeout: BROWSER_TEST_MS });

const MAX_KB = 150;
/** Beside the files of the page: settings, REST, the live connection. */
const IS_FILE = /^\/($|assets\/|join\/|sessions\/|icon)/;

describeWithBrowser('the first load of the console', () => {
  const node = new OneNode();
  const { context } = browsing();
  beforeAll(() => node.start());
  afterAll(() => node.stop());

  /** Of every file that a page of this address asks for: its size gzipped, and as it was sent. */
  const loadedBy = async (path: string, shown: string): Promise<{ gzipped: number; sent: number }> => {
    const browser = await context(ON_A_PHONE);
    const page = await browser.newPage();
    const responses: Response[] = [];
    page.on('response', (it) => responses.push(it));
    await page.goto(`${node.node.url}${path}`);
    await page.getByText(shown).first().waitFor();
    await page.waitForLoadState('networkidle');
    const files = responses.filter((it) => IS_FILE.test(new URL(it.url()).pathname));
    const sizes = files.map(async (it) => {
      const { responseBodySize } = await it.request().sizes();
      return { gzipped: gzipSync(await it.body()).length, sent: responseBodySize };
    });
    const all = await Promise.all(sizes);
    await browser.close();
    return { gzipped: sum(all.map((it) => it.gzipped)), sent: sum(all.map((it) => it.sent)) };
  };

  test('index.html and everything that it brings are below 150 KB, on every first page', async () => {
    const room = await node.classroom({ students: 1 });
    await room.started();
    const { session_id } = room;
    const student = node.token(room.student(0));
    const teacher = node.token(room.teacher);
    const pages = {
      'sign-in': await loadedBy('/', 'Paste a token'),
      'join, not signed in': await loadedBy(`/join/${session_id}`, 'Check in'),
      join: await loadedBy(`/join/${session_id}#token=${student}`, 'I am here'),
      session: await loadedBy(`/sessions/${session_id}#token=${teacher}`, 'Signed in as'),
    };
    for (const [page, { gzipped, sent }] of Object.entries(pages)) {
      process.stdout.write(`first load of ${page}: ${kb(gzipped)} gzipped, ${kb(sent)} sent\n`);
      expect(gzipped, page).toBeLessThan(MAX_KB * 1000);
      expect(gzipped, `${page} loads files`).toBeGreaterThan(10_000);
      // What is said of gzip is what is sent.
      expect(sent, page).toBeLessThan(MAX_KB * 1000);
    }
  });
});

const sum = (all: number[]): number => all.reduce((a, b) => a + b, 0);
const kb = (bytes: number): string => `${(bytes / 1000).toFixed(1)} KB`;
