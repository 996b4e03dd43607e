/**
 * The package as `npm pack` makes it, unpacked into a project that has nothing but what its package.json declares. What it
 * declares is linked from this repository, so nothing comes over the network.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { dataDirectory, endWithThisProcess } from './child-processes.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** Of the project itself: what somebody who writes TypeScript and React has. */
const TOOLS = ['typescript', '@types/react', '@types/react-dom', 'react-dom', 'csstype'];

const run = promisify(execFile);
type Manifest = Record<'dependencies' | 'peerDependencies', Record<string, string>>;

export class InstalledPackage {
  /** The project's directory. */
  readonly dir: string;
  /** What npm packed: paths in the package. */
  readonly files: readonly string[];
  readonly remove: () => void;

  private constructor(dir: string, files: readonly string[], remove: () => void) {
    this.dir = dir;
    this.files = files;
    this.remove = remove;
  }

  static async install(): Promise<InstalledPackage> {
    const { dir: parent, remove } = dataDirectory();
    const [packed, dir] = [path.join(parent, 'packed'), path.join(parent, 'project')];
    for (const it of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']) {
      cpSync(path.join(ROOT, it), path.join(packed, it));
    }
    await run(process.execPath, [path.join(ROOT, 'scripts/build.ts'), path.join(packed, 'dist'), '--unchecked']);
    const env = { ...process.env, npm_config_offline: 'true', npm_config_update_notifier: 'false' };
    const { stdout } = await run('npm', ['pack', '--json'], { cwd: packed, env });
    const answer = JSON.parse(stdout) as Record<string, Packed> | Packed[];
    const [tarball] = Object.values(answer);
    if (tarball === undefined) throw new Error(`npm pack made nothing: ${stdout}`);

    const modules = path.join(dir, 'node_modules');
    const home = path.join(modules, 'rollcast');
    mkdirSync(home, { recursive: true });
    await run('tar', ['-xzf', path.join(packed, tarball.filename), '-C', home, '--strip-components=1']);
    const { dependencies, peerDependencies } = JSON.parse(
      readFileSync(path.join(home, 'package.json'), 'utf8'),
    ) as Manifest;
    for (const name of [...Object.keys({ ...dependencies, ...peerDependencies }), ...TOOLS]) link(name, modules);
    writeFileSync(path.join(dir, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
    return new InstalledPackage(
      dir,
      tarball.files.map((it) => it.path),
      remove,
    );
  }

  /** A file of the project. */
  write(file: string, text: string): void {
    const full = path.join(this.dir, file);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, text);
  }

  /** `node <file>` with these arguments; it ends with this process, or by itself. */
  start(args: string[], env: Record<string, string> = {}): RunningProgram {
    const child = spawn(process.execPath, args, {
      cwd: this.dir,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    endWithThisProcess(child);
    const printed = { out: '', error: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed.out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      printed.error += text;
    });
    const ended = once(child, 'close').then(([code]) => {
      if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${printed.out}${printed.error}`);
      return printed.out;
    });
    return { output: () => printed.out, ended };
  }

  /** What the compiler has to say about these files; empty when all is well. */
  async typeCheck(files: string[], compilerOptions: object): Promise<string> {
    const project = path.join(this.dir, 'tsconfig.json');
    writeFileSync(project, JSON.stringify({ compilerOptions: { strict: true, types: [], ...compilerOptions }, files }));
    const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
    return run(process.execPath, [tsc, '-p', project], { cwd: this.dir }).then(
      ({ stdout }) => stdout,
      ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
    );
  }
}

export type RunningProgram = {
  /** What it has printed so far. */
  output: () => string;
  /** All that it printed, once it has ended; rejects when it failed. */
  ended: Promise<string>;
};

type Packed = { filename: string; files: { path: string }[] };

const link = (name: string, modules: string): void => {
  const at = path.join(modules, name);
  mkdirSync(path.dirname(at), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules', name), at);
};
