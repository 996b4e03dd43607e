/** Bounds in number and in time for whatever the benchmark starts. */

/** Runs `work` for 0 … count − 1, at most `atOnce` at a time. The first failure rejects and starts no more. */
export async function eachAtMost(atOnce: number, count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async () => {
    while (next < count && !failed) {
      const index = next;
      next += 1;
      try {
        await work(index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
}

/** Rejects, saying what was waited for, when the promise is not settled within `deadlineMs`. */
export async function withDeadline<Value>(promise: Promise<Value>, deadlineMs: number, what: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
