/** What keys do in the roll. */
import type { AttendanceStatus } from '../../client/index.ts';
import { STOPS } from './roll-row.tsx';

export type Place = { id: string; index: number; stop: number };
export type KeyAct =
  | { act: 'go'; index: number; stop: number; isSelecting: boolean }
  | { act: 'mark'; status: AttendanceStatus }
  | { act: 'select' | 'remarks' | 'search' | 'help' };

const PAGE = 10;
const MARK_KEYS: Record<string, AttendanceStatus> = { p: 'present', l: 'late', a: 'absent', e: 'excused' };

type Key = { key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean; shiftKey: boolean };

/** Null: the key is not the roll's. */
export const actOf = (event: Key, { index, stop }: Place, rows: number, onButton: boolean): KeyAct | null => {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  if (altKey) return null;
  const to = (row: number, at = stop, isSelecting = false): KeyAct => ({
    act: 'go',
    index: Math.max(0, Math.min(rows - 1, row)),
    stop: Math.max(0, Math.min(STOPS.count - 1, at)),
    isSelecting,
  });
  const isAll = ctrlKey || metaKey;
  if (key === 'Home') return isAll ? to(0) : to(index, 0);
  if (key === 'End') return isAll ? to(rows - 1) : to(index, STOPS.count - 1);
  if (isAll) return null;
  switch (key) {
    case 'ArrowDown':
      return to(index + 1, stop, shiftKey);
    case 'ArrowUp':
      return to(index - 1, stop, shiftKey);
    case 'ArrowRight':
      return to(index, stop + 1);
    case 'ArrowLeft':
      return to(index, stop - 1);
    case 'PageDown':
      return to(index + PAGE);
    case 'PageUp':
      return to(index - PAGE);
    // On a button it is the button's own.
    case ' ':
      return onButton ? null : { act: 'select' };
    case '/':
      return { act: 'search' };
    case '?':
      return { act: 'help' };
    default:
      break;
  }
  const letter = key.toLowerCase();
  if (letter === 'r') return { act: 'remarks' };
  const status = MARK_KEYS[letter];
  return status === undefined ? null : { act: 'mark', status };
};
