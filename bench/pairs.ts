import type { Contender, RoundMeasurement } from './contender.ts';
import type { Load } from './load-schedule.ts';
import type { Options, Shape } from './options.ts';

/** The order of the rounds: what is warmed up, what is measured beside what, and what counts. */

/** One round of each server, one right after the other, with the same send times. */
export interface Pair {
  shape: Shape;
  reference: RoundMeasurement;
  subject: RoundMeasurement;
  /** In one of the two rounds, other work on this machine took more than `DISTURBED_CORES`. */
  disturbed: boolean;
}

/** Above what idle connections, the kernel's own threads and the 10 ms steps of the machine's clock explain. */
export const DISTURBED_CORES = 0.15;
/** What was disturbed is measured again, but in all no more than this many times as often as was asked for. */
export const MOST_TRIES = 2;

type Tell = (line: string) => void;

/** The shapes of the warm-up rounds: enough bursts, and each shape that is measured at least once. */
function warmUpShapes({ classes, students, shapes, warm_up_joins }: Options): Shape[] {
  const bursts = Math.ceil(warm_up_joins / (classes * students));
  const rounds = Array.from({ length: bursts }, (): Shape => 'burst');
  return shapes.includes('steady') ? [...rounds, 'steady'] : rounds;
}

/** How many rounds each server plays at most, warm-up included. */
export function mostRounds(options: Options): number {
  return warmUpShapes(options).length + options.pairs * MOST_TRIES * options.shapes.length;
}

/** Plays rounds on both servers without counting them. */
export async function warmUp(contenders: Contender[], options: Options, tell: Tell): Promise<void> {
  const shapes = warmUpShapes(options);
  for (const [index, shape] of shapes.entries()) {
    for (const contender of contenders) {
      await contender.round(load(shape, options, -1 - index), options);
      tell(`warm-up ${index + 1} of ${shapes.length}: ${shape}, ${contender.name}, not counted`);
    }
  }
}

/**
 * Measures as many undisturbed pairs of each shape as were asked for, or goes on until there have been too many tries.
 * Returns every pair, in order. Whether one was disturbed is told by the machine alone, not by what was measured.
 */
export async function measurePairs(
  reference: Contender,
  subject: Contender,
  options: Options,
  tell: Tell,
): Promise<Pair[]> {
  const tries = options.quick ? options.pairs : options.pairs * MOST_TRIES;
  const pairs: Pair[] = [];
  for (let attempt = 0; attempt < tries; attempt += 1) {
    for (const shape of options.shapes) {
      if (counted(pairs, shape, options.pairs).filter((pair) => !pair.disturbed).length === options.pairs) continue;
      const pair = await measurePair(reference, subject, shape, attempt, options);
      pairs.push(pair);
      tell(
        `${shape} ${attempt + 1}: ${reference.name} ${pair.reference.cpu_us_per_join.toFixed(1)}, ` +
          `${subject.name} ${pair.subject.cpu_us_per_join.toFixed(1)} µs CPU per join` +
          `${pair.disturbed ? ' (disturbed by other work)' : ''}`,
      );
    }
  }
  return pairs;
}

/** The pairs of a shape that count. */
export function counted(pairs: Pair[], shape: Shape, wanted: number): Pair[] {
  return preferUndisturbed(
    pairs.filter((pair) => pair.shape === shape),
    wanted,
  );
}

/** The first `wanted` undisturbed ones; where there are too few, disturbed ones too. */
export function preferUndisturbed<Measured extends { disturbed: boolean }>(
  all: Measured[],
  wanted: number,
): Measured[] {
  return [...all.filter((it) => !it.disturbed), ...all.filter((it) => it.disturbed)].slice(0, wanted);
}

async function measurePair(
  reference: Contender,
  subject: Contender,
  shape: Shape,
  attempt: number,
  options: Options,
): Promise<Pair> {
  const sameLoad = load(shape, options, attempt);
  // Whoever goes second meets a warmer machine: they take turns.
  const subjectFirst = attempt % 2 === 1;
  const early = subjectFirst ? await subject.round(sameLoad, options) : undefined;
  const referenceRound = await reference.round(sameLoad, options);
  const subjectRound = early ?? (await subject.round(sameLoad, options));
  const disturbed = [referenceRound, subjectRound].some((round) => round.other_cores > DISTURBED_CORES);
  return { shape, reference: referenceRound, subject: subjectRound, disturbed };
}

function load(shape: Shape, options: Options, attempt: number): Load {
  const joins = options.classes * options.students;
  const window_ms = shape === 'burst' ? options.burst_ms : (joins / options.rate) * 1000;
  return { window_ms, seed: options.seed + attempt };
}
