import type { Options, Shape } from './options.ts';
import { counted, type Pair } from './pairs.ts';
import { spread } from './report.ts';

/** Whether a run shows that the goal is reached: it may also be too noisy to show either. */

/** What the embedded profile may cost: CPU per join of either shape, as a multiple of the reference. */
export const CPU_RATIO_GOAL = 1.3;

export interface Verdict extends Judgement {
  shape: Shape;
}

export interface Judgement {
  goal: number;
  ratio: MedianInterval;
  /** Undecided: the goal lies inside the interval. */
  outcome: 'reached' | 'missed' | 'undecided';
}

/** One for each shape that was measured; none where the run says nothing about the goal: no Rollcast, or a quick run. */
export function judge(pairs: Pair[], options: Options): Verdict[] {
  if (options.quick || options.against !== 'rollcast') return [];
  return options.shapes.map((shape) => {
    const ofShape = counted(pairs, shape, options.pairs);
    const ratios = ofShape.map((pair) => pair.subject.cpu_us_per_join / pair.reference.cpu_us_per_join);
    return { shape, ...judgeRatios(ratios, CPU_RATIO_GOAL) };
  });
}

/** Whether the true median of these ratios is at most the goal. */
export function judgeRatios(ratios: number[], goal: number): Judgement {
  const ratio = medianInterval(ratios);
  const decided = ratio.median <= goal ? 'reached' : 'missed';
  const undecided = ratio.low <= goal && ratio.high > goal;
  return { goal, ratio, outcome: undecided ? 'undecided' : decided };
}

export function printVerdict({ shape, ...judgement }: Verdict): string {
  return `CPU per join, ${shape}: ${printJudgement(judgement, 'the reference')}`;
}

/** As a sentence, after what is judged. */
export function printJudgement({ goal, ratio, outcome }: Judgement, than: string): string {
  const { median, low, high, confidence } = ratio;
  const interval = `${low.toFixed(2)} to ${high.toFixed(2)} with ${Math.floor(confidence * 100)} % confidence`;
  const advice = outcome === 'undecided' ? ': more pairs or a calmer machine would tell' : '';
  return `${median.toFixed(2)} times ${than} (${interval}). Goal: at most ${goal}, ${outcome}${advice}.`;
}

/** The middle of the values, and where the median of very many would lie, with at least this confidence. */
export interface MedianInterval {
  median: number;
  low: number;
  high: number;
  confidence: number;
}

const CONFIDENCE_WANTED = 0.95;

/**
 * An interval for the true median out of the values' order alone, so that nothing is assumed of how they scatter: each
 * value lies above it or below it like a coin. Fewer than six values cannot give the confidence wanted, but their
 * lowest and highest.
 */
export function medianInterval(values: number[]): MedianInterval {
  const sorted = values.toSorted((a, b) => a - b);
  const count = sorted.length;
  // The chance that at most `left` of `count` coins show heads: that the true median is none of those cut off at one end.
  let cut = 0;
  let chance = 0.5 ** count;
  let tail = chance;
  for (let left = 1; left < count / 2; left += 1) {
    chance *= (count - left + 1) / left;
    if (2 * (tail + chance) > 1 - CONFIDENCE_WANTED) break;
    tail += chance;
    cut = left;
  }
  const low = sorted[cut] ?? Number.NaN;
  const high = sorted[count - 1 - cut] ?? Number.NaN;
  return { median: spread(values).median, low, high, confidence: 1 - 2 * tail };
}
