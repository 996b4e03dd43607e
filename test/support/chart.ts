/** The chart, rendered with values. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Helm } from './helm-program.ts';
import { type KubernetesObject, objectsIn } from './kubernetes-objects.ts';

export const CHART = path.resolve(import.meta.dirname, '../../helm/rollcast');
export const RELEASE = 'autumn';
export const NAMESPACE = 'school';

/** Value sets under ci/, by their names, as paths. */
export const valueSets: Record<string, string> = Object.fromEntries(
  readdirSync(path.join(CHART, 'ci'))
    .filter((file) => file.endsWith('-values.yaml'))
    .map((file) => [file.replace('-values.yaml', ''), path.join(CHART, 'ci', file)]),
);

/** What several nodes need; for `--set`. */
export const STORES = 'redis.existingSecret=stores,mongodb.existingSecret=stores';
export const DISTRIBUTED = `${STORES},auth.jwksUrl=https://login.example.edu/jwks`;

/** Values as command line arguments: text as for --set, an object as JSON for each key. */
export const valueArgs = (...values: (string | Record<string, unknown>)[]): string[] =>
  values.flatMap((it) =>
    typeof it === 'string'
      ? ['--set', it]
      : Object.entries(it).flatMap(([key, value]) => ['--set-json', `${key}=${JSON.stringify(value)}`]),
  );

export type Rendered = {
  objects: KubernetesObject[];
  /** The only object of a kind (whose name ends so, when given); throws when there is none, or more. */
  one(kind: string, suffix?: string): KubernetesObject;
  has(kind: string): boolean;
};

/** What each Helm has said, by its arguments: many tests look at the same values. */
const said = new WeakMap<Helm, Map<string, string>>();

const template = (helm: Helm, args: string[]): string => {
  const known = said.get(helm) ?? new Map<string, string>();
  said.set(helm, known);
  const before = known.get(args.join('\0'));
  if (before !== undefined) return before;
  const { status, stdout, stderr } = helm('template', RELEASE, CHART, '--namespace', NAMESPACE, ...args);
  if (status !== 0) throw new Error(`helm template ${args.join(' ')}: ${stderr}`);
  known.set(args.join('\0'), stdout);
  return stdout;
};

/** Renders, with further arguments of `helm template`. Throws with what Helm said when it refuses. */
export const render = (helm: Helm, ...args: string[]): Rendered => {
  const objects = objectsIn(template(helm, args));
  return {
    objects,
    one: (kind, suffix = '') => {
      const found = objects.filter((it) => it.kind === kind && it.metadata.name.endsWith(suffix));
      const [it] = found;
      if (it === undefined || found.length > 1) throw new Error(`${found.length} objects ${kind} …${suffix}`);
      return it;
    },
    has: (kind) => objects.some((it) => it.kind === kind),
  };
};

/** What Helm says when it refuses; throws when it does not. */
export const refusal = (helm: Helm, ...args: string[]): string => {
  const { status, stdout, stderr } = helm('template', RELEASE, CHART, ...args);
  if (status === 0) throw new Error(`helm template ${args.join(' ')} was not refused: ${stdout.slice(0, 200)}`);
  return stderr;
};
