import { machineCpuMicros, processCpuMicros, untilCalm } from './cpu-time.ts';
import type { JoinRoundResult } from './join-round.ts';
import { LoadClient } from './load-client.ts';
import type { Load } from './load-schedule.ts';
import type { Target, TargetOptions } from './target.ts';

export interface RoundMeasurement extends JoinRoundResult {
  /** Server's CPU time from the first join frame to the last acknowledgement, divided by joins. */
  cpu_us_per_join: number;
  /** The same until the aftermath is over, with what the server had put off until after the acknowledgements. */
  cpu_us_per_join_with_aftermath: number;
  /** CPU time of the load generator in the same time, in cores. */
  generator_cores: number;
  /** CPU time of everything on this machine that is no part of the round, in cores: noise. */
  other_cores: number;
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
    await load.open({ url: target.url, secret: target.secret, classes, students, namespace });
    return new Contender(target, load);
  }

  /** New sessions, everybody joins, the sessions end. Fails unless every join and every arrival was right. */
  async round(load: Load, { quiet_ms, most_quiet_ms, aftermath_ms }: Pauses): Promise<RoundMeasurement> {
    const session_ids = await this.#target.createSessions(this.#rounds);
    this.#rounds += 1;
    await this.#load.startSessions(session_ids);
    await untilCalm(quiet_ms, most_quiet_ms);

    const begin = await this.#cpu();
    await this.#load.runJoins({ session_ids, ...load });
    const end = await this.#cpu();
    const result = await this.#load.joinResult(aftermath_ms);
    const after = await this.#cpu();

    await this.#load.endSessions({ session_ids, until_event: this.#target.storedEvent });
    const elapsed = end.at - begin.at;
    const generator = end.generator - begin.generator;
    const ours = end.server - begin.server + generator + (end.bench - begin.bench);
    return {
      ...result,
      cpu_us_per_join: (end.server - begin.server) / result.joins,
      cpu_us_per_join_with_aftermath: (after.server - begin.server) / result.joins,
      generator_cores: generator / elapsed,
      other_cores: Math.max(0, end.machine - begin.machine - ours) / elapsed,
    };
  }

  async close(): Promise<void> {
    await this.#load.close();
  }

  /** Everything in microseconds. The server is asked first: at a last acknowledgement, its answer is the one that matters. */
  async #cpu() {
    let server = 0;
    for (const serverProcess of this.#target.processes) server += await serverProcess.cpuMicros();
    const generator = await this.#load.process.cpuMicros();
    return {
      server,
      generator,
      bench: processCpuMicros(),
      machine: machineCpuMicros(),
      at: performance.now() * 1000,
    };
  }
}
