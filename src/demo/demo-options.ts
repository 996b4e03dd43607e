/** The command line of `npm run demo`. */
import { parseArgs } from 'node:util';
import { DEMO_COURSE } from './course.ts';

/** The simulation takes this long unless it is told otherwise. */
const SIMULATED_S = 60;

export const DEMO_USAGE = `usage: npm run demo -- [--port <port>] [--simulate [--seconds <n>] [--end]]
       npm run demo -- --url <url> [--token <token>] [--course <id>] [--roster <file>] [--simulate …]

One node with a course to play with. What it makes lies in DATA_DIR and is found again by the next start.
With --url: no node; the same course in a service that runs already, made over REST, and found again the next time.

  --port <port>     in place of PORT
  --simulate        lets the students arrive, while you watch what the teacher hears
  --seconds <n>     how long they take for it, 1 to 9999 (${SIMULATED_S} unless given)
  --end             ends the session after that, which brings it into the archive
  --url <url>       where the service is, such as https://attendance.example.edu
  --token <token>   of a teacher, admin or service there; ROLLCAST_TOKEN in its place keeps it out of the list of processes
  --course <id>     of the course (${DEMO_COURSE} unless given)
  --roster <file>   enrolls these students, CSV or JSON as the REST API takes them, in place of the demo's thirty
  --help            shows this

With JWT_SECRET (or JWT_SECRET_FILE) of the service at --url it prints tokens to try it with, and can let students arrive.
Then no other token is needed. Nobody can sign tokens without that secret: where an identity provider does, it only seeds.`;

export type RemoteOptions = { url: string; token: string | undefined; course_id: string; roster: string | undefined };

export type DemoOptions = {
  port: string | undefined;
  simulated: boolean;
  end: boolean;
  over_ms: number;
  /** Null: a node of its own. */
  remote: RemoteOptions | null;
};

/** Throws an Error that says what is wrong with the command line. */
export const readDemoOptions = (
  args: string[],
  { ROLLCAST_TOKEN }: Record<string, string | undefined> = {},
): DemoOptions | 'help' => {
  const text = { type: 'string' as const };
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean', short: 'h' },
      port: text,
      simulate: { type: 'boolean', default: false },
      end: { type: 'boolean', default: false },
      seconds: text,
      url: text,
      token: text,
      course: text,
      roster: text,
    },
  });
  const { help, port, simulate: simulated, end, seconds = String(SIMULATED_S), url, token, course, roster } = values;
  if (help) return 'help';
  if (!/^[1-9]\d{0,3}$/.test(seconds)) throw new Error('--seconds must be a whole number from 1 to 9999');
  if (end && !simulated) throw new Error('--end is for --simulate');
  if (values.seconds !== undefined && !simulated) throw new Error('--seconds is for --simulate');
  const common = { port, simulated, end, over_ms: Number(seconds) * 1000 };
  if (url === undefined) {
    const lonely = Object.entries({ token, course, roster }).find(([, it]) => it !== undefined)?.[0];
    if (lonely !== undefined) throw new Error(`--${lonely} is for --url`);
    return { ...common, remote: null };
  }
  if (port !== undefined) throw new Error('--port is for a node of its own, --url for one that runs already');
  for (const [name, value] of Object.entries({ token, course, roster })) {
    if (value === '') throw new Error(`--${name} is empty`);
  }
  const remote = {
    url: originOf(url),
    token: token ?? (ROLLCAST_TOKEN || undefined),
    course_id: course ?? DEMO_COURSE,
  };
  return { ...common, remote: { ...remote, roster } };
};

/** Clients take a path of a Socket.IO address for a namespace, so there cannot be one. */
const originOf = (url: string): string => {
  const { protocol, origin, href } = URL.canParse(url) ? new URL(url) : { protocol: '', origin: '', href: '' };
  if (!/^https?:$/.test(protocol) || href !== `${origin}/`) {
    throw new Error('--url must be an address without a path, such as https://attendance.example.edu');
  }
  return origin;
};
