/**
 * The course rooms of all nodes together. Their news are few, and go through the adapter's ordinary broadcasts. That the
 * members of a course have changed goes through a channel of its own: each node then looks for itself who of its
 * sockets is still in the course. What a node has not heard, it makes up for when it hears again.
 */
import type { CourseRooms } from '../attendance/services.ts';
import type { ServerEventName, ServerPayload } from '../contract/events.ts';
import { COURSE_CHECK_RETRY_MS } from '../limits.ts';
import type { RedisKeys } from '../live/redis-keys.ts';
import type { ChannelSubscriber } from '../redis/channel-subscriber.ts';
import type { PublishLink } from '../redis/publish-link.ts';
import { LocalCourseRooms, type WhoIsIn } from './local-course-rooms.ts';
import type { Rooms } from './rooms.ts';

export type SharedCourseRoomsOptions = {
  /** Of a server whose adapter connects the nodes. */
  rooms: Rooms;
  whoIsIn: WhoIsIn;
  subscriber: Pick<ChannelSubscriber, 'sSubscribe' | 'onRestored'>;
  publish: Pick<PublishLink, 'sPublish'>;
  keys: Pick<RedisKeys, 'courseChanges'>;
  /** A course could not be looked at; it is tried again. */
  onError: (error: unknown) => void;
};

export class SharedCourseRooms implements CourseRooms {
  private readonly options: SharedCourseRoomsOptions;
  private readonly here: LocalCourseRooms;
  private readonly unchecked = new Set<string>();
  private checking = false;
  private retry: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(options: SharedCourseRoomsOptions) {
    const { rooms, whoIsIn, subscriber, keys } = options;
    this.options = options;
    this.here = new LocalCourseRooms(rooms, whoIsIn);
    void subscriber.sSubscribe(keys.courseChanges, (message) => this.check([message.toString()]));
    subscriber.onRestored((channels) => {
      if (channels.includes(keys.courseChanges)) this.check(rooms.courses());
    });
  }

  tell<E extends ServerEventName>(course_id: string, event: E, payload: ServerPayload<E>): void {
    this.here.tell(course_id, event, payload);
  }

  async membersChanged(course_id: string): Promise<void> {
    const { publish, keys } = this.options;
    await Promise.all([this.here.membersChanged(course_id), publish.sPublish(keys.courseChanges, course_id)]);
  }

  /** Looks at nothing more. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.retry);
  }

  private check(course_ids: Iterable<string>): void {
    for (const id of course_ids) this.unchecked.add(id);
    if (!this.checking) void this.checkAll();
  }

  /** One after the other: after an outage these are all that somebody here is in the room of. */
  private async checkAll(): Promise<void> {
    this.checking = true;
    const failed: string[] = [];
    for (const course_id of this.unchecked) {
      // First, since what changes from now on is to be looked at again.
      this.unchecked.delete(course_id);
      if (this.stopped) continue;
      try {
        await this.here.membersChanged(course_id);
      } catch (error) {
        if (failed.length === 0) this.options.onError(error);
        failed.push(course_id);
      }
    }
    this.checking = false;
    if (failed.length > 0 && !this.stopped) {
      this.retry = setTimeout(() => this.check(failed), COURSE_CHECK_RETRY_MS);
      this.retry.unref();
    }
  }
}
