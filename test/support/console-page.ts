/** A page of the console, as somebody uses it; everything that a page must never do is written down. */
import { createRequire } from 'node:module';
import type { BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

type Violation = { id: string; help: string; nodes: { html: string }[] };

export class ConsolePage {
  readonly page: Page;
  /** Requests to other hosts, errors on the page, and what its policy forbade. */
  readonly faults: string[] = [];

  private constructor(page: Page, url: string) {
    this.page = page;
    const { host } = new URL(url);
    page.on('request', (request) => {
      const to = new URL(request.url());
      if (!['data:', 'blob:'].includes(to.protocol) && to.host !== host) this.faults.push(`a request to ${to.host}`);
    });
    page.on('pageerror', (error) => this.faults.push(`an error: ${error.message}`));
    page.on('console', (message) => {
      // A refused request is an error line of the browser, and often what a test is about.
      const isNetwork = message.text().startsWith('Failed to load resource') || message.text().includes('WebSocket');
      if (message.type() === 'error' && !isNetwork) this.faults.push(`the console says: ${message.text()}`);
    });
  }

  /** url: of the node; path: of the page, with a fragment such as #token=… where it has one. */
  static async open(context: BrowserContext, url: string, path = '/'): Promise<ConsolePage> {
    const page = new ConsolePage(await context.newPage(), url);
    await page.page.goto(`${url}${path}`);
    return page;
  }

  /** WCAG 2.2 AA as far as a machine can tell. */
  async expectAccessible(): Promise<void> {
    // Evaluated and not added as an element: the page's policy allows no script that is not served.
    const { readFile } = await import('node:fs/promises');
    await this.page.evaluate(await readFile(AXE, 'utf8'));
    const violations = await this.page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } };
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      return (await axe.run({ runOnly: { type: 'tag', values: tags } })).violations;
    });
    const told = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((it) => it.html).join(' ')}`);
    expect(told).toEqual([]);
  }

  expectNoFaults(): void {
    expect(this.faults).toEqual([]);
  }
}
