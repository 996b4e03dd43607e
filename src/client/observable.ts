/** A value that changes and can be watched: what React's useSyncExternalStore wants, and anybody else can use. */
export interface Observable<T> {
  /** The same object as long as nothing has changed. */
  get(): T;
  /** Called after each change; what is returned ends it. */
  subscribe(listener: () => void): () => void;
}

/** Resolves with the value as soon as it is so, and that may be at once. */
export const when = <T>(value: Observable<T>, isSo: (it: T) => boolean): Promise<T> =>
  new Promise((resolve, reject) => {
    const look = () => {
      try {
        if (!isSo(value.get())) return;
        resolve(value.get());
      } catch (error) {
        reject(error);
      }
      unsubscribe();
    };
    const unsubscribe = value.subscribe(look);
    look();
  });

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
    for (const listener of [...this.listeners]) {
      try {
        listener();
      } catch (error) {
        // A mistake of who listens: uncaught, as it should be, but nobody else misses anything by it.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  update(changes: Partial<T>): void {
    const keys = Object.keys(changes) as (keyof T)[];
    if (keys.some((key) => !Object.is(changes[key], this.current[key]))) this.set({ ...this.current, ...changes });
  }
}
