import type { RoundMeasurement } from './contender.ts';
import type { Shape } from './options.ts';

/** From single rounds to the table. */

/** One measured round of each server, one right after the other. */
export interface Pair {
  shape: Shape;
  reference: RoundMeasurement;
  subject: RoundMeasurement;
}

export interface Spread {
  median: number;
  min: number;
  max: number;
}

export interface Row {
  shape: Shape;
  what: string;
  unit: string;
  reference: Spread;
  subject: Spread;
  /** Subject through reference, pair by pair; null where a ratio says nothing. */
  ratio: Spread | null;
}

interface Figure {
  what: string;
  unit: string;
  /** Digits after the point in the table. */
  digits: number;
  of: (round: RoundMeasurement) => number;
  /** It describes the measurement, not the server: no ratio. */
  aside?: boolean;
}

export const CPU_PER_JOIN = 'CPU per join';
const ACKNOWLEDGED_P99 = 'acknowledged, p99';
const LAG_P99 = 'generator lag, p99';
const OTHERS = 'CPU of others';

const FIGURES: Figure[] = [
  { what: CPU_PER_JOIN, unit: 'µs', digits: 1, of: (round) => round.cpu_us_per_join },
  { what: '… with aftermath', unit: 'µs', digits: 1, of: (round) => round.cpu_us_per_join_with_aftermath },
  { what: 'acknowledged, p50', unit: 'ms', digits: 2, of: (round) => round.acknowledged.p50 / 1000 },
  { what: ACKNOWLEDGED_P99, unit: 'ms', digits: 2, of: (round) => round.acknowledged.p99 / 1000 },
  { what: 'teacher told, p50', unit: 'ms', digits: 2, of: (round) => round.teacher_told.p50 / 1000 },
  { what: 'teacher told, p99', unit: 'ms', digits: 2, of: (round) => round.teacher_told.p99 / 1000 },
  { what: 'frames per join', unit: '', digits: 2, of: (round) => round.frames / round.joins },
  { what: 'bytes per join', unit: 'B', digits: 0, of: (round) => round.bytes / round.joins },
  { what: 'time to the last ack', unit: 'ms', digits: 0, of: (round) => round.duration_ms, aside: true },
  { what: 'generator lag, p50', unit: 'ms', digits: 2, of: (round) => round.generator_lag.p50 / 1000, aside: true },
  { what: LAG_P99, unit: 'ms', digits: 2, of: (round) => round.generator_lag.p99 / 1000, aside: true },
  { what: 'generator CPU', unit: 'cores', digits: 2, of: (round) => round.generator_cores, aside: true },
  { what: OTHERS, unit: 'cores', digits: 2, of: (round) => round.other_cores, aside: true },
];

export function tabulate(pairs: Pair[]): Row[] {
  const shapes = [...new Set(pairs.map((pair) => pair.shape))];
  return shapes.flatMap((shape) => {
    const ofShape = pairs.filter((pair) => pair.shape === shape);
    return FIGURES.map(({ what, unit, of, aside }) => ({
      shape,
      what,
      unit,
      reference: spread(ofShape.map((pair) => of(pair.reference))),
      subject: spread(ofShape.map((pair) => of(pair.subject))),
      ratio: aside ? null : spread(ofShape.map((pair) => of(pair.subject) / of(pair.reference))),
    }));
  });
}

export function spread(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const below = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const above = sorted[Math.floor(middle)] ?? Number.NaN;
  return { median: (below + above) / 2, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

/** The rows as lines of text: medians, with the lowest and highest round in brackets. */
export function printTable(rows: Row[], referenceName: string, subjectName: string): string {
  const cells = [['shape', 'what', 'unit', referenceName, subjectName, 'ratio']];
  for (const { shape, what, unit, reference, subject, ratio } of rows) {
    const digits = FIGURES.find((figure) => figure.what === what)?.digits ?? 2;
    cells.push([
      shape,
      what,
      unit,
      brackets(reference, digits),
      brackets(subject, digits),
      ratio ? brackets(ratio, 2) : '',
    ]);
  }
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function brackets({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

// Beyond these, a run says more about the machine than about the servers.
const LAG_SHARE = 0.5;
const OTHERS_CORES = 0.1;
const FEWEST_PAIRS = 5;

/** Reasons to distrust the figures, one sentence each. */
export function remarks(pairs: Pair[], rows: Row[], quick: boolean): string[] {
  if (quick) return ['This was a quick run: it shows that everything works. It is no measurement.'];
  const found: string[] = [];
  for (const { shape, what, reference, subject } of rows) {
    const worse = Math.max(reference.median, subject.median);
    if (what === CPU_PER_JOIN && pairs.filter((pair) => pair.shape === shape).length < FEWEST_PAIRS) {
      found.push(`${shape}: fewer than ${FEWEST_PAIRS} pairs, medians of so few mean little.`);
    }
    const fastest = rows.find((row) => row.shape === shape && row.what === ACKNOWLEDGED_P99)?.reference.median ?? 0;
    if (what === LAG_P99 && worse > LAG_SHARE * fastest) {
      found.push(
        `${shape}: the load generator itself was late by ${worse.toFixed(1)} ms (p99); the latencies contain it.`,
      );
    }
    if (what === OTHERS) {
      const rounds = pairs.filter((pair) => pair.shape === shape).flatMap((pair) => [pair.reference, pair.subject]);
      const disturbed = rounds.filter((round) => round.other_cores > OTHERS_CORES).length;
      if (disturbed > 0) found.push(`${shape}: other work disturbed ${disturbed} of ${rounds.length} rounds.`);
    }
  }
  return found;
}
