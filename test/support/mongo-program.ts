/**
 * The program behind the MongoDB servers that tests start: `mongod` from the path, else one that speaks its protocol and
 * is built here from Go modules, once (FerretDB, see mongo-protocol-server/main.go).
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { until } from './until.ts';

export type MongoProgram = { kind: 'mongod' | 'ferretdb'; path: string };

const SOURCE = path.join(import.meta.dirname, 'mongo-protocol-server');
const CACHE = path.resolve(import.meta.dirname, '../../node_modules/.cache/rollcast-tests');
/** Some hundred packages are fetched and compiled the first time. */
export const BUILD_DEADLINE_MS = 20 * 60_000;
/** Whoever has held the lock for longer has died. */
const LOCK_IS_STALE_MS = BUILD_DEADLINE_MS;

const has = (program: string, argument: string) => spawnSync(program, [argument]).status === 0;
const hasMongod = has('mongod', '--version');

/** Whether `mongoProgram` can answer one. */
export const canHaveMongo: boolean = hasMongod || has('go', 'version');

/** The sources name the program, so that a changed one is built again. */
const target = (): string => {
  const hash = createHash('sha256');
  for (const file of ['main.go', 'go.mod', 'go.sum']) hash.update(readFileSync(path.join(SOURCE, file)));
  return path.join(CACHE, `mongo-protocol-server-${hash.digest('hex').slice(0, 16)}`);
};

/** Takes minutes when it has to be built. */
export const mongoProgram = async (): Promise<MongoProgram> => {
  if (hasMongod) return { kind: 'mongod', path: 'mongod' };
  const file = target();
  if (!existsSync(file)) await buildOnce(file);
  return { kind: 'ferretdb', path: file };
};

/** One process builds, others that want it meanwhile wait for it. */
const buildOnce = async (file: string): Promise<void> => {
  mkdirSync(CACHE, { recursive: true });
  const lock = `${file}.lock`;
  await until('the MongoDB-protocol server is built', () => existsSync(file) || locked(lock), BUILD_DEADLINE_MS);
  if (existsSync(file)) return;
  try {
    await build(`${file}.new`);
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

const build = async (file: string): Promise<void> => {
  const child = spawn('go', ['build', '-trimpath', '-o', file, '.'], {
    cwd: SOURCE,
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
  if (code !== 0) throw new Error(`the MongoDB-protocol server could not be built: ${said}`);
};
