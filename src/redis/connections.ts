/**
 * The connections of a node to Redis, alike for one server, Sentinel and Cluster. Each purpose has its own, since each
 * fails in its own way: scripts and reads (state), messages that go out (publish), channels that are heard (subscribe),
 * and, if they are wanted, scripts that wait for replicas (wait).
 */
import { REDIS_CONNECT_MS } from '../limits.ts';
import { PatientClock } from '../patient-clock.ts';
import { type AdapterClient, adapterClient } from './adapter-client.ts';
import { ChannelSubscriber } from './channel-subscriber.ts';
import { ClusterMap } from './cluster-map.ts';
import type { CommandMeter } from './command-meter.ts';
import type { RedisConnection } from './connection.ts';
import type { Purpose } from './connection-options.ts';
import { infoFields } from './info.ts';
import { PublishLink } from './publish-link.ts';
import { SentinelMap } from './sentinel-map.ts';
import { checkServer } from './server-checks.ts';
import { OneServer, type ServerMap } from './server-map.ts';
import { type LinkReports, ServerPool } from './server-pool.ts';
import type { RedisSettings } from './settings.ts';
import { type RedisScript, StateLink } from './state-link.ts';

export type RedisReports = LinkReports & {
  /** A handler of messages threw. */
  error(error: unknown): void;
  /** Of a script or a command, by its name. */
  meterOf(operation: string): CommandMeter;
};

export type RedisConnectionsOptions = {
  settings: RedisSettings;
  scripts: readonly RedisScript[];
  reports: RedisReports;
  /** Instead of REDIS_CONNECT_MS. */
  within_ms?: number;
};

export type RedisConnections = {
  /** For whoever waits for what comes over these connections. */
  clock: PatientClock;
  state: StateLink;
  publish: PublishLink;
  subscriber: ChannelSubscriber;
  /** The two of them as the sharded adapter wants its publisher and its subscriber. */
  forAdapter: AdapterClient;
  /** What an operator should hear about the servers, one line each. */
  warnings: string[];
  /** Rejects with STORE_UNAVAILABLE unless every primary answers. */
  ping(): Promise<void>;
  /** Lets all connections go, within a second. */
  close(): Promise<void>;
};

/**
 * Resolves when all connections are up and every server is fit. Rejects with an Error of one line, which names the
 * address and no password, when they are not up in time (REDIS_CONNECT_MS) or a server cannot be used.
 */
export const connectRedis = async (options: RedisConnectionsOptions): Promise<RedisConnections> => {
  const { settings, scripts, reports, within_ms = REDIS_CONNECT_MS } = options;
  const { wait_replicas } = settings;
  const map = mapFor(settings);
  const clock = new PatientClock();
  const poolFor = (purpose: Purpose) => new ServerPool({ settings, purpose, map, clock, reports });
  const [states, publishers, subscribers] = [poolFor('state'), poolFor('publish'), poolFor('subscribe')];
  const waiting = wait_replicas > 0 ? poolFor('wait') : null;
  const pools = [states, publishers, subscribers, ...(waiting === null ? [] : [waiting])];

  const state = new StateLink({
    pool: states,
    clock,
    waiting: waiting === null ? null : { pool: waiting, replicas: wait_replicas },
    scripts,
    meterOf: (operation) => reports.meterOf(operation),
  });
  const publish = new PublishLink(publishers, reports.meterOf('spublish'));
  const subscriber = new ChannelSubscriber(subscribers, clock, (error) => reports.error(error));
  const close = async (): Promise<void> => {
    map.stop();
    subscriber.close();
    await Promise.all(pools.map((it) => it.close()));
    clock.stop();
  };

  try {
    await allUp(map, pools, within_ms);
    const findings = await Promise.all([...states.all()].map((it) => lookAt(it, settings)));
    const [refusal] = findings.flatMap((it) => it.refusals);
    if (refusal !== undefined) throw new Error(`REDIS_URL: ${refusal}`);
    const warnings = findings.flatMap((it) => it.warnings);
    const forAdapter = adapterClient(publish, subscriber);
    return { clock, state, publish, subscriber, forAdapter, warnings, ping: () => state.ping(), close };
  } catch (error) {
    await close();
    throw error;
  }
};

const mapFor = (settings: RedisSettings): ServerMap => {
  if (settings.mode === 'cluster') return new ClusterMap(settings);
  return settings.mode === 'sentinel' ? new SentinelMap(settings) : new OneServer(settings.nodes[0]);
};

const allUp = async (map: ServerMap, pools: ServerPool[], within_ms: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`REDIS_URL: ${whyNotUp(map, pools)} (within ${within_ms} ms)`)),
      within_ms,
    );
  });
  const up = map.start().then(() => Promise.all(pools.map((it) => it.start())));
  await Promise.race([up, deadline]).finally(() => clearTimeout(timer));
};

const whyNotUp = (map: ServerMap, pools: ServerPool[]): string => {
  const down = pools.map((it) => it.firstDown).find((it) => it !== null);
  const why = down
    ? `${down.address}: ${down.lastError.message}`
    : (map.lastError?.message ?? 'the Cluster is not whole');
  return `no connection: ${why}`;
};

const lookAt = async (connection: RedisConnection, { mode, wait_replicas }: RedisSettings) => {
  const info = infoFields(String(await connection.send('info', [])));
  return checkServer(connection.address, info, { mode, wait_replicas });
};
