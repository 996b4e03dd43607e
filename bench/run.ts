import { mkdir, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { canHaveMongo } from '../test/support/mongo-program.ts';
import { MongoProcess } from '../test/support/mongo-server.ts';
import { judgeArchive, printArchiveTable, printArchiveVerdict } from './archive-report.ts';
import { measureArchive } from './archive-rounds.ts';
import { Cleanup } from './cleanup.ts';
import { Contender } from './contender.ts';
import { readEnvironment } from './environment.ts';
import { judgeNodes, nodesRemarks, printNodesTable, printNodesVerdict, tabulateNodes } from './nodes-report.ts';
import { measureNodes, type NodesMeasurement } from './nodes-rounds.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { measurePairs, mostRounds, type Pair, warmUp } from './pairs.ts';
import { redisVersion } from './redis-server.ts';
import { startReference } from './reference-target.ts';
import { printTable, remarks, tabulate } from './report.ts';
import { startRollcast } from './rollcast-target.ts';
import { printSizes } from './sizes-report.ts';
import { measureSizes } from './sizes-rounds.ts';
import type { TargetOptions } from './target.ts';
import { judge, printVerdict } from './verdict.ts';

/**
 * The benchmark: Rollcast beside the reference server, all alive in one run and measured in turns, so that whatever
 * else happens on the machine happens to all. README.md tells what is measured and how to read it.
 */

async function measure(options: Options, cleanup: Cleanup): Promise<Pair[]> {
  const targetOptions = { ...targetOptionsOf(options, cleanup), rounds: mostRounds(options) };
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

async function benchPairs(options: Options): Promise<void> {
  const environment = await readEnvironment(options.data_parent);
  const pairs = await cleanedUp((cleanup) => measure(options, cleanup));
  const rows = tabulate(pairs, options);
  const verdicts = judge(pairs, options);
  const cautions = remarks(pairs, rows, options);
  print(printTable(rows, 'reference', subjectName(options)), [...verdicts.map(printVerdict), ...cautions]);
  const measured = { verdicts, remarks: cautions, rows, pairs };
  await write(options.names?.pairs, { environment, options: repeatable(options), ...measured });
}

async function benchNodes(options: Options): Promise<void> {
  const redis = await redisVersion(options.redis_server);
  if (redis === null) {
    console.log(
      `\nSEVERAL NODES WERE LEFT OUT: there is no ${options.redis_server} here. Install one, or name it with --redis-server.`,
    );
    return;
  }
  const environment = { ...(await readEnvironment(options.data_parent)), redis };
  const measured: NodesMeasurement = await cleanedUp((cleanup) =>
    measureNodes(options, options.redis_server, targetOptionsOf(options, cleanup), tell),
  );
  const rows = tabulateNodes(measured, options);
  const verdict = judgeNodes(measured, options);
  const cautions = nodesRemarks(measured, options);
  print(printNodesTable(rows, options), [...printNodesVerdict(verdict), ...cautions]);
  await write(options.names?.nodes, {
    environment,
    options: repeatable(options),
    verdict,
    remarks: cautions,
    rows,
    ...measured,
  });
}

async function benchArchive(options: Options, to: NonNullable<Options['archive_to']>): Promise<void> {
  const redis = await redisVersion(options.redis_server);
  if (redis === null || (to.mongodb_url === null && !canHaveMongo)) {
    const missing = redis === null ? `no ${options.redis_server}` : 'no MongoDB: name one with --mongodb-url';
    console.log(`\nTHE ARCHIVE WAS LEFT OUT: there is ${missing}.`);
    return;
  }
  const { redis_server, data_parent, quick } = options;
  const environment = { ...(await readEnvironment(data_parent)), redis };
  const measured = await cleanedUp(async (cleanup) => {
    const mongodb_url = to.mongodb_url ?? (await startedMongo(cleanup));
    return measureArchive({ mongodb_url, redis_server, data_parent, quick }, cleanup, tell);
  });
  const verdict = judgeArchive(measured);
  print(printArchiveTable(measured), [printArchiveVerdict(verdict)]);
  await write(options.names?.archive, { environment, verdict, ...measured });
}

async function benchSizes(options: Options, to: NonNullable<Options['archive_to']>): Promise<void> {
  const redis = await redisVersion(options.redis_server);
  if (redis === null) {
    console.log(`\nTHE SIZES WERE LEFT OUT: there is no ${options.redis_server}.`);
    return;
  }
  const { redis_server, data_parent, quick } = options;
  const environment = { ...(await readEnvironment(data_parent)), redis };
  const measured = await cleanedUp(async (cleanup) => {
    const mongodb_url = to.mongodb_url ?? (canHaveMongo ? await startedMongo(cleanup) : null);
    return measureSizes({ mongodb_url, redis_server, data_parent, quick }, cleanup, tell);
  });
  print(printSizes(measured), measured.documents === null ? ['DOCUMENTS WERE LEFT OUT: there is no MongoDB.'] : []);
  await write(options.names?.sizes, { environment, ...measured });
}

async function startedMongo(cleanup: Cleanup): Promise<string> {
  const server = await MongoProcess.start();
  cleanup.add(() => server.stop());
  return server.url('bench');
}

function targetOptionsOf(options: Options, cleanup: Cleanup): Omit<TargetOptions, 'rounds'> {
  const { classes, students, namespace, data_parent: dataParent } = options;
  return { classes, students, namespace, dataParent, cleanup };
}

function subjectName(options: Options): string {
  return options.against === 'rollcast' ? 'rollcast' : 'reference 2';
}

/** Ends whatever the work has started, however it ends; also when somebody asks this process to end. */
async function cleanedUp<Result>(work: (cleanup: Cleanup) => Promise<Result>): Promise<Result> {
  const cleanup = new Cleanup();
  try {
    return await Promise.race([work(cleanup), interrupted]);
  } finally {
    await cleanup.run();
  }
}

const interrupted = new Promise<never>((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => reject(new Error(`ended by ${signal}`)));
});
interrupted.catch(() => {});

function print(table: string, lines: string[]): void {
  console.log(`\n${table}\n`);
  for (const line of lines) console.log(line);
}

/** What makes the same run again, anywhere. */
function repeatable({ data_parent: _, redis_server: __, archive_to: ___, ...options }: Options) {
  return options;
}

async function write(name: string | undefined, result: object): Promise<void> {
  if (name === undefined) return;
  const folder = new URL('./results/', import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(result, null, 2)}\n`);
  console.log(`written to bench/results/${name}.json`);
}

/** Progress goes to standard error, tables to standard output. */
function tell(line: string): void {
  console.error(line);
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return console.log(USAGE);
  if (options.shapes.length > 0) await benchPairs(options);
  if (options.node_counts.length > 0) await benchNodes(options);
  if (options.archive_to !== undefined) {
    if (options.sizes) await benchSizes(options, options.archive_to);
    else await benchArchive(options, options.archive_to);
  }
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
