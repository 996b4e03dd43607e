import { mkdir, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { Cleanup } from './cleanup.ts';
import { Contender } from './contender.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { measurePairs, mostRounds, type Pair, warmUp } from './pairs.ts';
import { startReference } from './reference-target.ts';
import { printTable, remarks, tabulate } from './report.ts';
import { startRollcast } from './rollcast-target.ts';
import type { TargetOptions } from './target.ts';
import { judge, printVerdict } from './verdict.ts';

/**
 * The benchmark: Rollcast beside the reference server, both alive in one run and measured in turns, so that whatever
 * else happens on the machine happens to both. README.md tells what is measured and how to read it.
 */

async function measure(options: Options, cleanup: Cleanup): Promise<Pair[]> {
  const { classes, students, namespace, data_parent: dataParent } = options;
  const rounds = mostRounds(options);
  const targetOptions: TargetOptions = { classes, students, rounds, namespace, dataParent, cleanup };
  tell('starting both servers and opening all sockets');
  const startSubject = options.against === 'rollcast' ? startRollcast : startReference;
  const referenceTarget = await startReference('reference', targetOptions);
  const subjectTarget = await startSubject(subjectName(options), targetOptions);
  const reference = await Contender.open(referenceTarget, targetOptions);
  const subject = await Contender.open(subjectTarget, targetOptions);

  await warmUp([reference, subject], options, tell);
  const pairs = await measurePairs(reference, subject, options, tell);
  await reference.close();
  await subject.close();
  return pairs;
}

async function report(options: Options, pairs: Pair[], environment: Environment): Promise<void> {
  const rows = tabulate(pairs, options);
  const cautions = remarks(pairs, rows, options);
  console.log(`\n${printTable(rows, 'reference', subjectName(options))}\n`);
  const verdicts = judge(pairs, options);
  for (const verdict of verdicts) console.log(printVerdict(verdict));
  for (const caution of cautions) console.log(caution);
  if (options.name === undefined) return;

  const folder = new URL('./results/', import.meta.url);
  const { data_parent: _, ...repeatable } = options;
  const result = { environment, options: repeatable, verdicts, remarks: cautions, rows, pairs };
  await mkdir(folder, { recursive: true });
  await writeFile(new URL(`${options.name}.json`, folder), `${JSON.stringify(result, null, 2)}\n`);
  console.log(`written to bench/results/${options.name}.json`);
}

function subjectName(options: Options): string {
  return options.against === 'rollcast' ? 'rollcast' : 'reference 2';
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
