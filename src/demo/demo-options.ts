/** The command line of `npm run demo`. */
import { parseArgs } from 'node:util';

/** The simulation takes this long unless it is told otherwise. */
const SIMULATED_S = 60;

export const DEMO_USAGE = `usage: npm run demo -- [--port <port>] [--simulate [--seconds <n>] [--end]]

One node with a course to play with. What it makes lies in DATA_DIR and is found again by the next start.

  --port <port>   in place of PORT
  --simulate      lets the students arrive, while you watch what the teacher hears
  --seconds <n>   how long they take for it, 1 to 9999 (${SIMULATED_S} unless given)
  --end           ends the session after that, which brings it into the archive
  --help          shows this`;

export type DemoOptions = { port: string | undefined; simulated: boolean; end: boolean; over_ms: number };

/** Throws an Error that says what is wrong with the command line. */
export const readDemoOptions = (args: string[]): DemoOptions | 'help' => {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean', short: 'h' },
      port: { type: 'string' },
      simulate: { type: 'boolean', default: false },
      end: { type: 'boolean', default: false },
      seconds: { type: 'string' },
    },
  });
  const { help, port, simulate: simulated, end, seconds = String(SIMULATED_S) } = values;
  if (help) return 'help';
  if (!/^[1-9]\d{0,3}$/.test(seconds)) throw new Error('--seconds must be a whole number from 1 to 9999');
  if (end && !simulated) throw new Error('--end is for --simulate');
  if (values.seconds !== undefined && !simulated) throw new Error('--seconds is for --simulate');
  return { port, simulated, end, over_ms: Number(seconds) * 1000 };
};
