import { mkdir, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { Cleanup } from './cleanup.ts';
import { Contender } from './contender.ts';
import { readEnvironment } from './environment.ts';
import type { Load } from './load-schedule.ts';
import { type Options, readOptions, type Shape, USAGE } from './options.ts';
import { startReference } from './reference-target.ts';
import { CPU_PER_JOIN, type Pair, printTable, remarks, tabulate } from './report.ts';
import { startRollcast } from './rollcast-target.ts';
import type { TargetOptions } from './target.ts';

/**
 * The benchmark: Rollcast beside the reference server, both alive in one run and measured in turns, so that whatever
 * else happens on the machine happens to both. README.md tells what is measured and how to read it.
 */

/** What the embedded profile may cost: CPU per join in a burst, as a multiple of the reference. */
const CPU_RATIO_GOAL = 1.3;

function load(shape: Shape, options: Options, seed: number): Load {
  const joins = options.classes * options.students;
  return { window_ms: shape === 'burst' ? options.burst_ms : (joins / options.rate) * 1000, seed };
}

/** The shapes of the warm-up rounds: enough bursts, and each shape that is measured at least once. */
function warmUp({ classes, students, shapes, warm_up_joins }: Options): Shape[] {
  const bursts = Math.ceil(warm_up_joins / (classes * students));
  const rounds = Array.from({ length: bursts }, (): Shape => 'burst');
  return shapes.includes('steady') ? [...rounds, 'steady'] : rounds;
}

async function measure(options: Options, cleanup: Cleanup): Promise<Pair[]> {
  const warmUpShapes = warmUp(options);
  const { classes, students, namespace, data_parent: dataParent } = options;
  const rounds = warmUpShapes.length + options.pairs * options.shapes.length;
  const targetOptions: TargetOptions = { classes, students, rounds, namespace, dataParent, cleanup };

  tell('starting both servers and opening all sockets');
  const start = options.against === 'rollcast' ? startRollcast : startReference;
  const referenceTarget = await startReference('reference', targetOptions);
  const subjectTarget = await start(options.against === 'rollcast' ? 'rollcast' : 'reference 2', targetOptions);
  const reference = await Contender.open(referenceTarget, targetOptions);
  const subject = await Contender.open(subjectTarget, targetOptions);

  for (const [index, shape] of warmUpShapes.entries()) {
    for (const contender of [reference, subject]) {
      await contender.round(load(shape, options, options.seed + index), options);
      tell(`warm-up ${index + 1} of ${warmUpShapes.length}: ${shape}, ${contender.name}, not counted`);
    }
  }

  const pairs: Pair[] = [];
  for (let pair = 0; pair < options.pairs; pair += 1) {
    for (const shape of options.shapes) {
      // Both get the same send times; who goes first changes from pair to pair.
      const sameLoad = load(shape, options, options.seed + warmUpShapes.length + pair);
      const one = async (contender: Contender) => {
        const round = await contender.round(sameLoad, options);
        tell(`pair ${pair + 1}: ${shape}, ${contender.name}, ${round.cpu_us_per_join.toFixed(1)} µs CPU per join`);
        return round;
      };
      const early = pair % 2 === 0 ? await one(reference) : undefined;
      const subjectRound = await one(subject);
      pairs.push({ shape, reference: early ?? (await one(reference)), subject: subjectRound });
    }
  }
  await reference.close();
  await subject.close();
  return pairs;
}

async function report(options: Options, pairs: Pair[], environment: object): Promise<void> {
  const rows = tabulate(pairs);
  const cautions = remarks(pairs, rows, options.quick);
  const subject = options.against === 'rollcast' ? 'rollcast' : 'reference 2';
  console.log(`\n${printTable(rows, 'reference', subject)}\n`);
  const cpu = rows.find((row) => row.shape === 'burst' && row.what === CPU_PER_JOIN)?.ratio?.median;
  if (cpu !== undefined && options.against === 'rollcast' && !options.quick) {
    const verdict = cpu <= CPU_RATIO_GOAL ? 'holds' : 'does not hold';
    console.log(
      `CPU per join in a burst: ${cpu.toFixed(2)} times the reference; at most ${CPU_RATIO_GOAL}: ${verdict}.`,
    );
  }
  for (const caution of cautions) console.log(caution);
  if (options.name === undefined) return;

  const folder = new URL('./results/', import.meta.url);
  const file = new URL(`${options.name}.json`, folder);
  const { data_parent: _, ...repeatable } = options;
  const result = { environment, options: repeatable, cpu_ratio_goal: CPU_RATIO_GOAL, remarks: cautions, rows, pairs };
  await mkdir(folder, { recursive: true });
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`written to bench/results/${options.name}.json`);
}

/** Rejects when somebody asks this process to end. */
function interrupted(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => reject(new Error(`ended by ${signal}`)));
  });
}

/** Progress goes to standard error, the table to standard output. */
function tell(line: string): void {
  console.error(line);
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return console.log(USAGE);
  const environment = await readEnvironment(options.data_parent);
  const cleanup = new Cleanup();
  let pairs: Pair[];
  try {
    pairs = await Promise.race([measure(options, cleanup), interrupted()]);
  } finally {
    await cleanup.run();
  }
  await report(options, pairs, environment);
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
