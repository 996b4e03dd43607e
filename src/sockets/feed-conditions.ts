/** Waiting for what a feed will have heard. */
export class Conditions {
  private readonly waiting = new Set<{ condition: () => boolean; resolve: () => void }>();
  private readonly pause: (ms: number) => Promise<void>;

  constructor(pause: (ms: number) => Promise<void>) {
    this.pause = pause;
  }

  /** Waits until it is so, for this long at most; answers whether it is. */
  async until(condition: () => boolean, within_ms: number): Promise<boolean> {
    if (condition()) return true;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = { condition, resolve };
    this.waiting.add(waiting);
    await Promise.race([promise, this.pause(within_ms)]);
    this.waiting.delete(waiting);
    return condition();
  }

  /** Something has changed that they may be about. */
  look(): void {
    for (const { condition, resolve } of this.waiting) if (condition()) resolve();
  }
}
