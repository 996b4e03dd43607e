/** Stands in for an object and counts what is asked of it. */
export type Calls = Map<string, number>;

export const counted = <T extends object>(it: T, calls: Calls): T =>
  new Proxy(it, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        calls.set(String(name), (calls.get(String(name)) ?? 0) + 1);
        // On the object itself: it has private fields.
        return member.apply(target, args) as unknown;
      };
    },
  });
