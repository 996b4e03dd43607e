/** A roll whose students hear only of themselves: what is their own goes by on the room's lines, and is no step of them. */
import { expect, test } from 'vitest';
import { end, join, mark } from '../suites/roll-commands.ts';
import { FeedScene } from '../support/feed-scene.ts';

const classOf = async (): Promise<FeedScene> => {
  const scene = new FeedScene(3);
  scene.roll = { ...scene.roll, header: { ...scene.roll.header, student_visibility: 'self' } };
  await scene.admit('a-staff', null);
  scene.hears(join(1));
  scene.hears(join(2));
  await scene.admit('a-1', 1);
  await scene.admit('b-2', 2);
  for (const id of ['a-staff', 'a-1', 'b-2']) scene.heardBy(id).length = 0;
  scene.asked.length = 0;
  return scene;
};

const OWN = (seq: number, own_seq: number) => [`attendanceUpdated ${seq}`, `attendanceMarked own ${own_seq}`];

test('own marks pass in order, others are not told, and nothing is taken for missing', async () => {
  const scene = await classOf();
  scene.hears(mark(1, 'late'));
  scene.hears(mark(3, 'late'));
  scene.hears(mark(2, 'excused'));
  scene.hears(mark(1, 'absent'));
  expect(scene.heardBy('a-1')).toEqual([...OWN(3, 2), ...OWN(6, 3)]);
  expect(scene.heardBy('b-2')).toEqual(OWN(5, 2));
  expect(scene.heardBy('a-staff')).toEqual(
    [3, 4, 5, 6].flatMap((n) => [`attendanceUpdated ${n}`, `studentMarked ${n}`]),
  );
  scene.hears(end());
  expect(scene.heardBy('b-2')).toEqual([...OWN(5, 2), 'attendanceSessionEnded 7']);
  expect(scene.asked).toEqual([]);
});

test('an own mark passes although others were answered with a later state before it came', async () => {
  const scene = await classOf();
  const late = scene.change(mark(1, 'late'));
  scene.hears(mark(3, 'late'));
  await scene.admit('a-3', 3);
  scene.hearAll(late.filter(({ message }) => message.includes('attendanceMarked')));
  expect(scene.heardBy('a-1')).toEqual(['attendanceMarked own 2']);
});

test('JOIN-3 who comes in while their own mark goes by is answered by reading', async () => {
  const scene = await classOf();
  const { seq, room_seq } = scene.roll;
  scene.hears(mark(1, 'late'));
  expect(await scene.admit('a-1', 1, { seq, room_seq })).toBe(false);
});
