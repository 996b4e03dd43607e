/**
 * Tests that need a real browser: Chromium of TEST_CHROMIUM, or one on the path. Where there is none they are left out,
 * and the end of the run says so.
 */
import { spawnSync } from 'node:child_process';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';

const CANDIDATES = [process.env.TEST_CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'];
const MISSING = 'needs Chromium on the path (apt-get install chromium), or TEST_CHROMIUM';
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const START_DEADLINE_MS = 60_000;

const found = CANDIDATES.find((it) => it !== undefined && spawnSync(it, ['--version']).status === 0);
const executable =
  found === undefined
    ? undefined
    : spawnSync('sh', ['-c', `command -v ${found}`])
        .stdout.toString()
        .trim();

/** A suite that runs where there is a browser, and else is left out loudly. */
export const describeWithBrowser = (name: string, body: () => void): void => {
  describe(name, executable === undefined ? { skip: true, meta: { left_out: MISSING } } : {}, body);
};

export type Browsing = {
  /** A browser of somebody's own: nothing is shared with others. Closed after the suite. */
  context(options?: BrowserContextOptions): Promise<BrowserContext>;
};

/** One Chromium for the surrounding suite (describeWithBrowser). */
export const browsing = (): Browsing => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      ...(executable === undefined ? {} : { executablePath: executable }),
      args: ARGS,
    });
  }, START_DEADLINE_MS);
  afterAll(() => browser?.close());
  return { context: (options) => browser.newContext(options) };
};
