/**
 * The way to the live state: scripts and reads. Every call is answered, or rejected within a second when Redis is away or
 * says nothing; when it is only slow, within REDIS_ANSWER_MAX_MS. STORE_UNAVAILABLE means that it is away, did not answer or
 * cannot serve now, and that the outcome is unknown. Nothing is queued while
 * it is away, and no call has its effect twice unless the caller repeats it.
 */
import { createHash } from 'node:crypto';
import { unavailable } from '../contract/errors.ts';
import { REDIS_COMMAND_TIMEOUT_MS, REDIS_FOLLOW_WITHIN_MS } from '../limits.ts';
import type { PatientClock } from '../patient-clock.ts';
import { type CommandMeter, failureOf, measured } from './command-meter.ts';
import type { Argument, RedisConnection } from './connection.ts';
import { ReplicaWait } from './replica-wait.ts';
import { type Send, sendTo } from './routing.ts';
import { replyCode } from './server-errors.ts';
import type { ServerPool } from './server-pool.ts';

/** `keys`: how many it takes. */
export type RedisScript = { name: string; lua: string; keys: number };

/** Plain commands that the service sends, measured by their names; any other one is `other`. */
const COMMANDS = [
  'exists',
  'hexists',
  'hget',
  'hkeys',
  'smembers',
  'unlink',
  'xrevrange',
  'zadd',
  'zrange',
  'zrangebylex',
  'zrem',
  'zscore',
  'other',
];

export type RunOptions = {
  /** Answer when REDIS_WAIT_REPLICAS have it. Fewer in time: STORE_UNAVAILABLE. */
  wait?: boolean;
};

export type StateLinkOptions = {
  pool: ServerPool;
  clock: PatientClock;
  /** Connections for scripts that wait for replicas; null: nothing waits. */
  waiting: { pool: ServerPool; replicas: number } | null;
  scripts: readonly RedisScript[];
  meterOf: (operation: string) => CommandMeter;
};

/** Sends a script by its digest or its text. */
type Execute = (connection: RedisConnection, asking: boolean, name: string, text: string) => Promise<unknown>;

export class StateLink {
  private readonly pool: ServerPool;
  private readonly clock: PatientClock;
  private readonly waiting: StateLinkOptions['waiting'];
  private readonly scripts: ReadonlyMap<RedisScript, { sha: string; meter: CommandMeter }>;
  private readonly commands: ReadonlyMap<string, CommandMeter>;
  private readonly replicaWaits = new WeakMap<RedisConnection, ReplicaWait>();
  private readonly upListeners: (() => void)[] = [];
  private readonly downListeners: (() => void)[] = [];

  constructor({ pool, clock, waiting, scripts, meterOf }: StateLinkOptions) {
    this.pool = pool;
    this.clock = clock;
    this.waiting = waiting;
    const shaOf = (lua: string): string => createHash('sha1').update(lua).digest('hex');
    this.scripts = new Map(scripts.map((it) => [it, { sha: shaOf(it.lua), meter: meterOf(it.name) }]));
    this.commands = new Map(COMMANDS.map((it) => [it, meterOf(it)]));
    const prepare = (connection: RedisConnection) => this.load(connection);
    pool.use({ prepare, up: () => callAll(this.upListeners), down: () => callAll(this.downListeners) });
    waiting?.pool.use({ prepare });
  }

  /**
   * Runs a script on the server of its first key; all keys must lie in one slot. Commands of one turn of the event loop
   * leave in one write, in the order of the calls. Answers what the script returned: strings, numbers, null, lists of
   * these. Rejects with the script's own error when that is at fault.
   */
  run(script: RedisScript, keys: readonly string[], args: readonly Argument[], options?: RunOptions): Promise<unknown> {
    const known = this.scripts.get(script);
    const [key] = keys;
    if (known === undefined || key === undefined || keys.length !== script.keys) {
      return Promise.reject(new Error(`script ${script.name} is not known, or not with ${keys.length} keys`));
    }
    const { sha, meter } = known;
    const rest = [keys.length, ...keys, ...args];
    const waiting = options?.wait === true ? this.waiting : null;
    const started = performance.now();
    const execute: Execute = (connection, asking, name, text) => {
      const send = () => dispatch(connection, asking, name, [text, ...rest]);
      return waiting === null ? send() : this.replicaWait(connection).run(send);
    };
    const send: Send = (connection, asking) =>
      execute(connection, asking, 'evalsha', sha).catch((error: unknown) => {
        if (replyCode(error) !== 'NOSCRIPT') throw error;
        if (performance.now() - started > REDIS_FOLLOW_WITHIN_MS) throw tooLate();
        return execute(connection, asking, 'eval', script.lua);
      });
    const answer = waiting === null ? sendTo(this.pool, key, send) : this.within(sendTo(waiting.pool, key, send));
    return measured(answer, meter, started);
  }

  /** One plain command; its first argument is its key. */
  command(name: string, key: string, ...args: Argument[]): Promise<unknown> {
    const all = [key, ...args];
    const started = performance.now();
    const answer = sendTo(this.pool, key, (it, asking) => dispatch(it, asking, name, all));
    const meter = this.commands.get(name) ?? (this.commands.get('other') as CommandMeter);
    return measured(answer, meter, started);
  }

  /** What this turn has gathered leaves now, for a caller that has gathered a turn already. */
  flush(): void {
    for (const connection of this.pool.all()) connection.flush();
  }

  /**
   * The replication id (master_replid) of the primary of this key: another one after every restart and fail-over. Throws
   * STORE_UNAVAILABLE while that primary is away. script: it is for a run of this one, which fails with it.
   */
  replicationId(key: string, script?: RedisScript): string {
    try {
      return this.pool.of(key).replicationId;
    } catch (error) {
      if (script !== undefined) this.scripts.get(script)?.meter.failed(failureOf(error));
      throw error;
    }
  }

  /** Every key can be reached. In a Cluster without one of its shards the others go on being served all the same. */
  get isUp(): boolean {
    return this.pool.isUp;
  }

  /**
   * Called whenever a connection is up again, or its server has another replication id; in a Cluster for each shard.
   * Not for the first connections, which are up before anybody has the link.
   */
  onUp(listener: () => void): void {
    this.upListeners.push(listener);
  }

  /** Called whenever a connection is lost; in a Cluster for each shard. */
  onDown(listener: () => void): void {
    this.downListeners.push(listener);
  }

  /** Rejects with STORE_UNAVAILABLE unless every primary answers. */
  async ping(): Promise<void> {
    if (!this.pool.isUp)
      throw this.pool.firstDown?.away() ?? unavailable(new Error('the Cluster has slots without a primary'));
    await Promise.all([...this.pool.all()].map((it) => it.send('ping', []))).catch((error: unknown) => {
      throw unavailable(error);
    });
  }

  /** So that a run seldom has to send a whole script. */
  private async load(connection: RedisConnection): Promise<void> {
    await Promise.all([...this.scripts.keys()].map(({ lua }) => connection.write('script', ['load', lua])));
  }

  /** A caller waits no longer than for any other command, whoever is served before it. */
  private async within(answer: Promise<unknown>): Promise<unknown> {
    const { promise: bound, reject } = Promise.withResolvers<never>();
    const late = () => reject(unavailable(new Error(`not confirmed within ${REDIS_COMMAND_TIMEOUT_MS} ms`)));
    const callOff = this.clock.after(REDIS_COMMAND_TIMEOUT_MS, late);
    return Promise.race([answer, bound]).finally(callOff);
  }

  private replicaWait(connection: RedisConnection): ReplicaWait {
    const known = this.replicaWaits.get(connection);
    if (known !== undefined) return known;
    const made = new ReplicaWait(connection, this.waiting?.replicas ?? 0);
    this.replicaWaits.set(connection, made);
    return made;
  }
}

const dispatch = (connection: RedisConnection, asking: boolean, name: string, args: Argument[]): Promise<unknown> =>
  asking ? connection.sendAsking(name, args) : connection.send(name, args);

const tooLate = (): Error => unavailable(new Error('that the script is not known was told too late to send it'));

const callAll = (listeners: (() => void)[]): void => {
  for (const listener of listeners) listener();
};
