/** Which sessions of a course are running, as its members are told. */
import type { ActiveSession } from '../contract/events.ts';
import { RollcastError } from './error.ts';
import { type Observable, Value } from './observable.ts';
import type { SessionHost } from './session.ts';

const OUT_CODES = new Set(['STUDENT_NOT_ENROLLED', 'COURSE_NOT_FOUND', 'FORBIDDEN']);

export class CourseFeed {
  readonly course_id: string;
  private readonly host: Pick<SessionHost, 'request'>;
  private readonly active = new Value<readonly ActiveSession[]>([]);
  private isFollowed = false;

  constructor(course_id: string, host: Pick<SessionHost, 'request'>) {
    this.course_id = course_id;
    this.host = host;
  }

  /** Oldest first. */
  get activeSessions(): Observable<readonly ActiveSession[]> {
    return this.active;
  }

  /** From now on, and again after every reconnect. RollcastError. */
  async follow(): Promise<readonly ActiveSession[]> {
    this.isFollowed = true;
    try {
      const { activeSessions } = await this.host.request('subscribeToCourse', { course_id: this.course_id });
      this.hear('activeSessionsData', { activeSessions });
    } catch (error) {
      // Whoever got no answer asks at the next reconnect; who is not in the course need not.
      if (error instanceof RollcastError && OUT_CODES.has(error.code)) {
        this.isFollowed = false;
        this.active.set([]);
      }
      throw error;
    }
    return this.active.get();
  }

  async unfollow(): Promise<void> {
    this.close();
    await this.host.request('unsubscribeFromCourse', { course_id: this.course_id });
  }

  hear(event: string, { activeSessions }: { activeSessions?: ActiveSession[] }): void {
    if (event === 'activeSessionsData' && activeSessions !== undefined && this.isFollowed) {
      this.active.set(activeSessions);
    }
  }

  async reconnected(): Promise<void> {
    if (this.isFollowed) await this.follow();
  }

  close(): void {
    this.isFollowed = false;
  }
}
