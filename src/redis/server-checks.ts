/** Whether a server is fit to hold live rolls, from its own INFO: what stops a start, and what an operator should hear. */
import type { RedisMode } from './settings.ts';

export type Findings = {
  /** Any of them stops the start. */
  refusals: string[];
  warnings: string[];
};

export type Expectations = { mode: RedisMode; wait_replicas: number };

/** SPUBLISH out of scripts, and the replies that scripts rely on. */
const REDIS_FLOOR: Version = [7, 0];
const VALKEY_FLOOR: Version = [7, 2];

type Version = [major: number, minor: number];

/** `info`: the fields of a plain INFO. One line for each finding. */
export const checkServer = (address: string, info: Record<string, string>, expected: Expectations): Findings => ({
  refusals: [version(info), mode(info, expected.mode)]
    .filter((it) => it !== null)
    .map((it) => `Redis ${address} ${it}`),
  warnings: [eviction(info), persistence(info), replicas(info, expected.wait_replicas)]
    .filter((it) => it !== null)
    .map((it) => `Redis ${address}: ${it}`),
});

const version = ({ redis_version, valkey_version }: Record<string, string>): string | null => {
  const floors = 'Redis 7.0 or Valkey 7.2 is needed';
  if (valkey_version !== undefined) {
    return isBelow(valkey_version, VALKEY_FLOOR) ? `is Valkey ${valkey_version}; ${floors}` : null;
  }
  if (redis_version === undefined) return `does not tell its version; ${floors}`;
  return isBelow(redis_version, REDIS_FLOOR) ? `is version ${redis_version}; ${floors}` : null;
};

const isBelow = (version: string, [major, minor]: Version): boolean => {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
};

const mode = ({ redis_mode, server_mode }: Record<string, string>, expected: RedisMode): string | null => {
  const is = redis_mode ?? server_mode;
  if (is === 'cluster' && expected !== 'cluster') return 'is a node of a Cluster; set REDIS_MODE to cluster';
  if (is === 'standalone' && expected === 'cluster') return 'is no node of a Cluster; set REDIS_MODE to standalone';
  return null;
};

const eviction = ({ maxmemory_policy }: Record<string, string>): string | null => {
  if (maxmemory_policy === 'noeviction') return null;
  if (maxmemory_policy === undefined) {
    return 'its maxmemory-policy could not be checked; make sure that it is noeviction, or live rolls may vanish';
  }
  return `maxmemory-policy is ${maxmemory_policy}: live rolls may vanish when memory is short; set it to noeviction`;
};

const persistence = ({ aof_enabled }: Record<string, string>): string | null => {
  if (aof_enabled === '1') return null;
  if (aof_enabled === undefined) {
    return 'whether appendonly is on could not be checked; make sure that it is, or a restart may lose live rolls';
  }
  return 'appendonly is no: a restart may lose live rolls; set it to yes';
};

const replicas = ({ connected_slaves }: Record<string, string>, wanted: number): string | null => {
  const connected = Number(connected_slaves ?? Number.NaN);
  if (wanted === 0 || !(connected < wanted)) return null;
  return `has ${connected} replicas, but REDIS_WAIT_REPLICAS is ${wanted}: rolls cannot be opened or ended until there are more`;
};
