/**
 * What the Dockerfile puts into the image, made without a container engine: its instructions are carried out one by one, in
 * a directory for each stage. The base image is not there; of it stands only Node, the one that runs the tests.
 */
import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { dataDirectory } from './child-processes.ts';
import { contextFilter, type Instruction, pairsOf, parseDockerfile, type Stage } from './dockerfile.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const run = promisify(execFile);
export const isRoot = process.getuid?.() === 0;
export const stages = parseDockerfile(read('Dockerfile'));
export const isInContext = contextFilter(read('.dockerignore'));

/** How the image is started, in terms of this machine: paths below `root` stand for those of the image. */
export type ImageRoot = {
  root: string;
  cwd: string;
  env: Record<string, string>;
  /** Number of the user. */
  user: number;
  command: string[];
  healthcheck: string[];
  /** The one directory that is its user's. */
  dataDir: string;
  remove: () => void;
};

/** A folder's files, recursively; a file is itself. Paths from `from`. */
const filesBelow = (from: string, name: string): string[] =>
  statSync(path.join(from, name)).isDirectory()
    ? readdirSync(path.join(from, name), { recursive: true, withFileTypes: true })
        .filter((it) => !it.isDirectory())
        .map((it) => path.relative(from, path.join(it.parentPath, it.name)))
    : [path.normalize(name)];

class StageDirectory {
  readonly dir: string;
  private cwd = '/';
  private readonly others: Map<string, StageDirectory>;

  constructor(dir: string, others: Map<string, StageDirectory>) {
    this.dir = dir;
    this.others = others;
    mkdirSync(dir);
  }

  /** A path of the image on this machine. */
  at(name: string): string {
    return path.join(this.dir, path.resolve(this.cwd, name));
  }

  async carryOut({ name, flags, rest }: Instruction): Promise<void> {
    if (name === 'WORKDIR') {
      this.cwd = path.resolve(this.cwd, rest);
      mkdirSync(this.at('.'), { recursive: true });
    } else if (name === 'COPY') this.copy(flags, rest);
    // Hundreds of megabytes, which this repository has already.
    else if (name === 'RUN' && rest === 'npm ci') symlinkSync(path.join(ROOT, 'node_modules'), this.at('node_modules'));
    else if (name === 'RUN') await this.run(rest);
  }

  private copy({ from, chown }: Record<string, string>, rest: string): void {
    const names = rest.split(/\s+/);
    const to = names.pop() ?? '';
    const source = from === undefined ? undefined : this.others.get(from);
    if (from !== undefined && source === undefined) throw new Error(`there is no stage ${from}`);
    for (const name of names) {
      if (source === undefined) this.copyFromContext(name, to, names.length > 1);
      else cpSync(path.join(source.dir, name), this.at(to), { recursive: true, verbatimSymlinks: true });
    }
    const [uid, gid] = (chown ?? '').split(':').map(Number);
    if (isRoot && uid !== undefined && gid !== undefined) chownSync(this.at(to), uid, gid);
  }

  private copyFromContext(name: string, to: string, isOneOfMany: boolean): void {
    const files = filesBelow(ROOT, name).filter(isInContext);
    if (files.length === 0) throw new Error(`.dockerignore keeps ${name} from the builder`);
    for (const file of files) {
      const inFolder = isOneOfMany || to.endsWith('/') ? path.basename(file) : path.relative(name, file);
      const target = this.at(path.join(to, inFolder));
      mkdirSync(path.dirname(target), { recursive: true });
      copyFileSync(path.join(ROOT, file), target);
    }
  }

  private async run(command: string): Promise<void> {
    const env = { ...process.env, npm_config_prefer_offline: 'true', npm_config_update_notifier: 'false' };
    await run('sh', ['-ec', command], { cwd: this.at('.'), env });
  }
}

const last = (stage: Stage, name: string): string => {
  const found = stage.instructions.findLast((it) => it.name === name);
  if (found === undefined) throw new Error(`the image has no ${name}`);
  return found.rest;
};

/** Takes about half a minute. Without root the data belong to whoever runs the tests. */
export const makeImageRoot = async (): Promise<ImageRoot> => {
  const { dir, remove } = dataDirectory();
  chmodSync(dir, 0o755);
  const made = new Map<string, StageDirectory>();
  for (const stage of stages) {
    const directory = new StageDirectory(path.join(dir, stage.name), made);
    made.set(stage.name, directory);
    for (const it of stage.instructions) await directory.carryOut(it);
  }
  const image = stages.at(-1) as Stage;
  const root = path.join(dir, image.name);
  const bin = path.join(root, 'usr/local/bin');
  mkdirSync(bin, { recursive: true });
  copyFileSync(process.execPath, path.join(bin, 'node'), constants.COPYFILE_FICLONE);

  const env = Object.assign(
    { PATH: bin },
    ...image.instructions.filter((it) => it.name === 'ENV').map((it) => pairsOf(it.rest)),
  );
  const dataDir = path.join(root, env.DATA_DIR);
  if (!existsSync(dataDir)) throw new Error('the image has no directory for data');
  await run('chmod', ['-R', 'a-w', root]);
  chmodSync(dataDir, 0o755);
  return {
    root,
    cwd: path.join(root, last(image, 'WORKDIR')),
    env: { ...env, DATA_DIR: dataDir },
    user: Number(last(image, 'USER').split(':')[0]),
    command: JSON.parse(last(image, 'CMD')) as string[],
    healthcheck: JSON.parse(last(image, 'HEALTHCHECK').replace(/^.*?CMD /, '')) as string[],
    dataDir,
    remove: () => {
      if (!isRoot) execFileSync('chmod', ['-R', 'u+w', root]);
      remove();
    },
  };
};
