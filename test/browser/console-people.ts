/** Pages of the console for people who are signed in, on one node; what their pages must not do is checked after each test. */
import type { BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { browsing } from '../support/browser-needed.ts';
import { ConsolePage } from '../support/console-page.ts';
import { OneNode } from '../support/deployment.ts';
import type { Person } from '../support/people.ts';

/** Opening a browser and a page takes seconds where many things run at once. */
export const BROWSER_TEST_MS = 90_000;

/** Where people are and how they write times, whatever the machine's own settings. */
const HERE = { locale: 'en-GB', timezoneId: 'Europe/Vienna' };

export const consolePeople = () => {
  const node = new OneNode();
  const { context } = browsing();
  const opened: ConsolePage[] = [];
  beforeAll(() => node.start(), BROWSER_TEST_MS);
  afterEach(async () => {
    const pages = opened.splice(0);
    for (const it of pages) it.expectNoFaults();
    await Promise.all(pages.map(({ page }) => page.context().close()));
    node.settle();
  });
  afterAll(() => node.stop());

  const open = async (person: Person, path = '/', options: BrowserContextOptions = {}): Promise<ConsolePage> => {
    const browser = await context({ ...HERE, ...options });
    const it = await ConsolePage.open(browser, node.node.url, `${path}#token=${node.token(person)}`);
    opened.push(it);
    return it;
  };
  return { node, open };
};
