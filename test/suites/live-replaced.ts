/** Who was connected to a process that is gone: told as gone when they do not come back to the next one. */
import { describe, expect, test } from 'vitest';
import { PRESENCE_RETURN_MS } from '../../src/limits.ts';
import { SESSION } from './live-fixtures.ts';
import { accepted, type Scene } from './live-scene.ts';

export function describeReplaced(scene: () => Scene): void {
  const begin = async () => {
    await scene().open();
    accepted(await scene().attend('t1', 'ct'));
    accepted(await scene().join(1, 'c1'));
    scene().heard.take();
  };

  describe('a process that replaces another', () => {
    test('PRES-1 whoever does not come back to a new process is told as gone, once, and nobody else', async (context) => {
      context.skip(!scene().canReopen, 'needs a store that outlives its process');
      await begin();
      for (const n of [2, 3]) accepted(await scene().join(n, `c${n}`));
      accepted(await scene().leave('u3', 'c3'));
      await scene().reopen();
      await scene().live.reattach(SESSION, { id: 'ct2', user_id: 't1' }, () => 'staff');
      await scene().live.reattach(SESSION, { id: 'c2b', user_id: 'u2' }, () => 'student');
      scene().clock.advance(PRESENCE_RETURN_MS - 1);
      scene().heard.take();
      await scene().live.sweepPresence();
      expect(scene().heard.take()).toEqual([]);
      scene().clock.advance(1);
      await scene().live.sweepPresence();
      await scene().settle();
      expect(scene().heard.take()).toMatchObject([
        {
          by: ['ct2'],
          delivery: {
            event: 'studentLeftAttendance',
            payload: { student_id: 's1', student_name: 'Student 1', remaining_online_count: 1 },
          },
        },
        { by: ['ct2'], delivery: { event: 'studentLeft', payload: { studentId: 's1' } } },
      ]);
      await scene().live.sweepPresence();
      await scene().settle();
      expect(scene().heard.take()).toEqual([]);
      expect(await scene().statusOf(1)).toBe('present');
    });

    test('PRES-1 after a new process and the end nobody is told as gone', async (context) => {
      context.skip(!scene().canReopen, 'needs a store that outlives its process');
      await begin();
      await scene().reopen();
      await scene().live.reattach(SESSION, { id: 'ct2', user_id: 't1' }, () => 'staff');
      accepted(await scene().end());
      scene().heard.take();
      scene().clock.advance(PRESENCE_RETURN_MS);
      await scene().live.sweepPresence();
      await scene().settle();
      expect(scene().heard.takeNames()).toEqual([]);
    });
  });
}
