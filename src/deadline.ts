/**
 * What the promise resolves or rejects with, or, when that takes longer than so many milliseconds, the error that `late`
 * makes. What was given up goes on, and its outcome is nobody's business any more.
 */
export const withDeadline = async <T>(promise: Promise<T>, within_ms: number, late: () => Error): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), within_ms);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
};
