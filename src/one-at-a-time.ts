/**
 * Runs `work` when called, but never twice at the same time: calls that come meanwhile are one more run after it. Resolves
 * when a run that began after the call is over. work must not reject.
 */
export const oneAtATime = (work: () => Promise<void>): (() => Promise<void>) => {
  let running: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | null = null;
  let busy = false;
  const run = async (): Promise<void> => {
    waiting = null;
    busy = true;
    await work();
    busy = false;
  };
  return () => {
    if (waiting !== null) return waiting;
    if (!busy) {
      running = run();
      return running;
    }
    waiting = running = running.then(run);
    return waiting;
  };
};
