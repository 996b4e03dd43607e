/** Calls to nodes while something is wrong: what each was answered, and after how long. */
import type { Acknowledgement, ClientEventName } from '../../src/contract/events.ts';
import type { RestClient, RestInput, RouteName } from './rest-client.ts';
import type { TestClient } from './socket-client.ts';

/**
 * code: OK, or that of the refusal. lag_ms: as long as a node took meanwhile to answer what needs nothing but the node:
 * on a busy machine it is not Redis that such a part of the time was spent on.
 */
export type Call = { what: string; code: string; ms: number; lag_ms: number };

type Probe = { began: number; ended: number };
const PROBE_EVERY_MS = 50;

const ANSWERED_WITHIN_MS = 10_000;

export class TimedCalls {
  private readonly made: (Omit<Call, 'lag_ms'> & { began: number })[] = [];
  private readonly probes: Probe[] = [];
  private readonly stops: (() => void)[] = [];

  /** Asks these nodes all the while, until stop(). */
  constructor(nodes: readonly { url: string }[]) {
    for (const { url } of nodes) {
      const timer = setInterval(() => void this.probe(url), PROBE_EVERY_MS);
      this.stops.push(() => clearInterval(timer));
    }
  }

  stop(): void {
    for (const stop of this.stops) stop();
  }

  get all(): Call[] {
    return this.made.map(({ what, code, ms, began }) => {
      const meanwhile = this.probes.filter((it) => it.began < began + ms && it.ended > began);
      return { what, code, ms, lag_ms: Math.max(0, ...meanwhile.map((it) => it.ended - it.began)) };
    });
  }

  get count(): number {
    return this.made.length;
  }

  /** Of an event; the acknowledgement. */
  async ask(client: TestClient, event: ClientEventName, payload: object): Promise<Acknowledgement> {
    const { socket } = client;
    return this.time(event, (): Promise<Acknowledgement> => {
      return socket.timeout(ANSWERED_WITHIN_MS).emitWithAck(event, payload);
    });
  }

  /** Of a request; whether it was accepted. */
  async send(rest: RestClient, name: RouteName, input: RestInput): Promise<boolean> {
    const { ok } = await this.time(`REST ${name}`, async () => {
      const { status, body } = await rest.send(name, input);
      return { ok: status < 300, code: (body as { code?: string } | null)?.code ?? '' };
    });
    return ok;
  }

  /** Anything else that is waited for, such as a connection. */
  async time<A extends { ok: boolean }>(what: string, call: () => Promise<A>): Promise<A> {
    const began = performance.now();
    const answer = await call();
    const { code = 'OK' } = answer.ok ? {} : (answer as { code?: string });
    this.made.push({ what, code, ms: performance.now() - began, began });
    return answer;
  }

  /** How many there were of each code. */
  get codes(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { code } of this.made) counts[code] = (counts[code] ?? 0) + 1;
    return counts;
  }

  private async probe(url: string): Promise<void> {
    const began = performance.now();
    await fetch(`${url}/livez`).then((it) => it.text());
    this.probes.push({ began, ended: performance.now() });
  }
}

/** A call meets a busy machine several times: on its way, when the node gives up waiting, and on its way back. */
const LAGS = 3;

/** Those that took longer than this, also without what the machine took. */
export const slowerThan = (ms: number, calls: Call[]): Call[] => calls.filter((it) => it.ms - LAGS * it.lag_ms > ms);

/** The one that took longest, in whole milliseconds. */
export const slowestOf = (calls: Call[]): Call => {
  const slowest = calls.reduce((a, b) => (a.ms > b.ms ? a : b), { what: 'none', code: '', ms: 0, lag_ms: 0 });
  return { ...slowest, ms: Math.round(slowest.ms), lag_ms: Math.round(slowest.lag_ms) };
};
