/** Node processes that tests start, speak to in lines, and kill. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const SRC = path.resolve(import.meta.dirname, '../../src');

export type NodeProcess = {
  /** Lines of standard output so far. */
  lines: string[];
  /** Resolves when there are so many lines; rejects, with what it wrote to standard error, when it ends before. */
  untilLines(count: number): Promise<void>;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  /** Resolves with its exit code. */
  exited: Promise<number | null>;
};

/** Runs the text of a module; `src('sqlite/database.ts')` inside it is the URL of that file. */
export function runModule(text: string, ...args: string[]): NodeProcess {
  const src = `const src = (file) => new URL(file, ${JSON.stringify(`${pathToFileURL(SRC)}/`)}).href;\n`;
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', src + text, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  const waiting: { count: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  if (child.stdout === null) throw new Error('no standard output');
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    for (const one of waiting) if (lines.length >= one.count) one.resolve();
  });
  const exited = once(child, 'close').then(([code]) => {
    for (const one of waiting) one.reject(new Error(`the process ended with ${code}: ${errors}`));
    return code as number | null;
  });
  return {
    lines,
    untilLines: (count) =>
      new Promise((resolve, reject) => {
        if (lines.length >= count) resolve();
        else waiting.push({ count, resolve, reject });
      }),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    exited,
  };
}
