/** What somebody is answered, and what they hear before and after it. */
import { expect, onTestFinished, test } from 'vitest';
import { unavailable } from '../../src/contract/errors.ts';
import { mark } from '../suites/roll-commands.ts';
import { FeedScene, SESSION, type Sent } from '../support/feed-scene.ts';
import { until } from '../support/until.ts';

const MARKED = (n: number) => [`attendanceUpdated ${n}`, `studentMarked ${n}`];

/** Two changes were published that have not come, and somebody reads the roll; what staff have heard when it is answered. */
const answered = async (scene: FeedScene): Promise<{ late: Sent[]; heard: string[] }> => {
  onTestFinished(() => scene.feeds.stop());
  await scene.admit('a-staff', null);
  await until('it is known where the lines begin', () => scene.asked.length > 0);
  const late = [...scene.change(mark(1, 'late')), ...scene.change(mark(2, 'late'))];
  const { seq, room_seq } = scene.roll;
  let heard: string[] | undefined;
  void scene.feeds.heardUpTo(SESSION, { seq, room_seq }).then(() => {
    heard = [...scene.heardBy('a-staff')];
  });
  await until('it is answered', () => {
    scene.timePasses();
    return heard !== undefined;
  });
  return { late, heard: heard ?? [] };
};

test('what has not come by then was missed, is told before the answer, and not again', async () => {
  const scene = new FeedScene();
  const { late, heard } = await answered(scene);
  expect(heard).toEqual([...MARKED(1), ...MARKED(2)]);
  scene.hearAll(late);
  expect(scene.heardBy('a-staff')).toEqual(heard);
});

test('what cannot be read either comes after the answer, in order', async () => {
  const scene = new FeedScene();
  scene.since = () => Promise.reject(unavailable(new Error('away')));
  const { late, heard } = await answered(scene);
  expect(heard).toEqual([]);
  expect(scene.errors).toHaveLength(1);
  scene.since = FeedScene.prototype.since;
  scene.hearAll(late);
  scene.subscriber.restore(scene.channels());
  await until('it is heard', () => scene.heardBy('a-staff').length > 0);
  expect(scene.heardBy('a-staff')).toEqual([...MARKED(1), ...MARKED(2)]);
});
