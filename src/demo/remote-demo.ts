/** The demo in a service that runs already: seeded over REST, played over Socket.IO; it is left running. */
import process from 'node:process';
import { systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { seedCourse } from './course.ts';
import type { DemoOptions, RemoteOptions } from './demo-options.ts';
import { guide, guideWithoutTokens } from './guide.ts';
import { demoTokens, lateAfterMinutes, peopleOf, playLesson } from './lesson.ts';
import { ask, RefusedError } from './rest.ts';
import { readRoster } from './roster.ts';
import { type Signer, tokenSigner } from './signing.ts';

const SEED_TOKEN_MINUTES = 5;

type Remote = DemoOptions & { remote: RemoteOptions };

/** Resolves when all is done; with a simulation that is not to end, when a signal has sent the students away. */
export const remoteDemo = async (options: Remote, config: Config, say: (text: string) => void): Promise<void> => {
  const { url, course_id, roster } = options.remote;
  const sign = config.tokenKey?.kind === 'secret' ? tokenSigner(config.tokenKey.secret, config, systemClock) : null;
  if (options.simulated && sign === null) {
    throw new Error('--simulate signs a token for each student: set JWT_SECRET to the secret of the service');
  }
  const rest = { url, token: await seedToken(options.remote, sign) };
  const seeded = await seedCourse(rest, {
    course_id,
    roster: roster === undefined ? null : readRoster(roster),
    late_after_minutes: lateAfterMinutes(options),
    as_its_people: sign !== null,
    now: systemClock(),
  });
  const { course, session, students } = seeded;
  const head = `Course ${course.id} "${course.title}" at ${url} has ${students.length} students.`;
  const { teacher, forYou } = peopleOf(seeded);
  if (sign === null) return say(guideWithoutTokens({ url, session, head, teacher, student: forYou[0] }));

  const tokens = await demoTokens(sign, teacher, forYou);
  await assertTaken(url, tokens.teacher.token, session.id);
  say(guide({ url, session, tokens, head, console_says: 'the console' }));
  if (!options.simulated) return;
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stopped.abort());
  await playLesson({ url, seeded, sign, tokens, options, clock: systemClock, say, signal: stopped.signal });
  if (!options.end && !stopped.signal.aborted) {
    await new Promise((resolve) => stopped.signal.addEventListener('abort', resolve));
  }
  stopped.abort();
};

const seedToken = async ({ token }: RemoteOptions, sign: Signer | null): Promise<string> => {
  if (token !== undefined) return token;
  if (sign !== null) return sign({ sub: 'demo', role: 'service' }, SEED_TOKEN_MINUTES);
  throw new Error(
    '--url needs a token of staff: --token, ROLLCAST_TOKEN, or the JWT_SECRET of the service to sign one',
  );
};

/** A secret of another service would only be noticed by whoever tries the tokens. */
const assertTaken = async (url: string, token: string, session_id: string): Promise<void> => {
  try {
    await ask({ url, token }, 'GET', `/sessions/${session_id}`);
  } catch (error) {
    if (!(error instanceof RefusedError) || error.code !== 'UNAUTHENTICATED') throw error;
    throw new Error(`JWT_SECRET is not what ${url} verifies tokens with; unset it to seed with --token alone`);
  }
};
