/** What a running node tells Prometheus, by metric. */

export type Kind = 'counter' | 'gauge' | 'histogram' | 'summary';

export type Exposed = {
  kind: Kind;
  /** Of each label, the values of its samples. */
  labels: Map<string, Set<string>>;
  samples: number;
};

/** By the names that queries use: of a histogram those of its parts, which are counters. */
export type Exposition = Map<string, Exposed>;

const PARTS = { counter: [''], gauge: [''], histogram: ['_bucket', '_sum', '_count'], summary: ['', '_sum', '_count'] };

/** Several texts are those of several nodes, or of one at several times. */
export const readExposition = (...texts: string[]): Exposition => {
  const all: Exposition = new Map();
  for (const line of texts.join('\n').split('\n')) {
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line);
    if (type !== null) declare(all, type[1] as string, type[2] as Kind);
    else if (line !== '' && !line.startsWith('#')) addSample(all, line);
  }
  return all;
};

const declare = (all: Exposition, name: string, kind: Kind): void => {
  for (const part of PARTS[kind]) {
    const as = kind === 'histogram' || part !== '' ? 'counter' : kind;
    if (!all.has(name + part)) all.set(name + part, { kind: as, labels: new Map(), samples: 0 });
  }
};

const addSample = (all: Exposition, line: string): void => {
  const [, name = '', , labels = ''] = /^([a-zA-Z_:][\w:]*)(\{(.*)\})? \S+$/.exec(line) ?? [];
  const exposed = all.get(name);
  if (exposed === undefined) throw new Error(`a sample of what was not declared: ${line}`);
  exposed.samples += 1;
  for (const [, label = '', value = ''] of labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
    const values = exposed.labels.get(label) ?? new Set();
    exposed.labels.set(label, values.add(value));
  }
};
