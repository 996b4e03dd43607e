/** What a node's feeds do about what nobody tells them: lost connections, deaf rooms, another epoch, sockets that enter. */
import { expect, onTestFinished, test } from 'vitest';
import { unavailable } from '../../src/contract/errors.ts';
import { STATISTICS_MIN_INTERVAL_MS } from '../../src/limits.ts';
import { join, mark } from '../suites/roll-commands.ts';
import { FeedScene, SESSION } from '../support/feed-scene.ts';
import { until } from '../support/until.ts';

const MARKED = (n: number) => [`attendanceUpdated ${n}`, `studentMarked ${n}`];
/** Short enough for a test, and long enough that there is none before it is wanted. */
const SOON_MS = 60;

const classOf = async (heartbeat_ms?: number): Promise<FeedScene> => {
  const scene = new FeedScene(3, heartbeat_ms);
  onTestFinished(() => scene.feeds.stop());
  await scene.admit('a-staff', null);
  await scene.admit('b-1', 1);
  await until('it is known where the lines begin', () => scene.asked.length >= 2);
  return scene;
};

const withoutHeartbeats = (heard: string[]) => heard.filter((it) => !it.startsWith('attendanceStatistics'));

test('a heartbeat tells everybody here how the roll stands, but not right after statistics were sent', async () => {
  const scene = await classOf(SOON_MS);
  await until('the first', () => scene.heardBy('b-1').length > 0);
  expect(scene.heardBy('a-staff')).toEqual(['attendanceStatistics 0']);
  expect(scene.sockets.watched).toContain(`sent ${SESSION} room`);
  scene.hears(mark(1, 'late'));
  scene.now += STATISTICS_MIN_INTERVAL_MS - 1;
  const asked = scene.asked.length;
  await until('others were asked for', () => scene.asked.length > asked + 2);
  expect(scene.heardBy('a-staff').slice(1)).toEqual(MARKED(1));
  scene.now += 1;
  await until('the next', () => scene.heardBy('b-1').includes('attendanceStatistics 1'));
  // The room was told of a join by it: nobody is answered less.
  scene.hears(join(2));
  scene.now += STATISTICS_MIN_INTERVAL_MS;
  await until('the next', () => scene.heardBy('b-1').includes('attendanceStatistics 2'));
  expect(await scene.admit('b-3', 3, { seq: 1 })).toBe(false);
});

test('a heartbeat whose numbers are older than what somebody was answered meanwhile is not told', async () => {
  const scene = await classOf(SOON_MS);
  await until('the first', () => scene.heardBy('b-1').length > 0);
  const { standings } = scene;
  let goOn = () => {};
  const readOnly = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let reads = 0;
  scene.standings = async (ids) => {
    const read = await standings.call(scene, ids);
    reads += 1;
    await readOnly;
    return read;
  };
  scene.now += STATISTICS_MIN_INTERVAL_MS;
  await until('it has read', () => reads > 0);
  // The staff here are told of it late, the room never; and who joined is answered at once.
  const late = scene.change(join(2));
  expect(await scene.admit('b-2', 2)).toBe(true);
  scene.standings = standings;
  goOn();
  await until('others have read', () => scene.asked.filter((it) => it === 'standings').length > reads + 4);
  expect(scene.heardBy('b-2').filter((it) => it !== 'attendanceStatistics 1')).toEqual([]);
  expect(scene.heardBy('a-staff')).not.toContain('attendanceStatistics 1');
  scene.hearAll(late);
  await until('the next', () => scene.heardBy('b-2').includes('attendanceStatistics 1'));
  expect(scene.heardBy('b-2')).toEqual(['attendanceStatistics 1']);
});

test('deaf: a line that is still behind its roll after a while is subscribed again, and told what it missed', async () => {
  const scene = await classOf(SOON_MS);
  scene.change(mark(2, 'late'));
  const channels = scene.channels();
  const asked = scene.asked.length;
  await until('the heartbeat has asked', () => scene.asked.length > asked);
  expect(scene.subscriber.resubscribed).toEqual([]);
  const between = scene.change.bind(scene);
  scene.subscriber.onResubscribe = () => {
    scene.subscriber.onResubscribe = () => {};
    // Made before the channels were heard again.
    between(join(3));
  };
  scene.timePasses();
  await until('it is told', () => scene.heardBy('a-staff').includes('studentJoinedAttendance 2'));
  expect(scene.subscriber.resubscribed[0]?.sort()).toEqual(channels.sort());
  expect(withoutHeartbeats(scene.heardBy('a-staff'))).toEqual([...MARKED(1), 'studentJoinedAttendance 2']);
  expect(withoutHeartbeats(scene.heardBy('b-1'))).toEqual(['attendanceUpdated 1']);
  // Three lines: the room in both namespaces, and the staff's.
  expect(scene.found).toEqual(['3 deaf', 'replay']);
  scene.hears(mark(3, 'late'));
  expect(withoutHeartbeats(scene.heardBy('a-staff')).slice(3)).toEqual(MARKED(3));
});

test('what comes while the heartbeat waits for it was only late', async () => {
  const scene = await classOf(SOON_MS);
  const late = scene.change(mark(2, 'late'));
  const asked = scene.asked.length;
  await until('the heartbeat has asked', () => scene.asked.length > asked);
  scene.hearAll(late);
  await until('the heartbeat is told', () => scene.heardBy('a-staff').includes('attendanceStatistics 1'));
  expect(scene.subscriber.resubscribed).toEqual([]);
  expect(scene.asked.filter((it) => it.startsWith('since'))).toEqual([]);
  expect(scene.found).toEqual([]);
  expect(withoutHeartbeats(scene.heardBy('a-staff'))).toEqual(MARKED(1));
});

test('a connection that was lost: looked at once it is back; who enters meanwhile is not sure of what they hear', async () => {
  const scene = await classOf();
  scene.subscriber.lose(scene.channels());
  scene.change(mark(1, 'late'));
  scene.change(mark(2, 'late'));
  let heard = () => {};
  scene.subscriber.effective = () =>
    new Promise((resolve) => {
      heard = resolve;
    });
  const entering = scene.admit('b-2', 2);
  scene.subscriber.restore(scene.channels());
  heard();
  expect(await entering).toBe(false);
  await until('it is mended', () => scene.heardBy('a-staff').length === 4);
  expect(scene.heardBy('a-staff')).toEqual([...MARKED(1), ...MARKED(2)]);
  expect(scene.asked.filter((it) => it.startsWith('since'))).toEqual(['since 0']);
  expect(scene.found).toEqual(['replay']);
  expect(await scene.admit('b-3', 3)).toBe(true);
});

test('of two connections that were lost one is back: looked at again when the other is', async () => {
  const scene = await classOf(SOON_MS);
  const [first = '', ...others] = scene.channels();
  scene.subscriber.lose([first, ...others]);
  scene.subscriber.effective = () => Promise.reject(unavailable(new Error('not yet')));
  scene.subscriber.restore([first]);
  await until('it was tried', () => scene.errors.length > 0);
  scene.change(mark(1, 'late'));
  scene.subscriber.effective = () => Promise.resolve();
  await until('it is mended', () => withoutHeartbeats(scene.heardBy('a-staff')).length === 2);
  expect(scene.subscriber.resubscribed).toEqual([]);
});

test('Redis is away: tried again with every beat, and told once', async () => {
  const scene = await classOf(SOON_MS);
  scene.away = unavailable(new Error('away'));
  scene.change(mark(1, 'late'));
  scene.hears(mark(2, 'late'));
  const asked = scene.asked.length;
  await until('it was tried some times', () => scene.asked.length > asked + 5);
  expect(withoutHeartbeats(scene.heardBy('a-staff'))).toEqual([]);
  expect(scene.errors).toEqual([scene.away]);
  scene.away = null;
  await until('it is mended', () => withoutHeartbeats(scene.heardBy('a-staff')).length === 4);
  expect(withoutHeartbeats(scene.heardBy('a-staff'))).toEqual([...MARKED(1), ...MARKED(2)]);
});

test('another epoch: members are told, and brought back into the roll; what follows is in order', async () => {
  const scene = await classOf(SOON_MS);
  for (const n of [1, 2, 3]) scene.hears(mark(n, 'late'));
  // The last change is lost.
  scene.newEpoch('epoch-2', scene.roll.log.slice(0, 2));
  scene.now += STATISTICS_MIN_INTERVAL_MS;
  await until('they are brought back', () => scene.broughtBack.length === 1);
  expect(scene.heardBy('a-staff').at(-1)).toBe('attendanceStatistics 2');
  expect(scene.found).toEqual(['snapshot']);
  // The numbers have gone back, and statistics with them.
  const told = scene.heardBy('b-1').length;
  scene.hearAll(scene.statistics());
  expect(scene.heardBy('b-1').slice(told)).toEqual(['attendanceStatistics 2']);
  scene.hears(mark(1, 'excused'));
  expect(scene.heardBy('a-staff').slice(-2)).toEqual(MARKED(3));
});

test('another epoch while the log is read: what was read of the former is not told', async () => {
  const scene = await classOf();
  const since = scene.since.bind(scene);
  const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof since>>>();
  scene.since = () => promise;
  scene.change(mark(1, 'late'));
  scene.hears(mark(2, 'late'));
  const read = await since(SESSION, 0);
  scene.newEpoch('epoch-2', scene.roll.log.slice(0, 1));
  expect(await scene.admit('b-2', 2)).toBe(false);
  resolve(read);
  scene.since = since;
  await until('they are brought back', () => scene.broughtBack.length === 1);
  scene.hears(mark(3, 'late'));
  expect(scene.heardBy('a-staff')).toEqual(['attendanceStatistics 1', ...MARKED(2)]);
});

test('another epoch, seen by who enters: their answer is read', async () => {
  const scene = await classOf();
  scene.newEpoch('epoch-2');
  expect(await scene.admit('b-2', 2)).toBe(false);
  await until('they are brought back', () => scene.broughtBack.length === 1);
  expect(scene.heardBy('b-1')).toEqual(['attendanceStatistics 0']);
  expect(await scene.admit('b-3', 3)).toBe(true);
});

test('whoever is not in the roll any more after a gap is asked about', async () => {
  const scene = await classOf();
  scene.presence.detach('b-1');
  scene.change(mark(2, 'late'));
  scene.hears(mark(3, 'late'));
  await until('it is asked', () => scene.broughtBack.length === 1);
  expect(scene.broughtBack).toEqual([SESSION]);
});

test('entering: what was published before is waited for, and what went by later is told by the answer', async () => {
  const scene = await classOf();
  const onItsWay = scene.change(mark(1, 'late'));
  const entering = scene.admit('b-2', 2);
  scene.hearAll(onItsWay);
  expect(await entering).toBe(true);
  // Later than what the answer would say.
  scene.hears(mark(2, 'late'));
  expect(await scene.admit('b-3', 3, { seq: 1, room_seq: 1 })).toBe(false);
  expect(await scene.admit('a-other', null)).toBe(true);
  // Joins tell the room nothing, so students do not wait for them.
  scene.change(join(3));
  expect(await scene.admit('b-33', 3)).toBe(true);
});

test('entering: nobody is answered less than the room was told, nor told less than they were answered', async () => {
  const scene = await classOf();
  // The room hears nothing of a join but its seq, in statistics.
  scene.hears(join(2));
  const early = scene.statistics();
  scene.hears(join(3));
  scene.hearAll(scene.statistics());
  expect(await scene.admit('b-2', 2, { seq: 1 })).toBe(false);
  expect(await scene.admit('b-2', 2)).toBe(true);
  scene.hearAll(early);
  expect(scene.heardBy('b-1')).toEqual(['attendanceStatistics 2']);
  // On its way while somebody is answered more.
  const late = scene.statistics();
  scene.hears(join(1));
  expect(await scene.admit('b-3', 3)).toBe(true);
  scene.hearAll(late);
  scene.hearAll(scene.statistics());
  expect(scene.heardBy('b-3')).toEqual(['attendanceStatistics 3']);
  const last = scene.statistics();
  scene.change(mark(1, 'late'));
  expect(await scene.feeds.heardUpTo('unknown', { seq: 7, room_seq: 1 })).toEqual({ seq: 7, room_seq: 1 });
  let heard: object | undefined;
  scene.feeds.heardUpTo(SESSION, scene.roll).then((it) => {
    heard = it;
  }, expect.unreachable);
  await until('it is answered', () => {
    scene.timePasses();
    return heard !== undefined;
  });
  expect(heard).toEqual({ seq: 4, room_seq: 1 });
  scene.hearAll(last);
  expect(scene.heardBy('b-3')).toEqual(['attendanceStatistics 3', 'attendanceUpdated 4']);
});

test('entering: what does not come was missed, and is told before the answer', async () => {
  const scene = await classOf();
  scene.change(mark(1, 'late'));
  let answer: boolean | undefined;
  const entering = scene.admit('b-2', 2).then((it) => {
    answer = it;
  });
  await until('it is answered', () => {
    scene.timePasses();
    return answer !== undefined;
  });
  await entering;
  expect(answer).toBe(false);
  expect(scene.heardBy('b-2')).toEqual(['attendanceUpdated 1']);
  expect(scene.heardBy('a-staff')).toEqual(MARKED(1));
});

test('entering a new room: all wait for the same confirmation, and are answered by reading', async () => {
  const scene = new FeedScene();
  onTestFinished(() => scene.feeds.stop());
  const heard: (() => void)[] = [];
  scene.subscriber.effective = () => new Promise((resolve) => heard.push(resolve));
  const both = [scene.admit('a-1', 1), scene.admit('a-2', 2)];
  for (const resolve of heard) resolve();
  expect(await Promise.all(both)).toEqual([false, false]);
  expect(await scene.admit('a-3', 3)).toBe(true);
  expect(heard).toHaveLength(2);
});

test('a room that cannot be heard: refused, but from there on nothing is missed', async () => {
  const scene = new FeedScene();
  onTestFinished(() => scene.feeds.stop());
  scene.change(mark(1, 'late'));
  const away = unavailable(new Error('away'));
  scene.subscriber.effective = () => Promise.reject(away);
  await expect(scene.admit('a-1', 1)).rejects.toBe(away);
  expect(scene.feeds.hears(SESSION, 'a-1')).toBe(true);
  scene.change(mark(2, 'late'));
  scene.subscriber.effective = () => Promise.resolve();
  scene.hears(mark(3, 'late'));
  await until('it is mended', () => scene.heardBy('a-1').length === 2);
  expect(scene.heardBy('a-1')).toEqual(['attendanceUpdated 2', 'attendanceUpdated 3']);
});

test('sockets that go, or are something else by now', async () => {
  const scene = await classOf(SOON_MS);
  expect(scene.feeds.membersOf(SESSION).map(({ id }) => id)).toEqual(['a-staff', 'b-1']);
  // As a student now.
  await scene.admit('a-staff', 2);
  scene.hears(mark(1, 'late'));
  // Nothing is expected any more on the line of the staff.
  scene.now += STATISTICS_MIN_INTERVAL_MS;
  await until('its heartbeat', () => scene.heardBy('a-staff').includes('attendanceStatistics 1'));
  expect(withoutHeartbeats(scene.heardBy('a-staff'))).toEqual(['attendanceUpdated 1']);
  scene.feeds.expel(SESSION, ['a-staff']);
  scene.hears(mark(2, 'late'));
  expect(withoutHeartbeats(scene.heardBy('a-staff'))).toHaveLength(1);
  expect(scene.feeds.hears(SESSION, 'a-staff')).toBe(false);
  scene.sockets.close('b-1');
  expect([...scene.feeds.sessions()]).toEqual([]);
  expect(scene.feeds.namespaceOf('b-1')).toBeUndefined();
  const gone = { id: 'b-1', user_id: 'u1', student_id: 's1' };
  const at = { seq: 9, room_seq: 9, run: 9, epoch: 'epoch-1', version: 1 };
  expect(await scene.feeds.admit(SESSION, gone, at)).toBe(true);
  expect([...scene.feeds.sessions()]).toEqual([]);
});
