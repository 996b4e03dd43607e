/** What goes by on a node's feeds: in order it passes, what is missing is read first, and nothing comes twice. */
import { expect, onTestFinished, test } from 'vitest';
import { unavailable } from '../../src/contract/errors.ts';
import { FEED_HELD_MAX_MESSAGES, SYNC_MAX_CHANGES } from '../../src/limits.ts';
import { RedisKeys, staffRoomOf } from '../../src/live/redis-keys.ts';
import { end, join, mark, marks } from '../suites/roll-commands.ts';
import { FeedScene, SESSION } from '../support/feed-scene.ts';
import { until } from '../support/until.ts';

const keys = new RedisKeys('test');

/** Staff in both namespaces and student 1, let in at the beginning and answered by reading, since the rooms are new. */
const classOf = async (students = 3): Promise<FeedScene> => {
  const scene = new FeedScene(students);
  expect(await scene.admit('a-staff', null)).toBe(false);
  expect(await scene.admit('b-staff', null)).toBe(false);
  expect(await scene.admit('a-1', 1)).toBe(true);
  await until('it is known where the lines begin', () => scene.asked.length === 2);
  scene.asked.length = 0;
  return scene;
};

const MARKED = (n: number) => [`attendanceUpdated ${n}`, `studentMarked ${n}`];

test('what comes in order passes at once, and nothing is asked', async () => {
  const scene = await classOf();
  scene.hears(mark(1, 'present'));
  scene.hears(join(2));
  scene.hears(mark(2, 'late'));
  for (const id of ['a-staff', 'b-staff']) {
    expect(scene.heardBy(id)).toEqual([...MARKED(1), 'studentJoinedAttendance 2', ...MARKED(3)]);
  }
  expect(scene.heardBy('a-1')).toEqual(['attendanceUpdated 1', 'attendanceMarked own 1', 'attendanceUpdated 3']);
  expect(scene.asked).toEqual([]);
});

test('a change of many parts counts when its last one has gone by', async () => {
  const scene = await classOf();
  const sent = scene.change(marks([1, 2, 3].map((n) => ({ student_id: `s${n}`, status: 'late' }))));
  expect(sent.length).toBeGreaterThan(6);
  scene.hearAll(sent.slice(0, 3));
  // Part of it was told in the room before it came.
  expect(await scene.admit('a-2', 2, { seq: 0, room_seq: 0 })).toBe(false);
  scene.hearAll(sent.slice(3));
  scene.hears(mark(1, 'present'));
  expect(scene.heardBy('b-staff')).toEqual([
    ...Array(3).fill('studentMarked 1'),
    'attendanceBulkUpdated 1',
    ...MARKED(2),
  ]);
  expect(scene.asked).toEqual([]);
});

test('what the room heard and the staff did not is told to them before the room hears anything later', async () => {
  const scene = await classOf();
  scene.hears(mark(1, 'present'));
  const staffChannels = [0, 1].map((n) => keys.channel(n, staffRoomOf(SESSION)));
  // Their channels were subscribed again a moment later than the room's.
  scene.hearAll(scene.change(mark(2, 'late')).filter(({ channel }) => !staffChannels.includes(channel)));
  expect(scene.heardBy('a-staff')).toEqual([...MARKED(1), 'attendanceUpdated 2']);
  scene.hears(mark(3, 'late'));
  await until('it is mended', () => scene.heardBy('a-staff').includes('studentMarked 3'));
  for (const id of ['a-staff', 'b-staff'])
    expect(scene.heardBy(id)).toEqual([...MARKED(1), ...MARKED(2), ...MARKED(3)]);
  expect(scene.asked).toEqual(['since 1']);
});

test('a gap: what follows is held back on every line, the missing is told first, then what was held, in order', async () => {
  const scene = await classOf();
  scene.hears(mark(1, 'present'));
  const missed = [scene.change(mark(2, 'late')), scene.change(join(3))].flat();
  expect(missed.length).toBeGreaterThan(4);
  let open = () => {};
  scene.gate = new Promise((resolve) => {
    open = resolve;
  });
  scene.hears(mark(1, 'late'));
  scene.hearAll(scene.statistics());
  scene.hears(mark(2, 'present'));
  expect(scene.heardBy('a-staff')).toEqual(MARKED(1));
  open();
  await until('it is mended', () => scene.heardBy('a-staff').includes('studentMarked 5'));
  expect(scene.asked).toEqual(['since 1']);
  for (const id of ['a-staff', 'b-staff']) {
    const heard = [...MARKED(1), ...MARKED(2), 'studentJoinedAttendance 3', ...MARKED(4), ...MARKED(5)];
    // The log was read when it held everything: what was held back is old by then.
    expect(scene.heardBy(id)).toEqual(heard);
  }
  expect(scene.heardBy('a-1')).toEqual([
    'attendanceUpdated 1',
    'attendanceMarked own 1',
    'attendanceUpdated 2',
    'attendanceUpdated 4',
    'attendanceMarked own 2',
    'attendanceUpdated 5',
  ]);
  // And on as before.
  scene.hears(mark(3, 'late'));
  expect(scene.heardBy('b-staff').slice(-2)).toEqual(MARKED(6));
});

test('what was held back and is later than what was read follows it', async () => {
  const scene = await classOf();
  const since = scene.since.bind(scene);
  scene.change(mark(1, 'present'));
  scene.change(mark(2, 'present'));
  const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof since>>>();
  scene.since = () => promise;
  scene.hears(mark(3, 'present'));
  const read = await since(SESSION, 0);
  const asItWas = { ...read, view: { ...read?.view, roll: { ...read?.view.roll } } } as typeof read;
  scene.hears(mark(1, 'late'));
  scene.hears(join(2));
  resolve(asItWas);
  await until('it is mended', () => scene.heardBy('a-staff').length === 9);
  expect(scene.heardBy('a-staff')).toEqual([...[1, 2, 3, 4].flatMap(MARKED), 'studentJoinedAttendance 5']);
});

test('the parts of a change that had gone by are not told again', async () => {
  const scene = await classOf();
  const cut = scene.change(marks([1, 2, 3].map((n) => ({ student_id: `s${n}`, status: 'late' }))));
  // Staff have heard of student 1 and student 1 of their mark; then the connection was cut.
  scene.hearAll(cut.slice(0, 3));
  scene.hears(mark(1, 'present'));
  await until('it is mended', () => scene.heardBy('a-staff').includes('studentMarked 2'));
  for (const id of ['a-staff', 'b-staff']) {
    expect(scene.heardBy(id)).toEqual([...Array(3).fill('studentMarked 1'), 'attendanceBulkUpdated 1', ...MARKED(2)]);
  }
  expect(scene.heardBy('a-1')).toEqual([
    'attendanceMarked own 1',
    'attendanceBulkUpdated 1',
    'attendanceUpdated 2',
    'attendanceMarked own 2',
  ]);
});

test('news that name a later number show a gap too; earlier statistics are left out, other news are told', async () => {
  const scene = await classOf();
  const early = scene.statistics();
  scene.change(mark(1, 'present'));
  scene.hearAll(scene.statistics());
  await until('it is mended', () => scene.heardBy('a-staff').length > 2);
  expect(scene.heardBy('a-staff')).toEqual([...MARKED(1), 'attendanceStatistics 1']);
  scene.hearAll(early);
  expect(scene.heardBy('a-staff')).toHaveLength(3);
  expect(scene.sockets.watched.filter((it) => it.startsWith('sent'))).toEqual([
    `sent ${SESSION} room`,
    `sent ${SESSION} room`,
  ]);
});

test('a change that has gone by is dropped, however late it comes', async () => {
  const scene = await classOf();
  const late = scene.change(mark(1, 'present'));
  scene.hears(mark(2, 'present'));
  await until('it is mended', () => scene.heardBy('b-staff').length === 4);
  scene.hearAll(late);
  expect(scene.heardBy('b-staff')).toEqual([...MARKED(1), ...MARKED(2)]);
});

test('a new line takes the first change as it comes; another line of the session knows where it is', async () => {
  const scene = new FeedScene();
  await scene.admit('a-staff', null);
  scene.hears(mark(1, 'present'));
  scene.sockets.open('b-staff');
  scene.sockets.join(SESSION, 'b-staff', 'staff');
  const onItsWay = scene.change(mark(2, 'present'));
  // Its answer is read after this, and says 2: so nothing is missing when 2 does not come, and nothing wrong when it does.
  expect(await scene.admit('b-staff', null, { seq: 1, room_seq: 1 })).toBe(false);
  await until('it is known where the line begins', () => scene.asked.length === 2);
  scene.hearAll(onItsWay);
  scene.hears(mark(3, 'present'));
  expect(scene.heardBy('a-staff')).toEqual([...MARKED(1), ...MARKED(2), ...MARKED(3)]);
  expect(scene.heardBy('b-staff')).toEqual([...MARKED(2), ...MARKED(3)]);
  expect(await scene.admit('b-other', null)).toBe(true);
  expect(scene.asked).toEqual(['standings', 'standings']);
});

test('too far behind: nothing is replayed, everybody is told the numbers, and hears on from there', async () => {
  const scene = await classOf();
  for (let i = 0; i <= SYNC_MAX_CHANGES; i += 1) scene.change(mark(1, i % 2 === 0 ? 'present' : 'late'));
  scene.hears(mark(2, 'late'));
  const seq = SYNC_MAX_CHANGES + 2;
  await until('they are told', () => scene.heardBy('a-staff').length > 0);
  for (const id of ['a-staff', 'b-staff', 'a-1']) expect(scene.heardBy(id)).toEqual([`attendanceStatistics ${seq}`]);
  scene.hears(mark(3, 'late'));
  expect(scene.heardBy('a-staff').slice(1)).toEqual(MARKED(seq + 1));
});

test('more held back than there is room for is read instead, and nothing is missing', async () => {
  const scene = await classOf();
  scene.change(mark(1, 'late'));
  let open = () => {};
  scene.gate = new Promise((resolve) => {
    open = resolve;
  });
  const statistics = scene.statistics();
  for (let i = 0; i <= FEED_HELD_MAX_MESSAGES / statistics.length; i += 1) scene.hearAll(statistics);
  scene.hears(mark(2, 'late'));
  open();
  await until('it is mended', () => scene.heardBy('a-staff').includes('studentMarked 2'));
  expect(scene.heardBy('b-staff').filter((it) => !it.startsWith('attendanceStatistics'))).toEqual([
    ...MARKED(1),
    ...MARKED(2),
  ]);
  // Somebody may have been taken out in what was dropped.
  await until('it is asked who is still in', () => scene.broughtBack.length === 1);
});

test('a room in which hundreds have joined is not far behind: joins are nothing that it hears of', async () => {
  const students = SYNC_MAX_CHANGES + 10;
  const scene = await classOf(students);
  for (let n = 1; n <= students; n += 1) scene.hears(join(n));
  scene.change(mark(1, 'late'));
  scene.hears(mark(2, 'late'));
  await until('it is mended', () => scene.heardBy('a-1').length >= 2);
  expect(scene.heardBy('a-1')).toEqual([
    `attendanceUpdated ${students + 1}`,
    'attendanceMarked own 2',
    `attendanceUpdated ${students + 2}`,
  ]);
  expect(scene.asked).toEqual([`since ${students}`]);
});

test('a line that is not heard yet when the log is read begins by itself', async () => {
  const scene = new FeedScene();
  await scene.admit('a-staff', null);
  await until('it is known where the lines begin', () => scene.asked.length === 1);
  const heard: (() => void)[] = [];
  scene.subscriber.effective = () => new Promise((resolve) => heard.push(resolve));
  const entering = scene.admit('b-staff', null);
  const since = scene.since.bind(scene);
  const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof since>>>();
  scene.since = () => promise;
  const inA = ({ channel }: { channel: string }) => !channel.includes('#/attendance#');
  scene.change(mark(1, 'late'));
  scene.hearAll(scene.change(mark(2, 'late')).filter(inA));
  const read = await since(SESSION, 0);
  const asItWas = { ...read, view: { ...read?.view, roll: { ...read?.view.roll } } } as typeof read;
  // Published before the new line is heard, and known to who is let in by then.
  scene.hearAll(scene.change(mark(3, 'late')).filter(inA));
  scene.standings = () => new Promise(() => {});
  for (const it of heard) it();
  expect(await entering).toBe(false);
  resolve(asItWas);
  scene.since = since;
  await until('it is mended', () => scene.heardBy('a-staff').length === 6);
  scene.hears(mark(1, 'excused'));
  expect(scene.heardBy('a-staff')).toEqual([1, 2, 3, 4].flatMap(MARKED));
  expect(scene.heardBy('b-staff')).toEqual(MARKED(4));
});

test('out: whoever was let in before that run, in their namespace, in their place among the events', async () => {
  const scene = await classOf();
  await scene.admit('b-1', 1);
  scene.hearAll(scene.out(['a-1'], 2));
  expect(scene.feeds.hears(SESSION, 'a-1')).toBe(true);
  const [inA] = scene.out(['a-1', 'b-1']);
  if (inA !== undefined) scene.hearAll([inA]);
  expect(scene.feeds.membersOf(SESSION).map(({ id }) => id)).toEqual(['a-staff', 'b-staff', 'b-1']);
  // Before the end of the session, which came first, they hear the end.
  scene.change(mark(3, 'late'));
  scene.hears(end());
  scene.hearAll(scene.out('students'));
  await until('it is mended', () => scene.feeds.membersOf(SESSION).length === 2);
  expect(scene.heardBy('b-1')).toEqual(['attendanceUpdated 1', 'attendanceSessionEnded 2']);
  expect(scene.heardBy('a-1')).toEqual([]);
  scene.hearAll(scene.out('all'));
  expect([...scene.feeds.sessions()]).toEqual([]);
});

test('a roll that is gone while it could not be read: what was held back goes on as it is', async () => {
  const scene = new FeedScene(3, 60);
  onTestFinished(() => scene.feeds.stop());
  await scene.admit('a-staff', null);
  await until('it is known where the lines begin', () => scene.asked.length > 0);
  scene.away = unavailable(new Error('away'));
  scene.change(mark(1, 'present'));
  scene.hears(mark(2, 'present'));
  await until('it failed', () => scene.errors.length > 0);
  scene.missing = true;
  scene.away = null;
  await until('it goes on', () => scene.heardBy('a-staff').includes('studentMarked 2'));
});

test('a roll that is gone: what was held back goes on as it is', async () => {
  const scene = await classOf();
  scene.change(mark(1, 'present'));
  scene.missing = true;
  scene.hears(mark(2, 'present'));
  await until('it goes on', () => scene.heardBy('a-staff').length > 0);
  expect(scene.heardBy('a-staff')).toEqual(MARKED(2));
  scene.hears(mark(3, 'present'));
  expect(scene.heardBy('a-staff')).toEqual([...MARKED(2), ...MARKED(3)]);
});

test('missed: that they are out', async () => {
  const scene = await classOf();
  scene.hears(end());
  expect(scene.feeds.hears(SESSION, 'a-1')).toBe(true);
  scene.subscriber.restore(scene.channels());
  await until('the student is out', () => !scene.feeds.hears(SESSION, 'a-1'));
});

test('missed: the end; what follows it shows it', async () => {
  const scene = await classOf();
  scene.change(end());
  scene.hearAll(scene.statistics('staff'));
  await until('the student is out', () => !scene.feeds.hears(SESSION, 'a-1'));
  expect(scene.heardBy('a-1')).toEqual(['attendanceSessionEnded 1']);
});

test('missed at the end of a session: students hear the end, and are out', async () => {
  const scene = await classOf();
  scene.change(end());
  scene.subscriber.lose(scene.channels());
  scene.subscriber.restore(scene.channels());
  await until('the student is out', () => !scene.feeds.hears(SESSION, 'a-1'));
  expect(scene.heardBy('a-1')).toEqual(['attendanceSessionEnded 1']);
  expect(scene.heardBy('a-staff')).toEqual(['attendanceSessionEnded 1', 'attendanceSessionEndedConfirm 1']);
});
