/** The demo's programs as processes: what they print and how they end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { until } from '../support/until.ts';

const DEMO = path.resolve(import.meta.dirname, '../../src/demo');
/** What the demo promises from its start to the moment when it serves. */
const UP_WITHIN_MS = 10_000;

export type Program = {
  child: ChildProcess;
  /** Everything so far. */
  output: () => string;
  errors: () => string;
  /** Resolves with its exit code once it is gone and its output is whole. */
  ended: Promise<number | null>;
};

/** An environment of its own: settings of whoever runs the tests would test something else. */
export const runProgram = (file: 'demo.ts' | 'token.ts', args: string[], env: Record<string, string>): Program => {
  const child = spawn(process.execPath, [path.join(DEMO, file), ...args], {
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, output: () => output, errors: () => errors, ended };
};

export type RunningDemo = Program & {
  /** What it says to export: URL, SESSION, TEACHER, STUDENT_1, STUDENT_2. */
  exported: Record<string, string>;
  /** Ctrl-C; resolves with the exit code. */
  stop: () => Promise<number | null>;
};

/** Resolves when it has printed how to use it. */
export const startDemo = async (data_dir: string, ...args: string[]): Promise<RunningDemo> =>
  whenUp(runProgram('demo.ts', args, { PORT: '0', DATA_DIR: data_dir }));

/** What it says to export. */
export const exportedBy = (program: Program): Record<string, string> => {
  const lines = program.output().matchAll(/^export ([A-Z_0-9]+)=(.+)$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, value])) as Record<string, string>;
};

const whenUp = async (program: Program): Promise<RunningDemo> => {
  await until(
    'the demo is up',
    () => {
      if (program.child.exitCode !== null) throw new Error(`the demo ended: ${program.errors()}`);
      return program.output().includes('And read the roll');
    },
    UP_WITHIN_MS,
  );
  const stop = () => {
    program.child.kill('SIGINT');
    return program.ended;
  };
  return { ...program, exported: exportedBy(program), stop };
};
