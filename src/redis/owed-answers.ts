/**
 * What one connection owes: answers, which come in the order of the commands. As long as anything comes the server is
 * alive, if slow, and whoever asked waits. After `answer_within_ms` of silence the commands that have waited so long are
 * given up, after `silent_ms` the connection is. Milliseconds of a PatientClock.
 */
import type { Command } from 'ioredis';
import { REDIS_ANSWER_MAX_MS, REDIS_SILENT_MS } from '../limits.ts';
import type { PatientClock } from '../patient-clock.ts';

type Owed = { command: Command; at: number };

export type OwedAnswersOptions = {
  clock: PatientClock;
  answer_within_ms: number;
  /** It has been silent for REDIS_SILENT_MS although it owes something. */
  onDead: () => void;
};

export class OwedAnswers {
  private readonly options: OwedAnswersOptions;
  private readonly stopLooking: () => void;
  /** The oldest first. */
  private owed: Owed[] = [];
  /** Since when something is owed that was given up, or that the client asks for to set it up; null: nothing of the kind. */
  private owing_since: number | null = null;
  private isSettingUp = false;
  private heard_at = 0;

  constructor(options: OwedAnswersOptions) {
    this.options = options;
    this.stopLooking = options.clock.every(() => this.look());
  }

  /** This command was sent. */
  owe(command: Command): void {
    this.owed.push({ command, at: this.options.clock.now });
  }

  /** The connection was opened, and the client is setting it up: until it is up it has to say something all the time. */
  opened(): void {
    this.isSettingUp = true;
    this.owing_since = this.options.clock.now;
  }

  /** It is up: from here on it owes answers alone. */
  isUp(): void {
    this.isSettingUp = false;
    this.owing_since = null;
  }

  /** Something came. */
  heard(): void {
    this.heard_at = this.options.clock.now;
    this.owing_since = this.isSettingUp ? this.heard_at : null;
  }

  /** The connection is gone, and what it owed was rejected with it. */
  lost(): void {
    this.owed = [];
    this.owing_since = null;
    this.isSettingUp = false;
  }

  stop(): void {
    this.stopLooking();
  }

  private look(): void {
    const answered = this.owed.findIndex(({ command }) => !command.isSettled);
    this.owed.splice(0, answered === -1 ? this.owed.length : answered);
    const since = this.owing_since ?? this.owed[0]?.at;
    if (since === undefined) return;
    const { clock, answer_within_ms, onDead } = this.options;
    const silent_ms = clock.now - Math.max(since, this.heard_at);
    if (silent_ms >= answer_within_ms) this.giveUp(clock.now - answer_within_ms, 'no answer');
    else this.giveUp(clock.now - REDIS_ANSWER_MAX_MS, 'too slow');
    if (silent_ms >= REDIS_SILENT_MS) onDead();
  }

  /** Those sent until then. */
  private giveUp(until: number, why: string): void {
    for (const { command, at } of this.owed) {
      if (at > until) return;
      this.owing_since ??= at;
      command.reject(new Error(`${why} within ${Math.round(this.options.clock.now - at)} ms`));
    }
  }
}
