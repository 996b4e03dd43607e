/**
 * AUTH-1 at random: somebody sends an event or a request, the table of policy-table.ts says what may come of it, and what
 * everybody is answered and told is searched for what is not theirs.
 */
import { expect, test } from 'vitest';
import { clientEvents, serverEvents } from '../../src/contract/events.ts';
import { routes } from '../../src/contract/routes.ts';
import { Random } from '../support/random.ts';
import { HEARD_BY, type Visibility } from './policy-audience.ts';
import { Cases } from './policy-cases.ts';
import { requests } from './policy-requests.ts';
import { Complaint, Run } from './policy-run.ts';
import { School } from './policy-school.ts';
import { EVENTS, ROUTES } from './policy-table.ts';

/** The last axis: every school has one, by its seed. */
const VISIBILITIES: readonly Visibility[] = ['room', 'self'];
const CASES = Number(process.env.ROLLCAST_TEST_CASES ?? 10_000);
const SEED = Number(process.env.ROLLCAST_TEST_SEED ?? Date.now() % 1_000_000);
/** Cases on one school: with the changes that they make it drifts away from what it was meant to be. */
const CASES_PER_SCHOOL = 300;
const TIMEOUT_MS = 600_000;

test('AUTH-1 the policy table names every event and every route', () => {
  expect(Object.keys(EVENTS).sort()).toEqual(Object.keys(clientEvents).sort());
  expect(Object.keys(HEARD_BY).sort()).toEqual(Object.keys(serverEvents).sort());
  const paths = Object.values(routes).map(({ method, path }) => `${method} ${path}`);
  expect(Object.keys(ROUTES).sort()).toEqual(paths.sort());
  expect(Object.keys(requests).sort()).toEqual(paths.sort());
});

test('AUTH-1 nothing is given or changed that the policy table does not allow', { timeout: TIMEOUT_MS }, async () => {
  console.log(`policy: ROLLCAST_TEST_SEED=${SEED} ROLLCAST_TEST_CASES=${CASES}`);
  const seen = new Map<string, { allowed: number; refused: number }>();
  const closing: Promise<void>[] = [];
  let heard = 0;
  for (let done = 0, seed = SEED; done < CASES; seed += 1) {
    const school = new School(new Random(seed), VISIBILITIES[seed % VISIBILITIES.length] as Visibility);
    done += await casesOn(school, Math.min(CASES_PER_SCHOOL, CASES - done), seed, seen);
    heard += school.witness.heard;
    closing.push(school.close());
  }
  await Promise.all(closing);
  console.log(`policy: ${CASES} cases, ${heard} events heard`);
  if (CASES >= 5_000) expect(neverSeen(seen)).toEqual([]);
});

/** Answers how many were done: a school may end early. */
const casesOn = async (school: School, wanted: number, seed: number, seen: Run['seen']): Promise<number> => {
  const run = new Run(school);
  let done = 0;
  try {
    await school.open();
    await run.begin();
    const cases = new Cases(school);
    for (; done < wanted && !run.isSpent; done += 1) await run.case(await cases.next());
    await run.settle();
  } catch (error) {
    const repeat = `repeat with ROLLCAST_TEST_SEED=${seed} ROLLCAST_TEST_CASES=${done + 1}`;
    const cause = error instanceof Complaint ? {} : { cause: error };
    throw new Error(`${repeat} (STUDENT_VISIBILITY=${school.world.visibility})\n${(error as Error).message}`, cause);
  }
  for (const [what, { allowed, refused }] of run.seen) {
    const sum = seen.get(what) ?? { allowed: 0, refused: 0 };
    seen.set(what, { allowed: sum.allowed + allowed, refused: sum.refused + refused });
  }
  return done;
};

/** Refused by nobody's rights. */
const NEVER_REFUSED = ['GET /courses', 'POST /sessions/:id/checkin-ticket'];

/** What was never allowed or never refused was not tested. */
const neverSeen = (seen: Run['seen']): string[] =>
  [...Object.keys(EVENTS), ...Object.keys(ROUTES)].filter((what) => {
    const { allowed, refused } = seen.get(what) ?? { allowed: 0, refused: 0 };
    return allowed === 0 || (refused === 0 && !NEVER_REFUSED.includes(what));
  });
