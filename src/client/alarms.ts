/** One alarm for each name, and all of them off at once. */
export class Alarms<Name extends string> {
  private readonly later: (ms: number, what: () => void) => () => void;
  private readonly cancels = new Map<Name, () => void>();

  constructor(later: (ms: number, what: () => void) => () => void) {
    this.later = later;
  }

  has(name: Name): boolean {
    return this.cancels.has(name);
  }

  /** Replaces one of the same name. */
  set(name: Name, ms: number, ring: () => void): void {
    this.cancels.get(name)?.();
    const cancel = this.later(ms, () => {
      this.cancels.delete(name);
      ring();
    });
    this.cancels.set(name, cancel);
  }

  clear(): void {
    for (const cancel of this.cancels.values()) cancel();
    this.cancels.clear();
  }
}
