/** Sockets that enter a session while their subscription is under way. */
import { expect, onTestFinished, test } from 'vitest';
import { unavailable } from '../../src/contract/errors.ts';
import { FeedScene } from '../support/feed-scene.ts';

const entering = () => {
  const scene = new FeedScene();
  onTestFinished(() => scene.feeds.stop());
  const { promise, reject } = Promise.withResolvers<void>();
  scene.subscriber.effective = () => promise;
  return { scene, fails: () => reject(unavailable(new Error('the channel is not wanted any more'))) };
};

test('END-1 let go before it could hear: there is nothing to hear any more, and no error', async () => {
  const { scene, fails } = entering();
  const admitted = scene.admit('b-1', 1);
  const here = scene.channels();
  scene.hearAll(scene.out('students').filter(({ channel }) => here.includes(channel)));
  // The last one has left the room, so its channel is given up.
  fails();
  expect(await admitted).toBe(false);
});

test('JOIN-3 who is in and cannot hear is not acknowledged', async () => {
  const { scene, fails } = entering();
  const admitted = scene.admit('b-1', 1);
  fails();
  await expect(admitted).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});
