/**
 * Names of staff. Records and the audit list name them by their ids; only what happens live says names. So what was heard
 * is kept, for as long as the page is open.
 */
import { useEffect, useSyncExternalStore } from 'react';
import type { Rollcast, ServerPayload } from '../../client/index.ts';
import { Value } from '../../client/observable.ts';
import { signedIn } from '../sign-in.ts';
import { texts } from '../texts.ts';

const known = new Value<ReadonlyMap<string, string>>(new Map());

const learn = (id: string | null, name: string): void => {
  if (id === null || id === 'self' || known.get().get(id) === name) return;
  known.set(new Map(known.get()).set(id, name));
};

/** Listens: a change is told with a name first, and then with ids under the same number. */
export const useStaffNamesHeard = (client: Rollcast): void => {
  useEffect(() => {
    let last = { seq: -1, name: '' };
    const named = ({ seq, updated_by }: { seq: number; updated_by: string }) => {
      last = { seq, name: updated_by };
    };
    const stops = [
      client.on('attendanceUpdated', (it: ServerPayload<'attendanceUpdated'>) => named(it)),
      client.on('attendanceBulkUpdated', (it: ServerPayload<'attendanceBulkUpdated'>) => named(it)),
      client.on('studentMarked', ({ seq, attendanceRecord }: ServerPayload<'studentMarked'>) => {
        if (seq === last.seq) learn(attendanceRecord.marked_by, last.name);
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [client]);
};

/** What to call whoever made a change. */
export type NameOf = (id: string | null | undefined) => string;

const nameOf = (names: ReadonlyMap<string, string>): NameOf => {
  const me = signedIn.get()?.user_id;
  return (id) => {
    if (id === null || id === undefined) return texts.session.nobody;
    if (id === 'self') return texts.session.checkedIn;
    if (id === 'auto') return texts.session.automatic;
    return id === me ? texts.session.you : (names.get(id) ?? id);
  };
};

let last: { of: ReadonlyMap<string, string>; me: string | undefined; nameOf: NameOf } | null = null;

/** The same function as long as no name is added. */
export const useNameOf = (): NameOf => {
  const names = useSyncExternalStore(known.subscribe, known.get);
  const me = signedIn.get()?.user_id;
  if (last === null || last.of !== names || last.me !== me) last = { of: names, me, nameOf: nameOf(names) };
  return last.nameOf;
};
