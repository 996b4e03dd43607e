/** Hears everything that any socket receives, and judges it. What it may not judge yet waits until the world is known again. */
import { leakIn, wrongAudience, wrongReplay } from './policy-knowledge.ts';
import type { Member, World } from './policy-world.ts';

/** What is going on while something is heard. */
export type Going = {
  who: Member | null;
  /** Events that answer who asks. */
  replies: readonly string[];
  /** Words that were sent. */
  echo: ReadonlySet<string>;
  /** Nothing may change, so nobody else may be told anything. */
  quiet: boolean;
  what: string;
};

/** Comes by itself: from a timer, or from the archive. */
const SPONTANEOUS = ['attendanceStatistics', 'attendancePersisted'];
/** Comes of a connection that is lost or back, when others have noticed. */
const OF_PRESENCE = ['studentLeftAttendance', 'studentLeft', 'studentJoinedAttendance'];
const NOBODY: Going = { who: null, replies: [], echo: new Set(), quiet: true, what: 'nothing' };

type Suspect = { wrong: () => string | null; during: string; text: string };

export class Witness {
  /** Somebody has come back just now. */
  expectsPresence = false;
  heard = 0;
  private readonly world: World;
  private going: Going = NOBODY;
  private suspects: Suspect[] = [];
  private readonly found: string[] = [];

  constructor(world: World) {
    this.world = world;
  }

  begin(going: Going): void {
    this.going = going;
  }

  listenTo(who: Member): void {
    who.client?.socket.onAny((event: string, payload: Record<string, unknown>) => this.hear(who, event, payload));
  }

  hear(who: Member, event: string, payload: Record<string, unknown>): void {
    this.heard += 1;
    const { going, world } = this;
    const isAnswer = going.who === who && going.replies.includes(event);
    const echo = isAnswer ? going.echo : NOBODY.echo;
    const wrong = () =>
      (isAnswer ? null : wrongAudience(world, who, event, payload)) ?? leakIn(world, who, event, payload, echo);
    this.judge(wrong, payload);
    const isNoise = SPONTANEOUS.includes(event) || (this.expectsPresence && OF_PRESENCE.includes(event));
    if (!going.quiet || isAnswer || isNoise) return;
    this.found.push(
      `the ${who.is} heard ${event} ${JSON.stringify(payload)} during ${going.what}, or shortly before it`,
    );
  }

  /** What the asker of `what` was answered. */
  answered(who: Member | null, where: string, value: unknown): void {
    const { echo } = this.going;
    this.judge(() => leakIn(this.world, who, where, value, echo), value);
  }

  /** An event that was missed, and told by a sync. */
  replayed(who: Member | null, event: string, data: Record<string, unknown>): void {
    if (who === null) return;
    this.judge(
      () => wrongReplay(this.world, who, event, data) ?? leakIn(this.world, who, event, data, NOBODY.echo),
      data,
    );
  }

  /** Everything has arrived, and the world is as it is: what was wrong before and after the change is wrong. */
  settle(): string[] {
    for (const { wrong, during, text } of this.suspects) {
      const why = wrong();
      if (why !== null) this.found.push(`${why}, during ${during}: ${text}`);
    }
    this.suspects = [];
    return this.found.splice(0);
  }

  private judge(wrong: () => string | null, value: unknown): void {
    if (wrong() === null) return;
    this.suspects.push({ wrong, during: this.going.what, text: JSON.stringify(value).slice(0, 600) });
  }
}
