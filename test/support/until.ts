/** Waiting for what must become true, with a deadline: nothing in a test ever sleeps for a duration. */
import { setTimeout as pause } from 'node:timers/promises';

/** Generous: on a busy machine a test may be slow, but it must not be wrong. */
const DEFAULT_DEADLINE_MS = 10_000;
const LOOK_EVERY_MS = 5;

/** Resolves with the first answer that is neither false, null nor undefined; throws after the deadline, saying what was awaited. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  deadline_ms = DEFAULT_DEADLINE_MS,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + deadline_ms;
  for (;;) {
    const answer = await condition();
    if (answer !== false && answer !== null && answer !== undefined) {
      return answer as Exclude<T, false | null | undefined>;
    }
    if (performance.now() > deadline) throw new Error(`not within ${deadline_ms} ms: ${what}`);
    await pause(LOOK_EVERY_MS);
  }
}
