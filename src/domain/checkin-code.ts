/**
 * Rotating check-in codes, and the tickets that they are traded for. Both are made from the secret of their roll alone:
 * nothing is stored, and any node makes and checks them. Pure.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { CODE_CLOCK_MAX_SLOTS, CODE_SLOT_MS } from '../limits.ts';
import type { RollHeader } from './roll.ts';

const CODE_DIGITS = 6;
/** Of an HMAC, as a number; far more than the codes there are, so that none is likelier than another. */
const CODE_BYTES = 6;
const TICKET_MAC_CHARS = 22;

/**
 * What a join brings for the code, as far as a node can tell: the slot that a code is of, and until when a ticket holds;
 * null where what was sent is none. Whether that is now, the roll says by the store's clock.
 */
export type CodeProof = { slot?: number | null; valid_until?: number | null };

/** Of a roll with a secret: those that an earlier version opened have none, and no codes. */
export const takesCode = (header: Pick<RollHeader, 'session' | 'secret'>): boolean => codeSecretOf(header) !== null;

/** What its codes and tickets are made from; null: it takes none. */
export const codeSecretOf = ({ session, secret }: Pick<RollHeader, 'session' | 'secret'>): string | null =>
  session.checkin.code === 'rotating' ? (secret ?? null) : null;

/** Number of the slot that an instant lies in. */
export const slotOf = (ms: number): number => Math.floor(ms / CODE_SLOT_MS);
/** When the next code takes its place. Milliseconds since the epoch. */
export const slotEnds = (slot: number): number => (slot + 1) * CODE_SLOT_MS;

/** A code is valid in its slot and the next one: who reads it in the last second has time to type. */
export const isSlotValid = (slot: number, now: number): boolean => slot === slotOf(now) || slot === slotOf(now) - 1;

const mac = (secret: string, ...of: (string | number)[]): Buffer =>
  createHmac('sha256', secret).update(of.join('\n')).digest();

/** Six digits. */
export const codeOf = (secret: string, session_id: string, slot: number): string =>
  String(mac(secret, 'code', session_id, slot).readUIntBE(0, CODE_BYTES) % 10 ** CODE_DIGITS).padStart(
    CODE_DIGITS,
    '0',
  );

/** The slot whose code this is, nearest to `around` (a node's clock) and at most CODE_CLOCK_MAX_SLOTS away; null: none. */
export const slotOfCode = (secret: string, session_id: string, code: string, around: number): number | null => {
  const here = slotOf(around);
  for (let distance = 0; distance <= CODE_CLOCK_MAX_SLOTS; distance += 1) {
    // The earlier one first: that is what people who type send.
    for (const slot of distance === 0 ? [here] : [here - distance, here + distance]) {
      if (codeOf(secret, session_id, slot) === code) return slot;
    }
  }
  return null;
};

const ticketMac = (secret: string, session_id: string, valid_until: number, holder: string): string =>
  mac(secret, 'ticket', session_id, valid_until, holder).toString('base64url').slice(0, TICKET_MAC_CHARS);

/** holder: the browser or device that alone may use it, as deviceNames() has it. */
export const ticketFor = (secret: string, session_id: string, valid_until: number, holder: string): string =>
  `${valid_until.toString(36)}.${ticketMac(secret, session_id, valid_until, holder)}`;

/** Until when a ticket holds; null: it is not for this session, or of none of these holders. */
export const ticketValidUntil = (
  secret: string,
  session_id: string,
  ticket: string,
  holders: string[],
): number | null => {
  const [until = '', given = ''] = ticket.split('.');
  const valid_until = Number.parseInt(until, 36);
  if (!Number.isSafeInteger(valid_until) || given.length !== TICKET_MAC_CHARS) return null;
  const isOf = (holder: string) => {
    const wanted = Buffer.from(ticketMac(secret, session_id, valid_until, holder));
    const sent = Buffer.from(given);
    return sent.length === wanted.length && timingSafeEqual(sent, wanted);
  };
  return holders.some(isOf) ? valid_until : null;
};
