/**
 * Programs of the image as a container engine starts them, as far as this machine lets us. With namespaces: as process 1,
 * the whole file system read-only but for the data. Else, as root: as the image's user, who owns nothing but the data.
 * Else as whoever runs the tests, on a copy without write bits.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { endWithThisProcess } from './child-processes.ts';
import { freePort } from './free-port.ts';
import { type ImageRoot, isRoot } from './image-root.ts';
import { until } from './until.ts';

const START_DEADLINE_MS = 20_000;
const UNSHARE = ['--mount', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'];
/** $1: the directory that stays writable, $2: the user, then the command. Mounts of the kernel's own may refuse: /proc does. */
const READ_ONLY = `
  mount --bind "$1" "$1"
  findmnt --raw --noheadings --output TARGET | grep -vxF "$1" | while read -r at; do
    mount -o remount,bind,ro "$at" 2>/dev/null || :
  done
  cd . # through the mounts as they are now
  user=$2; shift 2
  exec setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs "$@"
`;

/** Whether this machine gives a process namespaces of its own: Linux, root, and no container that forbids it. */
export const hasNamespaces = spawnSync('unshare', [...UNSHARE, 'setpriv', '--version']).status === 0;

const start = (image: ImageRoot, [program = '', ...args]: string[], more: Record<string, string>): ChildProcess => {
  const { cwd, user, dataDir } = image;
  const env = { ...image.env, ...more };
  const options = { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'] };
  if (!hasNamespaces) return spawn(program, args, isRoot ? { ...options, uid: user, gid: user } : options);
  const outside = { ...options, env: { ...env, PATH: `${env.PATH}:${process.env.PATH}:/usr/sbin:/sbin` } };
  return spawn('unshare', [...UNSHARE, 'sh', '-ec', READ_ONLY, 'sh', dataDir, String(user), program, ...args], outside);
};

/** The process itself: with namespaces the one that was started only waits for it. */
const innerPid = (pid: number): number => {
  if (!hasNamespaces) return pid;
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return Number(child) || pid;
};

export type Ended = { code: number | null; signal: NodeJS.Signals | null };

export class ImageProcess {
  output = '';
  readonly ended: Promise<Ended>;
  private readonly child: ChildProcess;

  constructor(image: ImageRoot, command: string[], env: Record<string, string> = {}) {
    this.child = start(image, command, env);
    endWithThisProcess(this.child);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.ended = once(this.child, 'close').then(([code, signal]) => ({ code, signal }));
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  signal(name: NodeJS.Signals): Promise<Ended> {
    if (this.isRunning && this.child.pid !== undefined) process.kill(innerPid(this.child.pid), name);
    return this.ended;
  }
}

/** The service by the image's CMD. Its environment is that of the image and what is given, and nothing of this process. */
export class ImageService {
  readonly env: Record<string, string>;
  private readonly image: ImageRoot;
  private readonly process: ImageProcess;

  private constructor(image: ImageRoot, env: Record<string, string>) {
    this.image = image;
    this.env = env;
    this.process = new ImageProcess(image, image.command, env);
  }

  /** Resolves when it listens; rejects with what it said when it ends before that. */
  static async start(image: ImageRoot, env: Record<string, string>): Promise<ImageService> {
    const service = await ImageService.begin(image, env);
    await until(
      'the service listens',
      () => {
        if (!service.process.isRunning) throw new Error(`the service ended: ${service.output}`);
        return service.output.includes('"msg":"listening"');
      },
      START_DEADLINE_MS,
    );
    return service;
  }

  /** Does not wait. */
  static async begin(image: ImageRoot, env: Record<string, string>): Promise<ImageService> {
    return new ImageService(image, { HOST: '127.0.0.1', PORT: String(await freePort()), ...env });
  }

  get url(): string {
    return `http://127.0.0.1:${this.env.PORT}`;
  }

  get output(): string {
    return this.process.output;
  }

  /** The exit code of the image's HEALTHCHECK, and what it wrote. */
  async healthcheck(): Promise<{ code: number | null; output: string }> {
    const check = new ImageProcess(this.image, this.image.healthcheck, this.env);
    return { code: (await check.ended).code, output: check.output };
  }

  stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<Ended> {
    return this.process.signal(signal);
  }
}
