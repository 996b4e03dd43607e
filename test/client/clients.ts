/** Clients on the library against a real node, each closed after its test. */
import { onTestFinished } from 'vitest';
import { type Observable, Rollcast, type RollcastOptions } from '../../src/client/index.ts';
import type { Deployment } from '../support/deployment.ts';
import type { Person } from '../support/people.ts';
import { until } from '../support/until.ts';

const QUICK = { reconnectionDelay: 20, reconnectionDelayMax: 200 };

/** Not connected yet. */
export const clientOf = (deployment: Deployment, person: Person, options: Partial<RollcastOptions> = {}): Rollcast => {
  const url = deployment.nodes[0]?.url ?? '';
  const { socket, ...rest } = options;
  const client = new Rollcast({
    url,
    token: () => deployment.token(person),
    ...rest,
    socket: { ...QUICK, ...socket },
  });
  onTestFinished(() => client.close());
  return client;
};

export const connectedAs = (deployment: Deployment, person: Person, options: Partial<RollcastOptions> = {}): Rollcast =>
  clientOf(deployment, person, options).connect();

/** Resolves with the value once it is so. */
export const sees = async <T>(what: string, value: Observable<T>, condition: (value: T) => boolean): Promise<T> =>
  until(what, () => (condition(value.get()) ? value.get() : null)) as Promise<T>;

/** Every value that it has had, this one first. */
export const watched = <T>(value: Observable<T>): T[] => {
  const seen = [value.get()];
  onTestFinished(value.subscribe(() => seen.push(value.get())));
  return seen;
};
