/** Which sessions of a course are running, as its members are told. */
import type { ActiveSession } from '../contract/events.ts';
import { type Observable, Value } from './observable.ts';
import type { SessionHost } from './session.ts';

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
    const answer = await this.host.request('subscribeToCourse', { course_id: this.course_id });
    this.hear('activeSessionsData', answer as { activeSessions: ActiveSession[] });
    return this.active.get();
  }

  async unfollow(): Promise<void> {
    this.close();
    await this.host.request('unsubscribeFromCourse', { course_id: this.course_id });
  }

  hear(event: string, { activeSessions }: { activeSessions?: ActiveSession[] }): void {
    if (event === 'activeSessionsData' && activeSessions !== undefined) this.active.set(activeSessions);
  }

  async reconnected(): Promise<void> {
    if (this.isFollowed) await this.follow();
  }

  close(): void {
    this.isFollowed = false;
  }
}
