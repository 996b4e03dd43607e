import type { RoundMeasurement } from './contender.ts';
import { countedRounds, type NodesMeasurement, nodesName } from './nodes-rounds.ts';
import type { Options } from './options.ts';
import {
  brackets,
  FEWEST_PAIRS,
  FIGURES,
  type Figure,
  inColumns,
  QUICK_REMARK,
  type Spread,
  spread,
} from './report.ts';
import { type Judgement, judgeRatios, printJudgement } from './verdict.ts';

/** From rounds of several deployments to the table and the goals. */

export interface NodesRow {
  what: string;
  unit: string;
  /** Null where the reference has no such thing. */
  reference: Spread | null;
  /** In the order of the deployments' sizes. */
  deployments: Spread[];
}

const REDIS_FIGURES: Figure[] = [
  { what: 'of it Redis', unit: 'µs', digits: 1, of: ({ redis }) => redis?.cpu_us ?? Number.NaN },
  { what: 'Redis commands per join', unit: '', digits: 2, of: ({ redis }) => redis?.commands ?? Number.NaN },
  { what: 'scripts run per join', unit: '', digits: 2, of: ({ redis }) => redis?.scripts ?? Number.NaN },
  { what: 'messages published per join', unit: '', digits: 3, of: ({ redis }) => redis?.published ?? Number.NaN },
  { what: 'bytes out of Redis per join', unit: 'B', digits: 0, of: ({ redis }) => redis?.bytes_out ?? Number.NaN },
];
const [CPU_FIGURE, ...OTHER_FIGURES] = FIGURES as [Figure, ...Figure[]];
const DELIVERED = 'messages delivered per join';
const DIGITS = new Map([...FIGURES, ...REDIS_FIGURES].map(({ what, digits }) => [what, digits]));

export function tabulateNodes(measured: NodesMeasurement, options: Options): NodesRow[] {
  const rounds = countedRounds(measured.rounds, options);
  const each = options.node_counts.map((_, index) => index);
  const row = ({ what, unit, of }: Figure): NodesRow => ({
    what,
    unit,
    reference: REDIS_FIGURES.some((figure) => figure.what === what)
      ? null
      : spread(rounds.map(({ reference }) => of(reference))),
    deployments: each.map((index) => spread(rounds.map(({ deployments }) => of(at(deployments, index))))),
  });
  const ratios: NodesRow = {
    what: '… times the reference',
    unit: '',
    reference: null,
    deployments: each.map((index) =>
      spread(rounds.map(({ reference, deployments }) => cost(at(deployments, index)) / cost(reference))),
    ),
  };
  const delivered: NodesRow = {
    what: DELIVERED,
    unit: '',
    reference: null,
    deployments: measured.counted.map((ofOne) => spread(ofOne.map(({ delivered, joins }) => delivered / joins))),
  };
  return [row(CPU_FIGURE), ratios, ...REDIS_FIGURES.map(row), delivered, ...OTHER_FIGURES.map(row)];
}

export function printNodesTable(rows: NodesRow[], { node_counts }: Options): string {
  const cells = [['what', 'unit', 'reference', ...node_counts.map(nodesName)]];
  for (const { what, unit, reference, deployments } of rows) {
    const digits = what === DELIVERED ? 3 : (DIGITS.get(what) ?? 2);
    const known = reference === null ? '' : brackets(reference, digits);
    cells.push([what, unit, known, ...deployments.map((it) => brackets(it, digits))]);
  }
  return inColumns(cells);
}

/** One node may cost this many times the reference, and eight this many times two. */
export const ONE_NODE_GOAL = 1.6;
export const EIGHT_NODES_GOAL = 1.6;
/** The most messages per join of any deployment, as a multiple of the fewest. */
export const MESSAGES_GOAL = 1.1;

export interface NodesVerdict {
  cpu: (Judgement & { what: string; than: string })[];
  messages: { fewest: number; most: number; goal: number; outcome: 'reached' | 'missed' } | null;
}

/** Only of deployments that were measured; a quick run says nothing about the goals. */
export function judgeNodes(measured: NodesMeasurement, options: Options): NodesVerdict {
  if (options.quick) return { cpu: [], messages: null };
  const rounds = countedRounds(measured.rounds, options);
  const costsWith = (nodes: number): number[] | null => {
    const index = options.node_counts.indexOf(nodes);
    return index < 0 ? null : rounds.map(({ deployments }) => cost(at(deployments, index)));
  };
  const compare = (what: string, costs: number[] | null, than: string, others: number[] | null, goal: number) =>
    costs === null || others === null
      ? []
      : [
          {
            what,
            than,
            ...judgeRatios(
              costs.map((it, round) => it / at(others, round)),
              goal,
            ),
          },
        ];
  const references = rounds.map(({ reference }) => cost(reference));
  const fewestAndMost = measured.counted.map((ofOne) => spread(ofOne.map((it) => it.delivered / it.joins)).median);
  const [fewest, most] = [Math.min(...fewestAndMost), Math.max(...fewestAndMost)];
  return {
    cpu: [
      ...compare('1 node', costsWith(1), 'the reference', references, ONE_NODE_GOAL),
      ...compare('8 nodes', costsWith(8), '2 nodes', costsWith(2), EIGHT_NODES_GOAL),
    ],
    messages:
      fewestAndMost.length < 2
        ? null
        : { fewest, most, goal: MESSAGES_GOAL, outcome: most / fewest <= MESSAGES_GOAL ? 'reached' : 'missed' },
  };
}

export function printNodesVerdict({ cpu, messages }: NodesVerdict): string[] {
  const lines = cpu.map(({ what, than, ...judgement }) => `CPU per join, ${what}: ${printJudgement(judgement, than)}`);
  if (messages === null) return lines;
  const { fewest, most, goal, outcome } = messages;
  const range = `${fewest.toFixed(3)} to ${most.toFixed(3)}, ${(most / fewest).toFixed(2)} times as many`;
  return [...lines, `Messages delivered per join: ${range}. Goal: at most ${goal} times, ${outcome}.`];
}

/** Reasons to distrust the figures, one sentence each. */
export function nodesRemarks(measured: NodesMeasurement, options: Options): string[] {
  if (options.quick) return [QUICK_REMARK];
  const found: string[] = [];
  if (options.rounds < FEWEST_PAIRS) found.push(`Fewer than ${FEWEST_PAIRS} rounds: medians of so few mean little.`);
  const disturbed = countedRounds(measured.rounds, options).filter((round) => round.disturbed).length;
  if (disturbed > 0)
    found.push(`Other work on this machine disturbed ${disturbed} of the ${options.rounds} rounds counted.`);
  return found;
}

function cost(round: RoundMeasurement): number {
  return round.cpu_us_per_join;
}

function at<Value>(values: Value[], index: number): Value {
  const value = values[index];
  if (value === undefined) throw new Error(`there is no measurement ${index}`);
  return value;
}
