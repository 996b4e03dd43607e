/** Who is taken out of the course while a node does not hear (AUTH-1). */
import { expect, onTestFinished, test } from 'vitest';
import { rosterEntry } from '../suites/live-fixtures.ts';
import { mark } from '../suites/roll-commands.ts';
import { FeedScene, SESSION } from '../support/feed-scene.ts';
import { until } from '../support/until.ts';

/** Staff t1 and two students; the second one is dropped while nothing is heard. */
const deafTo = async (more: (scene: FeedScene) => void) => {
  const scene = new FeedScene();
  onTestFinished(() => scene.feeds.stop());
  await scene.admit('a-staff', null);
  await scene.admit('a-1', 1);
  await scene.admit('b-2', 2);
  await until('it is known where the lines begin', () => scene.asked.length >= 2);
  const channels = scene.channels();
  scene.subscriber.lose(channels);
  scene.change({ kind: 'roster', entries: [rosterEntry(2, { approved: false })] });
  scene.presence.detach('b-2');
  more(scene);
  scene.subscriber.restore(channels);
  await until('they are out', () => !scene.feeds.hears(SESSION, 'b-2'));
  return scene;
};

test('AUTH-1 out as soon as the node hears again, though nothing else has changed', async () => {
  const scene = await deafTo(() => {});
  scene.hears(mark(1, 'late', { header_version: 2 }));
  expect(scene.heardBy('a-1')).toEqual(['attendanceUpdated 1', 'attendanceMarked own 1']);
  expect(scene.heardBy('b-2')).toEqual([]);
});

test('AUTH-1 what came after they were taken out is told to those who stay alone', async () => {
  const scene = await deafTo((it) => it.change(mark(1, 'late', { header_version: 2 })));
  await until('the others are told', () => scene.heardBy('a-1').length > 0);
  expect(scene.heardBy('a-1')).toContain('attendanceUpdated 1');
  expect(scene.heardBy('a-staff')).toContain('studentMarked 1');
  expect(scene.heardBy('b-2')).toEqual([]);
});

test('who was taken for gone with their node stays, and is brought back', async () => {
  const scene = await deafTo((it) => {
    it.presence.detach('a-1');
    it.presence.detach('a-staff');
  });
  await until('they are brought back', () => scene.broughtBack.length > 0);
  expect(scene.feeds.hears(SESSION, 'a-1')).toBe(true);
  expect(scene.feeds.hears(SESSION, 'a-staff')).toBe(true);
});
