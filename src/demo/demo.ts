/**
 * A course to play with: on a node of its own, or in a service that runs already. `npm run demo -- --help` says how.
 */
import '../node-warnings.ts';
import process from 'node:process';
import { readConfig } from '../config.ts';
import { ListenError } from '../listening.ts';
import { DEMO_USAGE, readDemoOptions } from './demo-options.ts';
import { embeddedDemo } from './embedded-demo.ts';
import { remoteDemo } from './remote-demo.ts';

const CANNOT = 1;

const run = async (): Promise<void> => {
  // A reader that has gone (`| head`) stops nothing: the node goes on, and drains when it is told to.
  process.stdout.on('error', () => {});
  const options = readDemoOptions(process.argv.slice(2), process.env);
  if (options === 'help') return say(DEMO_USAGE);
  const { port, remote } = options;
  if (remote !== null) return remoteDemo({ ...options, remote }, readConfig(signingAlone(process.env)), say);
  const config = readConfig(port === undefined ? process.env : { ...process.env, PORT: port });
  await embeddedDemo(options, config, say, fail);
};

/** What is set for a node that may be started here, or half of it, is nothing to a service elsewhere. */
const signingAlone = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => name.startsWith('JWT_')));

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const fail = (error: unknown): never => {
  const message = error instanceof Error ? error.message : String(error);
  const isPort = error instanceof ListenError && error.variable === 'PORT';
  process.stderr.write(`demo: ${message.split('\n')[0]}${isPort ? '; choose another with --port' : ''}\n`);
  process.exit(CANNOT);
};

run().catch(fail);
