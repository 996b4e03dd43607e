/** Which rolls a course has and a user follows: asked at every connect and every course subscription. */
import type { Change, Roll } from '../domain/roll.ts';

export class RollIndex {
  private readonly byCourse = new Map<string, Set<string>>();
  private readonly byUser = new Map<string, Set<string>>();

  add(roll: Roll): void {
    const { session, course_id } = roll.header;
    put(this.byCourse, course_id, session.id);
    for (const user_id of roll.followers) put(this.byUser, user_id, session.id);
  }

  remove(roll: Roll): void {
    const { session, course_id } = roll.header;
    take(this.byCourse, course_id, session.id);
    for (const user_id of roll.followers) take(this.byUser, user_id, session.id);
  }

  /** Keeps up with an applied change. */
  follow(roll: Roll, change: Change): void {
    const { id } = roll.header.session;
    if (change.follow !== undefined && roll.followers.has(change.follow)) put(this.byUser, change.follow, id);
    if (change.unfollow !== undefined && !roll.followers.has(change.unfollow)) take(this.byUser, change.unfollow, id);
    if (change.roster === undefined && change.staff === undefined) return;
    // Rare: whoever does not follow any more leaves the index.
    for (const [user_id, rolls] of this.byUser) {
      if (rolls.has(id) && !roll.followers.has(user_id)) take(this.byUser, user_id, id);
    }
  }

  ofCourse(course_id: string): string[] {
    return [...(this.byCourse.get(course_id) ?? [])];
  }

  ofUser(user_id: string): string[] {
    return [...(this.byUser.get(user_id) ?? [])];
  }
}

const put = (index: Map<string, Set<string>>, key: string, id: string): void => {
  const ids = index.get(key);
  if (ids === undefined) index.set(key, new Set([id]));
  else ids.add(id);
};

const take = (index: Map<string, Set<string>>, key: string, id: string): void => {
  const ids = index.get(key);
  ids?.delete(id);
  if (ids?.size === 0) index.delete(key);
};
