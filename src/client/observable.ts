/** A value that changes and can be watched: what React's useSyncExternalStore wants, and anybody else can use. */
export interface Observable<T> {
  /** The same object as long as nothing has changed. */
  get(): T;
  /** Called after each change; what is returned ends it. */
  subscribe(listener: () => void): () => void;
}

export class Value<T> implements Observable<T> {
  private current: T;
  private readonly listeners = new Set<() => void>();

  constructor(initial: T) {
    this.current = initial;
  }

  readonly get = (): T => this.current;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  set(value: T): void {
    if (Object.is(value, this.current)) return;
    this.current = value;
    for (const listener of [...this.listeners]) listener();
  }

  update(changes: Partial<T>): void {
    this.set({ ...this.current, ...changes });
  }
}
