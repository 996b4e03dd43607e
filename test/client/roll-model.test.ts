/** SYNC-1 by the service's own rules: whatever happens to a roll and whatever of it is not heard, one sync makes it the same. */
import { expect, test } from 'vitest';
import { ATTENDANCE_STATUSES } from '../../src/contract/nouns.ts';
import { fullRecords } from '../../src/domain/roll.ts';
import { statisticsOf } from '../../src/domain/statistics.ts';
import type { Delivery } from '../../src/fanout.ts';
import { student } from '../suites/live-fixtures.ts';
import { end, join, mark, marks } from '../suites/roll-commands.ts';
import { Random } from '../support/random.ts';
import { type Person, RollScene } from './roll-scene.ts';

const SEED = Number(process.env.ROLLCAST_TEST_SEED ?? Date.now() % 1_000_000);
const SEQUENCES = 60;
const STEPS = 60;
const STUDENTS = 5;

const something = (scene: RollScene, random: Random): Delivery[] => {
  const n = random.between(1, STUDENTS);
  const status = random.pick(ATTENDANCE_STATUSES);
  const isHere = scene.roll.records.get(`s${n}`)?.joined_at != null;
  switch (random.weighted({ join: 4, mark: 4, bulk: 1, leave: 1, return: 1, heartbeat: 2 })) {
    case 'join':
      return scene.does(join(n, { admit: student(n), devices: random.chance(0.3) ? ['device'] : [] }));
    case 'mark':
      return n === STUDENTS ? [] : scene.does(mark(n, status));
    case 'bulk': {
      const updates = [1, 2, 3].map((it) => ({ student_id: `s${it}`, status, remarks: random.pick(['x', null]) }));
      return scene.does(marks(updates, { only_unmarked: random.chance(0.3) }));
    }
    case 'leave':
      return isHere ? scene.leaves(n) : [];
    case 'return':
      return isHere ? scene.returns(n) : [];
    case 'heartbeat':
      return scene.heartbeat();
  }
};

const expectSame = (scene: RollScene, teacher: Person, me: Person): void => {
  const { roll } = scene;
  const withoutPictures = [...teacher.known.roll.records.values()].map(({ profile_picture: _, ...it }) => it);
  const byId = (a: { student_id: string }, b: { student_id: string }) => (a.student_id < b.student_id ? -1 : 1);
  expect(JSON.parse(JSON.stringify(withoutPictures.sort(byId)))).toEqual(fullRecords(roll).sort(byId));
  expect(teacher.known.roll.statistics).toEqual(statisticsOf(roll.counts));
  expect(teacher.known.roll).toMatchObject({ seq: roll.seq, room_seq: roll.room_seq });
  const { status, joined_at, own_seq } = scene.record(1);
  expect(me.known.me).toMatchObject({ status, joined_at, own_seq });
  expect(me.known.roll.room_seq).toBe(roll.room_seq);
};

test.each(['room', 'self'] as const)(
  `SYNC-1 staff and students (visibility %s) agree with the roll after every sync (seed ${SEED})`,
  (visibility) => {
    for (let sequence = 0; sequence < SEQUENCES; sequence += 1) {
      const random = new Random(SEED + sequence);
      // The last of them is not on the roll, until they join.
      const scene = new RollScene({ students: STUDENTS - 1, visibility });
      scene.does(join(1));
      const [teacher, me] = [scene.staff(), scene.student(1)];
      const people = [teacher, me];
      /** A connection may break in the middle of a change; what is on its way from the store is lost as a whole. */
      const hear = (told: Delivery[], breaks: boolean): boolean => {
        const misses = people.map((person) => {
          const heard = person.heardBy(told);
          return person.hears(breaks ? heard.slice(0, random.int(heard.length + 1)) : heard);
        });
        return misses.includes(true) && !breaks;
      };
      const comeBack = (): void => {
        for (const person of people) person.comesBack();
        teacher.fetchAll();
      };
      const fetch = (): void => {
        for (const person of people) person.fetchMissed();
        expectSame(scene, teacher, me);
      };
      let isAway = false;
      for (let step = 0; step < STEPS; step += 1) {
        const told = something(scene, random);
        if (isAway) {
          if (random.chance(0.7)) continue;
          isAway = false;
          comeBack();
          // What could not be fetched by now shows at a later event.
          if (random.chance(0.5)) fetch();
          continue;
        }
        isAway = random.chance(0.1);
        if (random.chance(0.9) && hear(told, isAway)) fetch();
      }
      const over = scene.does(end({ updates: [{ student_id: 's1', status: random.pick(ATTENDANCE_STATUSES) }] }));
      if (!isAway) hear(over, true);
      comeBack();
      fetch();
      expect(people.map(({ known }) => known.roll.phase)).toEqual(['over', 'over']);
    }
  },
);
