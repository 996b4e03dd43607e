/**
 * What a page does with its main thread: how long its tasks were, by the clock and in CPU time. By the clock a task takes
 * longer on a busy machine; CPU time is the page's own.
 */
import type { Browser, Page } from 'playwright-core';

export type LongestTask = { cpu_ms: number; clock_ms: number; over_50_ms: number };

type TraceEvent = {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  dur?: number;
  tdur?: number;
  args?: { name?: string };
};

export class PageTasks {
  private readonly browser: Browser;
  private readonly page: Page;

  constructor(page: Page) {
    const browser = page.context().browser();
    if (browser === null) throw new Error('this page has no browser of its own');
    this.browser = browser;
    this.page = page;
  }

  /** Everything that happens while the work is done. */
  async during(work: () => Promise<void>): Promise<LongestTask> {
    await this.browser.startTracing(this.page, { categories: ['toplevel'] });
    let trace: Buffer | null = null;
    try {
      await work();
    } finally {
      trace = await this.browser.stopTracing();
    }
    const { traceEvents } = JSON.parse(trace.toString('utf8')) as { traceEvents: TraceEvent[] };
    return longestOf(traceEvents);
  }
}

const longestOf = (events: TraceEvent[]): LongestTask => {
  const mains = new Set(
    events.filter((it) => it.args?.name === 'CrRendererMain').map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const longest = { cpu_ms: 0, clock_ms: 0, over_50_ms: 0 };
  for (const { name, ph, pid, tid, dur = 0, tdur = 0 } of events) {
    if (ph !== 'X' || !name.includes('RunTask') || !mains.has(`${pid} ${tid}`)) continue;
    longest.cpu_ms = Math.max(longest.cpu_ms, Math.round(tdur / 1000));
    longest.clock_ms = Math.max(longest.clock_ms, Math.round(dur / 1000));
    if (dur > 50_000) longest.over_50_ms += 1;
  }
  return longest;
};
