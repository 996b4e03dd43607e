/** A session's page of the console, in the hands of its staff. */
import type { BrowserContext, Locator, Page } from 'playwright-core';
import type { Classroom } from './classroom.ts';
import { ConsolePage } from './console-page.ts';
import type { Deployment } from './deployment.ts';
import type { Person } from './people.ts';

/** A page on a busy machine. */
const DEADLINE_MS = 15_000;

export class SessionPage {
  readonly console: ConsolePage;
  readonly page: Page;

  private constructor(console: ConsolePage) {
    this.console = console;
    this.page = console.page;
    this.page.setDefaultTimeout(DEADLINE_MS);
  }

  /** url: where the browser finds the node, unless it goes there by itself. */
  static async open(
    context: BrowserContext,
    node: Deployment,
    { session_id }: Classroom,
    person: Person,
    url = node.nodes[0]?.url ?? '',
  ): Promise<SessionPage> {
    const path = `/sessions/${session_id}#token=${node.token(person)}`;
    return new SessionPage(await ConsolePage.open(context, url, path));
  }

  row(student_id: string): Locator {
    return this.page.locator(`[data-id="${student_id}"]`);
  }

  /** What the roll says that a student is. */
  status(student_id: string): Locator {
    return this.row(student_id).locator('.pill');
  }

  /** Resolves when the roll says so, and not as something that is still to be saved. */
  async shows(student_id: string, status: string): Promise<void> {
    const said = this.row(student_id).locator('.pill:not(.pending)').filter({ hasText: status });
    await said.waitFor();
  }

  button(name: string | RegExp, { exact = true } = {}): Locator {
    return this.page.getByRole('button', { name, exact });
  }

  dialog(): Locator {
    return this.page.getByRole('dialog');
  }

  /** In every state that is worth a look: by a machine's lights, in both themes. */
  async expectAccessible(): Promise<void> {
    // What lies half under something that stays in its place while one scrolls would be called too small.
    await this.page.evaluate('scrollTo(0, 0)');
    for (const colorScheme of ['light', 'dark'] as const) {
      await this.page.emulateMedia({ colorScheme });
      await this.console.expectAccessible();
    }
  }
}
