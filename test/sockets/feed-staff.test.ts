/** A staff line that cannot be heard at first, beside a room that is: whoever is in both is never told backwards. */
import { expect, test } from 'vitest';
import { unavailable } from '../../src/contract/errors.ts';
import { RedisKeys, roomOf } from '../../src/live/redis-keys.ts';
import { mark } from '../suites/roll-commands.ts';
import { FeedScene, SESSION } from '../support/feed-scene.ts';
import { until } from '../support/until.ts';

const keys = new RedisKeys('test');
const MARKED = (n: number) => [`attendanceUpdated ${n}`, `studentMarked ${n}`];

test('staff who could not be heard for at first are told nothing older than the room has told them', async () => {
  const scene = new FeedScene();
  await scene.admit('a-1', 1);
  await until('it is known where the room begins', () => scene.asked.length === 1);
  const { promise, reject } = Promise.withResolvers<void>();
  scene.subscriber.effective = () => promise;
  const { seq, room_seq } = scene.roll;
  const entering = scene.admit('a-staff', null, { seq, room_seq });
  const missed = scene.change(mark(1, 'present'));
  expect(missed).not.toEqual([]);
  // Only the room is heard, and read about. Whoever is in it hears that.
  const inRoom = scene.change(mark(2, 'late')).filter(({ channel }) => channel === keys.channel(0, roomOf(SESSION)));
  scene.hearAll(inRoom);
  await until('it is mended', () => scene.heardBy('a-staff').includes('attendanceUpdated 2'));
  reject(unavailable(new Error('not confirmed')));
  await expect(entering).rejects.toThrow();
  scene.subscriber.effective = () => Promise.resolve();
  scene.change(mark(3, 'late'));
  scene.subscriber.restore(scene.channels());
  await until('it is mended', () => scene.heardBy('a-staff').includes('studentMarked 3'));
  scene.hears(mark(1, 'late'));
  expect(scene.heardBy('a-staff')).toEqual(['attendanceUpdated 1', 'attendanceUpdated 2', ...MARKED(3), ...MARKED(4)]);
});

test('staff who cannot be heard for, which turns out while the log is read, are told of it with the room', async () => {
  const scene = new FeedScene();
  await scene.admit('a-1', 1);
  await until('it is known where the room begins', () => scene.asked.length === 1);
  const confirmed = Promise.withResolvers<void>();
  scene.subscriber.effective = () => confirmed.promise;
  const entering = scene.admit('a-staff', null);
  scene.change(mark(1, 'present'));
  const read = Promise.withResolvers<void>();
  scene.gate = read.promise;
  const room = keys.channel(0, roomOf(SESSION));
  scene.hearAll(scene.change(mark(2, 'late')).filter(({ channel }) => channel === room));
  await until('the log is read', () => scene.asked.includes('since 0'));
  confirmed.reject(unavailable(new Error('not confirmed')));
  await expect(entering).rejects.toThrow();
  read.resolve();
  await until('it is mended', () => scene.heardBy('a-staff').length === 4);
  expect(scene.heardBy('a-staff')).toEqual([...MARKED(1), ...MARKED(2)]);
});

test('staff of whose line nothing has gone by are told what they missed before the room hears anything later', async () => {
  const scene = new FeedScene();
  scene.subscriber.effective = () => Promise.reject(unavailable(new Error('not confirmed')));
  await expect(scene.admit('a-staff', null)).rejects.toThrow();
  const room = keys.channel(0, roomOf(SESSION));
  // The room is heard again, and a moment later the staff.
  scene.hearAll(scene.change(mark(1, 'present')).filter(({ channel }) => channel === room));
  scene.hears(mark(2, 'late'));
  await until('it is mended', () => scene.heardBy('a-staff').includes('studentMarked 2'));
  expect(scene.heardBy('a-staff')).toEqual([...MARKED(1), ...MARKED(2)]);
});
