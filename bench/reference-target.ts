import { randomBytes } from 'node:crypto';
import { BenchProcess, freePort } from './child-process.ts';
import * as roster from './roster.ts';
import type { Target, TargetOptions } from './target.ts';

/** Starts the reference server. All its sessions are in its memory from the start. */
export async function startReference(name: string, options: TargetOptions): Promise<Target> {
  const port = await freePort();
  const secret = randomBytes(32).toString('hex');
  const script = new URL('./reference-server.ts', import.meta.url);
  const nodeOptions = ['--import', new URL('./cpu-probe.ts', import.meta.url).href];
  const env = {
    PORT: String(port),
    JWT_SECRET: secret,
    CLASSES: String(options.classes),
    STUDENTS: String(options.students),
    SESSIONS: String(options.rounds),
    NAMESPACE: options.namespace,
  };
  const server = new BenchProcess({ name, script, nodeOptions, env }, options.cleanup);
  await server.accepts(port);
  return {
    name,
    urls: [`http://127.0.0.1:${port}`],
    secret,
    processes: [server],
    redis: null,
    storedEvent: null,
    createSessions: async (round) =>
      Array.from({ length: options.classes }, (_, classIndex) => roster.sessionId(classIndex, round)),
  };
}
