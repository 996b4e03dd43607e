/** The page on which a student checks in, on a phone. */
import type { BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { ConsolePage } from './console-page.ts';

/** As wide as many phones are, and as narrow as any page has to work (WCAG 1.4.10). */
export const PHONE = { width: 390, height: 844 };
export const NARROW = { width: 320, height: 568 };
export const ON_A_PHONE: BrowserContextOptions = { viewport: PHONE, hasTouch: true, isMobile: true };

/** Pages are looked at by a browser, in light and dark and in several sizes: more than other tests take. */
export const BROWSER_TEST_MS = 60_000;

/** What a thumb hits. */
const THUMB_PX = 44;

export type Scanned = { session_id: string; code?: string; token?: string };

export class StudentPage {
  readonly shown: ConsolePage;

  private constructor(shown: ConsolePage) {
    this.shown = shown;
  }

  /** token: signed in in this tab before; code: what a scanned link carries. */
  static async open(context: BrowserContext, url: string, { session_id, code, token }: Scanned): Promise<StudentPage> {
    const path = `/join/${session_id}`;
    const it = new StudentPage(
      await ConsolePage.open(context, url, token === undefined ? hashed(path, code) : `${path}#token=${token}`),
    );
    if (token !== undefined && code !== undefined) {
      await it.signedIn();
      // As a scan does it: an address of its own, which is loaded.
      await it.page.goto('about:blank');
      await it.page.goto(`${url}${hashed(path, code)}`);
    }
    return it;
  }

  get page(): Page {
    return this.shown.page;
  }

  get button(): Locator {
    return this.page.getByRole('button', { name: 'I am here' });
  }

  get codeField(): Locator {
    return this.page.getByLabel('Code shown in the room');
  }

  /** The heading of the result, or of why there is none. */
  heading(name: string | RegExp): Locator {
    return this.page.getByRole('heading', { name });
  }

  alert(text: string | RegExp): Locator {
    return this.page.getByRole('alert').filter({ hasText: text });
  }

  /** Said to those who do not see the page. */
  said(text: string | RegExp): Locator {
    return this.page.getByRole('status').filter({ hasText: text });
  }

  async signedIn(): Promise<void> {
    await this.page.getByText('Signed in as').waitFor();
  }

  async isIn(title: string | RegExp = 'You are here'): Promise<void> {
    await this.heading(title).waitFor();
  }

  /** No violation in light and dark, nothing to scroll sideways, nothing too small for a thumb. */
  async expectFit(): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await this.page.emulateMedia({ colorScheme });
      await this.shown.expectAccessible();
    }
    await this.page.emulateMedia({ colorScheme: 'light' });
    for (const viewport of [PHONE, NARROW]) {
      await this.page.setViewportSize(viewport);
      const wide = await this.page.evaluate(() => {
        const { documentElement: it } = (globalThis as unknown as { document: { documentElement: Sized } }).document;
        return it.scrollWidth - it.clientWidth;
      });
      if (wide > 0) throw new Error(`it is ${wide} px wider than ${viewport.width} px`);
      const buttons = await this.page.getByRole('button').evaluateAll((all) =>
        (all as unknown as Measured[]).map((it) => ({
          text: it.textContent,
          ...it.getBoundingClientRect().toJSON(),
        })),
      );
      for (const { text, height } of buttons) {
        if (height < THUMB_PX) throw new Error(`${text} is ${height} px high`);
      }
    }
    await this.page.setViewportSize(PHONE);
  }
}

type Measured = { textContent: string; getBoundingClientRect(): { toJSON(): { height: number } } };
type Sized = { scrollWidth: number; clientWidth: number };

const hashed = (path: string, code: string | undefined): string => (code === undefined ? path : `${path}#${code}`);
