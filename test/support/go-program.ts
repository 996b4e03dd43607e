/**
 * Programs that tests build from Go modules, once: where they are not installed, Go alone is enough to have them. The
 * modules are pinned by the go.mod and go.sum of a folder here.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { until } from './until.ts';

export type GoProgram = {
  /** What it is called in messages and in the cache. */
  name: string;
  /** The folder with go.mod, go.sum and whatever sources there are. */
  source: string;
  /** What to build, as `go build` takes it. */
  package: string;
};

const CACHE = path.resolve(import.meta.dirname, '../../node_modules/.cache/rollcast-tests');
/** Some hundred packages are fetched and compiled the first time. */
export const BUILD_DEADLINE_MS = 20 * 60_000;
/** Whoever has held the lock for longer has died. */
const LOCK_IS_STALE_MS = BUILD_DEADLINE_MS;

export const has = (program: string, argument: string): boolean => spawnSync(program, [argument]).status === 0;

export const hasGo: boolean = has('go', 'version');

/** Where it is, or will be. The sources name it, so that a changed one is built again. */
const target = ({ name, source }: GoProgram): string => {
  const hash = createHash('sha256');
  for (const file of readdirSync(source).sort()) hash.update(readFileSync(path.join(source, file)));
  return path.join(CACHE, `${name}-${hash.digest('hex').slice(0, 16)}`);
};

/** The path of the program. Takes minutes when it has to be built; throws with what Go said when that fails. */
export const goProgram = async (program: GoProgram): Promise<string> => {
  const file = target(program);
  if (!existsSync(file)) await buildOnce(program, file);
  return file;
};

/** One process builds, others that want it meanwhile wait for it. */
const buildOnce = async (program: GoProgram, file: string): Promise<void> => {
  mkdirSync(CACHE, { recursive: true });
  const lock = `${file}.lock`;
  await until(`${program.name} is built`, () => existsSync(file) || locked(lock), BUILD_DEADLINE_MS);
  if (existsSync(file)) return;
  try {
    await build(program, `${file}.new`);
    renameSync(`${file}.new`, file);
  } finally {
    rmdirSync(lock);
  }
};

const locked = (lock: string): boolean => {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - since > LOCK_IS_STALE_MS) rmdirSync(lock);
    return false;
  }
};

const build = async (program: GoProgram, file: string): Promise<void> => {
  const child = spawn('go', ['build', '-trimpath', '-o', file, program.package], {
    cwd: program.source,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'local' },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4_000);
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${program.name} could not be built: ${said}`);
};
