import { machineCpuMicros, processCpuMicros, untilCalm } from './cpu-time.ts';
import type { Deliveries } from './delivery-count.ts';
import type { JoinRoundResult } from './join-round.ts';
import { LoadClient } from './load-client.ts';
import type { Load } from './load-schedule.ts';
import { type RedisRound, redisRound } from './redis-round.ts';
import type { Target, TargetOptions } from './target.ts';

export interface RoundMeasurement extends JoinRoundResult {
  /** Server's CPU time from the first join frame to the last acknowledgement, divided by joins; its Redis included. */
  cpu_us_per_join: number;
  /** The same until the aftermath is over, with what the server had put off until after the acknowledgements. */
  cpu_us_per_join_with_aftermath: number;
  /** CPU time of the load generator in the same time, in cores. */
  generator_cores: number;
  /** CPU time of everything on this machine that is no part of the benchmark, in cores: noise. */
  other_cores: number;
  /** Null: this server has no Redis. */
  redis: RedisRound | null;
}

/** How long to wait before a round and after its last acknowledgement. */
export interface Pauses {
  quiet_ms: number;
  most_quiet_ms: number;
  aftermath_ms: number;
}

/** A server and the load generator that holds its clients. The sockets stay open from round to round. */
export class Contender {
  readonly name: string;
  /** Servers that are alive meanwhile and wait for their turn: what they take is no noise. */
  bystanders: Contender[] = [];
  readonly #target: Target;
  readonly #load: LoadClient;
  #rounds = 0;

  private constructor(target: Target, load: LoadClient) {
    this.name = target.name;
    this.#target = target;
    this.#load = load;
  }

  static async open(target: Target, options: TargetOptions): Promise<Contender> {
    const load = new LoadClient(target.name, options.cleanup);
    const { classes, students, namespace } = options;
    await load.open({ urls: target.urls, secret: target.secret, classes, students, namespace });
    return new Contender(target, load);
  }

  /** New sessions, everybody joins, the sessions end. Fails unless every join and every arrival was right. */
  async round(load: Load, { quiet_ms, most_quiet_ms, aftermath_ms }: Pauses): Promise<RoundMeasurement> {
    const session_ids = await this.#startSessions();
    await untilCalm(quiet_ms, most_quiet_ms, this.bystanders.length * IDLE_CONTENDER_CORES);

    const begin = await this.#look();
    await this.#load.runJoins({ session_ids, ...load });
    const end = await this.#look();
    const result = await this.#load.joinResult(aftermath_ms);
    const after = await this.#look();

    await this.#load.endSessions({ session_ids, until_event: this.#target.storedEvent });
    const { joins } = result;
    const elapsed = end.at - begin.at;
    return {
      ...result,
      cpu_us_per_join: (end.server - begin.server) / joins,
      cpu_us_per_join_with_aftermath: (after.server - begin.server) / joins,
      generator_cores: (end.generator - begin.generator) / elapsed,
      other_cores: Math.max(0, end.others - begin.others) / elapsed,
      redis: begin.redis && end.redis && after.redis ? redisRound(begin.redis, end.redis, after.redis, joins) : null,
    };
  }

  /** A round of which nothing is measured but how many messages its Redis delivers from its beginning to its aftermath. */
  async countedRound(load: Load, { aftermath_ms }: Pauses): Promise<Deliveries & { joins: number }> {
    const { redis, storedEvent } = this.#target;
    if (redis === null) throw new Error(`${this.name} has no Redis`);
    const session_ids = await this.#startSessions();
    const count = await redis.countDeliveries();
    await this.#load.runJoins({ session_ids, ...load });
    const { joins } = await this.#load.joinResult(aftermath_ms);
    const deliveries = await count.stop();
    await this.#load.endSessions({ session_ids, until_event: storedEvent });
    return { ...deliveries, joins };
  }

  async close(): Promise<void> {
    await this.#load.close();
  }

  async #startSessions(): Promise<string[]> {
    const session_ids = await this.#target.createSessions(this.#rounds);
    this.#rounds += 1;
    await this.#load.startSessions(session_ids);
    return session_ids;
  }

  /** CPU time of all that belongs to it. */
  async #processes() {
    const { processes, redis } = this.#target;
    const [work, ...nodes] = await Promise.all([redis?.work() ?? null, ...processes.map((it) => it.cpuMicros())]);
    const server = nodes.reduce((sum, micros) => sum + micros, work?.cpu_us ?? 0);
    return { server, redis: work, generator: await this.#load.process.cpuMicros() };
  }

  /** Everything in microseconds. The server is asked first: at a last acknowledgement, its answer is the one that matters. */
  async #look() {
    const own = await this.#processes();
    const at = performance.now() * 1000;
    const idle = await Promise.all(this.bystanders.map((it) => it.#processes()));
    const known = [own, ...idle].reduce((sum, { server, generator }) => sum + server + generator, processCpuMicros());
    return { ...own, at, others: machineCpuMicros() - known };
  }
}

/** What ten thousand idle connections take at both ends, with their heartbeats, in cores. */
const IDLE_CONTENDER_CORES = 0.03;
