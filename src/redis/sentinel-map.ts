/**
 * The master that sentinels name. All of them are asked every REDIS_PING_MS and listened to for the news of a fail-over:
 * after one, the old master may go on taking writes for seconds, all of which would be lost. Where they disagree, whoever
 * knows of the later fail-over (config-epoch) is right.
 */
import { Redis } from 'ioredis';
import { REDIS_PING_MS } from '../limits.ts';
import { unwatchedConnectionOptions } from './connection-options.ts';
import { addressOf, type ServerMap } from './server-map.ts';
import type { RedisNode, RedisSettings } from './settings.ts';

const SWITCHED = '+switch-master';

/** `order` counts what was reported, over all sentinels. */
type Report = { address: string; epoch: number; order: number };

export class SentinelMap implements ServerMap {
  private readonly settings: RedisSettings;
  private readonly listeners: (() => void)[] = [];
  private readonly reports = new Map<Redis, Report>();
  private sentinels: Redis[] = [];
  private master: string | null = null;
  private only: ReadonlySet<string> = new Set();
  private reported = 0;
  private timer: NodeJS.Timeout | undefined;
  private error: Error | null = null;
  private known: (() => void) | null = null;

  constructor(settings: RedisSettings) {
    this.settings = settings;
  }

  get servers(): ReadonlySet<string> {
    return this.only;
  }

  get isComplete(): boolean {
    return this.master !== null;
  }

  get lastError(): Error | null {
    return this.error;
  }

  serverOf(): string | undefined {
    return this.master ?? undefined;
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Only a Cluster says such things. */
  moved(): void {}

  /** They tell by themselves. */
  readSoon(): void {}

  start(): Promise<void> {
    this.sentinels = this.settings.nodes.map((node) => this.watch(node));
    this.timer = setInterval(() => {
      for (const sentinel of this.sentinels) if (sentinel.status === 'ready') void this.ask(sentinel);
    }, REDIS_PING_MS);
    return new Promise((resolve) => {
      this.known = resolve;
    });
  }

  stop(): void {
    clearInterval(this.timer);
    for (const sentinel of this.sentinels) {
      sentinel.disconnect();
      sentinel.stream?.destroy();
    }
  }

  private watch(node: RedisNode): Redis {
    const sentinel = new Redis(unwatchedConnectionOptions(this.settings, 'sentinel', node));
    sentinel.on('error', (error: Error) => this.failed(node, error));
    sentinel.on('ready', () => {
      // If that fails it is asked all the same, again and again.
      sentinel.subscribe(SWITCHED).catch(() => {});
      void this.ask(sentinel);
    });
    sentinel.on('message', () => void this.ask(sentinel));
    sentinel.on('close', () => this.reports.delete(sentinel));
    sentinel.connect().catch(() => {});
    return sentinel;
  }

  private async ask(sentinel: Redis): Promise<void> {
    try {
      const reply = (await sentinel.call('sentinel', 'master', this.settings.master_name ?? '')) as string[];
      const field = (name: string) => reply[reply.indexOf(name) + 1] ?? '';
      const address = addressOf({ host: field('ip'), port: Number(field('port')) });
      this.reported += 1;
      this.reports.set(sentinel, { address, epoch: Number(field('config-epoch')), order: this.reported });
    } catch (error) {
      const { host = '', port = 0 } = sentinel.options;
      this.failed({ host, port }, error as Error);
      return;
    }
    this.decide();
  }

  private failed(node: RedisNode, error: Error): void {
    this.error = new Error(`sentinel ${addressOf(node)}: ${error.message}`);
  }

  private decide(): void {
    const [latest] = [...this.reports.values()].sort((a, b) => b.epoch - a.epoch || b.order - a.order);
    if (latest === undefined || latest.address === this.master) return;
    this.master = latest.address;
    this.only = new Set([latest.address]);
    this.known?.();
    this.known = null;
    for (const listener of this.listeners) listener();
  }
}
