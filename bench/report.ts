import type { RoundMeasurement } from './contender.ts';
import type { Options, Shape } from './options.ts';
import { counted, type Pair } from './pairs.ts';

/** From single rounds to the table. */

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

export interface Figure {
  what: string;
  unit: string;
  /** Digits after the point in the table. */
  digits: number;
  of: (round: RoundMeasurement) => number;
  /** It describes the measurement, not the server: no ratio. */
  aside?: boolean;
}

const ACKNOWLEDGED_P99 = 'acknowledged, p99';
const LAG_P99 = 'generator lag, p99';

export const FIGURES: Figure[] = [
  { what: 'CPU per join', unit: 'µs', digits: 1, of: (round) => round.cpu_us_per_join },
  { what: '… with aftermath', unit: 'µs', digits: 1, of: (round) => round.cpu_us_per_join_with_aftermath },
  { what: 'acknowledged, p50', unit: 'ms', digits: 2, of: (round) => round.acknowledged.p50 / 1000 },
  { what: ACKNOWLEDGED_P99, unit: 'ms', digits: 2, of: (round) => round.acknowledged.p99 / 1000 },
  { what: 'teacher told, p50', unit: 'ms', digits: 2, of: (round) => round.teacher_told.p50 / 1000 },
  { what: 'teacher told, p99', unit: 'ms', digits: 2, of: (round) => round.teacher_told.p99 / 1000 },
  { what: 'joins sent again', unit: '', digits: 0, of: (round) => round.sent_again },
  { what: 'frames per join', unit: '', digits: 2, of: (round) => round.frames / round.joins },
  { what: 'bytes per join', unit: 'B', digits: 0, of: (round) => round.bytes / round.joins },
  { what: 'time to the last ack', unit: 'ms', digits: 0, of: (round) => round.duration_ms, aside: true },
  { what: 'generator lag, p50', unit: 'ms', digits: 2, of: (round) => round.generator_lag.p50 / 1000, aside: true },
  { what: LAG_P99, unit: 'ms', digits: 2, of: (round) => round.generator_lag.p99 / 1000, aside: true },
  { what: 'generator CPU', unit: 'cores', digits: 2, of: (round) => round.generator_cores, aside: true },
  { what: 'CPU of others', unit: 'cores', digits: 2, of: (round) => round.other_cores, aside: true },
];

export function tabulate(pairs: Pair[], options: Options): Row[] {
  return options.shapes.flatMap((shape) => {
    const ofShape = counted(pairs, shape, options.pairs);
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
  return inColumns(cells);
}

/** Lines of cells as text; the first line names the columns. */
export function inColumns(cells: string[][]): string {
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

export function brackets({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

/** A generator whose own lateness is more than this share of the latencies measures itself. */
const LAG_SHARE = 0.5;
export const FEWEST_PAIRS = 5;

export const QUICK_REMARK = 'This was a quick run: it shows that everything works. It is no measurement.';

/** Reasons to distrust the figures, one sentence each. */
export function remarks(pairs: Pair[], rows: Row[], options: Options): string[] {
  if (options.quick) return [QUICK_REMARK];
  const found: string[] = [];
  if (options.pairs < FEWEST_PAIRS) found.push(`Fewer than ${FEWEST_PAIRS} pairs: medians of so few mean little.`);
  for (const shape of options.shapes) {
    const disturbed = counted(pairs, shape, options.pairs).filter((pair) => pair.disturbed).length;
    if (disturbed > 0) {
      found.push(`${shape}: other work on this machine disturbed ${disturbed} of the ${options.pairs} pairs counted.`);
    }
    const median = (what: string) =>
      rows.find((row) => row.shape === shape && row.what === what)?.reference.median ?? 0;
    if (median(LAG_P99) > LAG_SHARE * median(ACKNOWLEDGED_P99)) {
      found.push(`${shape}: the load generator itself was late by ${median(LAG_P99).toFixed(1)} ms (p99).`);
    }
  }
  return found;
}
