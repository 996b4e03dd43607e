/** Late is not missed: what a busy node has not heard yet is waited for, and neither read from the log nor skipped. */
import { expect, onTestFinished, test } from 'vitest';
import { unavailable } from '../../src/contract/errors.ts';
import { mark } from '../suites/roll-commands.ts';
import { FeedScene, type Sent } from '../support/feed-scene.ts';
import { until } from '../support/until.ts';

const MARKED = (n: number) => [`attendanceUpdated ${n}`, `studentMarked ${n}`];
const withoutHeartbeats = (heard: string[]) => heard.filter((it) => !it.startsWith('attendanceStatistics'));

/** Staff and a student, whose lines have heard the first change. */
const classOf = async (heartbeat_ms?: number): Promise<FeedScene> => {
  const scene = new FeedScene(3, heartbeat_ms);
  onTestFinished(() => scene.feeds.stop());
  await scene.admit('a-staff', null);
  await scene.admit('b-1', 1);
  await until('it is known where the lines begin', () => scene.asked.length >= 2);
  scene.hears(mark(3, 'late'));
  return scene;
};

/** Comes while somebody waits for the channels to be flushed. */
const comeLate = (scene: FeedScene, late: Sent[]): void => {
  scene.subscriber.flushed = async () => {
    scene.hearAll(late.splice(0));
    return true;
  };
};

/** The answer to whoever enters, when all that is waited for by duration is over. */
const answerTo = async (scene: FeedScene, entering: Promise<boolean>): Promise<boolean> => {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  entering.then(settle, settle);
  await until('it is answered', () => {
    scene.timePasses();
    return settled;
  });
  return entering;
};

const readings = ({ asked }: FeedScene): string[] => asked.filter((it) => it.startsWith('since'));

test('entering: what only comes late is waited for', async () => {
  const scene = await classOf();
  comeLate(scene, scene.change(mark(1, 'late')));
  expect(await answerTo(scene, scene.admit('b-2', 2))).toBe(true);
  expect(scene.heardBy('a-staff')).toEqual([...MARKED(1), ...MARKED(2)]);
  expect(readings(scene)).toEqual([]);
});

test('entering while nobody can say what is late and what was missed: refused, and nothing is skipped', async () => {
  const scene = await classOf();
  const late = scene.change(mark(1, 'late'));
  scene.subscriber.flushed = () => Promise.resolve(false);
  await expect(answerTo(scene, scene.admit('b-2', 2))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  scene.hearAll(late);
  expect(scene.heardBy('a-staff')).toEqual([...MARKED(1), ...MARKED(2)]);
  expect(readings(scene)).toEqual([]);
});

test('reading: nobody is answered before what is late has gone by', async () => {
  const scene = await classOf();
  comeLate(scene, scene.change(mark(1, 'late')));
  let heard: string[] = [];
  const reading = scene.feeds.heardUpTo('session-1', scene.roll).then(() => {
    heard = [...scene.heardBy('a-staff')];
    return true;
  });
  expect(await answerTo(scene, reading)).toBe(true);
  expect(heard).toEqual([...MARKED(1), ...MARKED(2)]);
});

test('after an outage: what comes late on channels that are heard again is not read', async () => {
  const scene = await classOf();
  scene.subscriber.lose(scene.channels());
  comeLate(scene, scene.change(mark(1, 'late')));
  scene.subscriber.restore(scene.channels());
  await until('it is heard', () => scene.heardBy('a-staff').length === 4);
  expect(await scene.admit('b-2', 2)).toBe(true);
  expect(readings(scene)).toEqual([]);
});

test('after an outage: while nobody can say what is late and what was missed, it is tried again', async () => {
  const scene = await classOf(60);
  scene.subscriber.lose(scene.channels());
  scene.change(mark(1, 'late'));
  scene.subscriber.flushed = () => Promise.resolve(false);
  scene.subscriber.restore(scene.channels());
  await until('it was tried', () => scene.errors.length > 0);
  expect(readings(scene)).toEqual([]);
  scene.subscriber.flushed = () => Promise.resolve(true);
  await until('it is read', () => withoutHeartbeats(scene.heardBy('a-staff')).length === 4);
  expect(withoutHeartbeats(scene.heardBy('a-staff'))).toEqual([...MARKED(1), ...MARKED(2)]);
});

test('what cannot be read holds up nothing that comes in order', async () => {
  const scene = await classOf();
  const missed = scene.change(mark(1, 'late'));
  const { promise, resolve } = Promise.withResolvers<void>();
  scene.gate = promise;
  scene.away = unavailable(new Error('away'));
  const entering = answerTo(scene, scene.admit('b-2', 2));
  await until('it is being read', () => readings(scene).length > 0);
  // It was late after all.
  scene.hearAll([...missed, ...scene.change(mark(2, 'late'))]);
  expect(scene.heardBy('a-staff')).toEqual(MARKED(1));
  resolve();
  expect(await entering).toBe(false);
  expect(scene.heardBy('a-staff')).toEqual([...MARKED(1), ...MARKED(2), ...MARKED(3)]);
});
