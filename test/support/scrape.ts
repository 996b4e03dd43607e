/** A scrape of one node's metrics, read as Prometheus reads it. */
import { until } from './until.ts';

export type Labels = Record<string, string>;

export class Scrape {
  readonly text: string;
  private readonly samples: { name: string; labels: Labels; value: number }[];

  constructor(text: string) {
    this.text = text;
    this.samples = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
        return { name: name.replace(/^rollcast_/, ''), labels: labelsIn(labels), value: Number(value) };
      });
  }

  /** Of a metric, without `rollcast_`; null: there is no sample with exactly these labels. */
  value(name: string, labels: Labels = {}): number | null {
    const wanted = JSON.stringify(sorted(labels));
    return this.samples.find((it) => it.name === name && JSON.stringify(sorted(it.labels)) === wanted)?.value ?? null;
  }

  /** Values of one label of a metric, each once. */
  labelValues(name: string, label: string): string[] {
    return [...new Set(this.samples.flatMap((it) => (it.name === name ? (it.labels[label] ?? []) : [])))].sort();
  }

  /** Names, labels and explanations, without the values. */
  get words(): string {
    return this.text.replace(/ \S+$/gm, '');
  }

  /** Samples of the service's own metrics. */
  get series(): number {
    return this.samples.filter(({ name }) => !/^(process|nodejs)_/.test(name)).length;
  }
}

export const scrape = async (url: string): Promise<Scrape> => {
  const answer = await fetch(`${url}/metrics`);
  if (!answer.ok) throw new Error(`/metrics answered ${answer.status}`);
  return new Scrape(await answer.text());
};

/** The first scrape of which this holds. */
export const scrapeUntil = (url: string, what: string, holds: (it: Scrape) => boolean, within_ms?: number) =>
  until(
    what,
    async () => {
      const it = await scrape(url);
      return holds(it) ? it : null;
    },
    within_ms,
  );

const labelsIn = (text: string): Labels =>
  Object.fromEntries([...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]));

const sorted = (labels: Labels) => Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
