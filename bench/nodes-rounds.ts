import { Contender, type RoundMeasurement } from './contender.ts';
import type { Deliveries } from './delivery-count.ts';
import type { Load } from './load-schedule.ts';
import type { Options } from './options.ts';
import { DISTURBED_CORES, MOST_TRIES, preferUndisturbed } from './pairs.ts';
import { startReference } from './reference-target.ts';
import { startNodes } from './rollcast-target.ts';
import type { TargetOptions } from './target.ts';

/** Several nodes on one Redis: deployments of different sizes beside the reference, measured in turns. */

/** One round of each, one right after the other, with the same send times. */
export interface NodesRound {
  reference: RoundMeasurement;
  /** In the order of the deployments' sizes. */
  deployments: RoundMeasurement[];
  /** In one of them, other work on this machine took more than `DISTURBED_CORES`. */
  disturbed: boolean;
}

export interface NodesMeasurement {
  rounds: NodesRound[];
  /** Rounds in which nothing but messages was counted, by deployment. */
  counted: (Deliveries & { joins: number })[][];
}

type Tell = (line: string) => void;

/** Messages vary little. */
const COUNTED_ROUNDS = 3;

export async function measureNodes(
  options: Options,
  redisServer: string,
  targetOptions: Omit<TargetOptions, 'rounds'>,
  tell: Tell,
): Promise<NodesMeasurement> {
  const { node_counts } = options;
  const startOptions = { ...targetOptions, rounds: mostRounds(options) };
  tell(`starting the reference and deployments of ${node_counts.join(', ')} nodes, and opening all sockets`);
  const reference = await Contender.open(await startReference('reference', startOptions), startOptions);
  const deployments: Contender[] = [];
  for (const nodes of node_counts) {
    const target = await startNodes(nodesName(nodes), { ...startOptions, nodes, redisServer });
    deployments.push(await Contender.open(target, startOptions));
    tell(`${nodesName(nodes)}: open`);
  }
  const all = [reference, ...deployments];
  for (const contender of all) contender.bystanders = all.filter((it) => it !== contender);

  await warmUp(reference, 1, options, tell);
  for (const [index, contender] of deployments.entries()) {
    await warmUp(contender, node_counts[index] ?? 1, options, tell);
  }
  const rounds = await measureRounds(reference, deployments, options, tell);
  const counted = await countMessages(deployments, options, tell);
  for (const contender of all) await contender.close();
  return { rounds, counted };
}

export function nodesName(nodes: number): string {
  return nodes === 1 ? '1 node' : `${nodes} nodes`;
}

/** The rounds that count: the first `wanted` undisturbed ones; where there are too few, disturbed ones too. */
export function countedRounds(rounds: NodesRound[], { rounds: wanted }: Options): NodesRound[] {
  return preferUndisturbed(rounds, wanted);
}

/** Every process gets as many joins as the only process of the reference: a deployment shares them among its nodes. */
function warmUpRounds(nodes: number, { warm_up_joins, classes, students }: Options): number {
  return Math.ceil((warm_up_joins * nodes) / (classes * students));
}

/** How many sessions the reference needs in each class. */
function mostRounds(options: Options): number {
  return warmUpRounds(1, options) + options.rounds * MOST_TRIES;
}

/** A cold process cannot take in a burst what a warm one can: the first half of the warm-up is spread over longer. */
const GENTLE = 4;

/** Plays rounds without counting them, and without waiting for calm. */
async function warmUp(contender: Contender, nodes: number, options: Options, tell: Tell): Promise<void> {
  const rounds = warmUpRounds(nodes, options);
  const hurry = { quiet_ms: 0, most_quiet_ms: 0, aftermath_ms: options.aftermath_ms };
  for (let round = 1; round <= rounds; round += 1) {
    const { window_ms, seed } = load(options, -round);
    await contender.round({ window_ms: round <= rounds / 2 ? window_ms * GENTLE : window_ms, seed }, hurry);
  }
  tell(`warm-up of ${contender.name}: ${rounds} rounds, not counted`);
}

async function measureRounds(
  reference: Contender,
  deployments: Contender[],
  options: Options,
  tell: Tell,
): Promise<NodesRound[]> {
  const tries = options.quick ? options.rounds : options.rounds * MOST_TRIES;
  const rounds: NodesRound[] = [];
  for (let attempt = 0; attempt < tries; attempt += 1) {
    if (rounds.filter((it) => !it.disturbed).length === options.rounds) break;
    const round = await measureRound(reference, deployments, attempt, options);
    rounds.push(round);
    const costs = [round.reference, ...round.deployments].map((it) => it.cpu_us_per_join.toFixed(1));
    const remark = round.disturbed ? ' (disturbed by other work)' : '';
    tell(`round ${attempt + 1}: reference, then by nodes: ${costs.join(', ')} µs CPU per join${remark}`);
  }
  return rounds;
}

async function measureRound(
  reference: Contender,
  deployments: Contender[],
  attempt: number,
  options: Options,
): Promise<NodesRound> {
  const all = [reference, ...deployments];
  const results = new Map<Contender, RoundMeasurement>();
  // Each begins a round in its turn.
  for (let step = 0; step < all.length; step += 1) {
    const contender = all[(attempt + step) % all.length] as Contender;
    results.set(contender, await contender.round(load(options, attempt), options));
  }
  const resultOf = (contender: Contender) => results.get(contender) as RoundMeasurement;
  const disturbed = [...results.values()].some(({ other_cores }) => other_cores > DISTURBED_CORES);
  return { reference: resultOf(reference), deployments: deployments.map(resultOf), disturbed };
}

async function countMessages(deployments: Contender[], options: Options, tell: Tell) {
  const counted: NodesMeasurement['counted'] = [];
  for (const contender of deployments) {
    const ofOne: NodesMeasurement['counted'][number] = [];
    for (let round = 0; round < (options.quick ? 1 : COUNTED_ROUNDS); round += 1) {
      ofOne.push(await contender.countedRound(load(options, round), options));
    }
    counted.push(ofOne);
    const messages = ofOne.map(({ delivered, joins }) => (delivered / joins).toFixed(3));
    tell(`${contender.name}: ${messages.join(', ')} messages per join`);
  }
  return counted;
}

function load({ burst_ms, seed }: Options, attempt: number): Load {
  return { window_ms: burst_ms, seed: seed + attempt };
}
