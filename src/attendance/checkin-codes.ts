/** Rotating codes and the tickets for them, between who asks and the roll. No registry is read while there is a roll. */
import { isoFrom } from '../clock.ts';
import { refuse } from '../contract/errors.ts';
import type { ServerPayload } from '../contract/events.ts';
import {
  type CodeProof,
  codeOf,
  slotEnds,
  slotOf,
  slotOfCode,
  takesCode,
  ticketFor,
  ticketValidUntil,
} from '../domain/checkin-code.ts';
import { type Device, deviceNames, hidden } from '../domain/device.ts';
import type { Actor } from '../domain/policy.ts';
import type { RollHeader } from '../domain/roll.ts';
import { TICKET_MS } from '../limits.ts';
import type { RollPeek } from '../live/live-store.ts';
import { find, findAsStaff, type Services } from './services.ts';

const withoutCode = () => refuse('CONFLICT', 'This session takes check-ins without a code');

/** For staff alone: the code of this moment. SESSION_NOT_ACTIVE; CONFLICT when the session takes none. */
export const currentCode = async (
  services: Services,
  actor: Actor,
  session_id: string,
): Promise<Omit<ServerPayload<'checkInCode'>, 'url'>> => {
  const { roll } = await findAsStaff(services, actor, session_id, 'view');
  if (roll?.state !== 'active') throw refuse('SESSION_NOT_ACTIVE');
  if (!takesCode(roll.header)) throw withoutCode();
  const slot = slotOf(await services.live.now(session_id));
  return {
    session_id,
    code: codeOf(roll.header.secret, session_id, slot),
    expires_at: isoFrom(slotEnds(slot)),
  };
};

/** What a join brings for the code; undefined: nothing, or nothing is asked. */
export const proofOf = (
  { clock }: Pick<Services, 'clock'>,
  header: RollHeader,
  { code, ticket }: { code?: string | undefined; ticket?: string | undefined },
  device: Device,
): CodeProof | undefined => {
  if (!takesCode(header)) return undefined;
  const { secret, session } = header;
  const valid_until = ticket === undefined ? null : ticketValidUntil(secret, session.id, ticket, deviceNames(device));
  if (valid_until !== null) return { valid_until };
  if (code !== undefined) return codeProof(header, code, clock());
  return ticket === undefined ? undefined : { wrong: 'ticket' };
};

/** The node's clock only says where to look for the slot. */
const codeProof = ({ secret, session }: RollHeader, code: string, now: number): CodeProof => {
  const slot = slotOfCode(secret, session.id, code.trim(), now);
  return slot === null ? { wrong: 'code' } : { slot };
};

/** For a roll's memory of devices; undefined unless DEVICE_SIGNALS is on. */
export const devicesFor = (
  { deviceSignals }: Pick<Services, 'deviceSignals'>,
  { secret }: RollHeader,
  device: Device,
): string[] | undefined => {
  const names = deviceSignals ? deviceNames(device) : [];
  return names.length === 0 ? undefined : names.map((name) => hidden(secret, name));
};

/**
 * A ticket for a right code, for whoever holds this device, from this address. SESSION_NOT_FOUND, SESSION_NOT_ACTIVE,
 * CONFLICT when the session takes no code, CHECKIN_CODE_INVALID, RATE_LIMITED.
 */
export const ticketForCode = async (
  services: Services,
  session_id: string,
  code: string,
  device: Device,
  address: string,
): Promise<{ ticket: string; expires_at: string }> => {
  const { header } = await rollToCheckInTo(services, session_id);
  const { secret } = header;
  const [holder = ''] = deviceNames(device);
  const guesser = { device: hidden(secret, holder), address: hidden(secret, `address ${address}`) };
  const tried = await services.live.tryCode(session_id, codeProof(header, code, services.clock()), guesser);
  if (tried === null) throw refuse('SESSION_NOT_ACTIVE');
  if (!tried.ok) {
    const { code: why, ...details } = tried;
    throw refuse(why, undefined, 'retry_after_ms' in details ? { retry_after_ms: details.retry_after_ms } : {});
  }
  const valid_until = tried.now + TICKET_MS;
  return { ticket: ticketFor(secret, session_id, valid_until, holder), expires_at: isoFrom(valid_until) };
};

const rollToCheckInTo = async (services: Services, session_id: string): Promise<RollPeek> => {
  const { roll } = await find(services, session_id, 'known');
  if (roll?.state !== 'active') throw refuse('SESSION_NOT_ACTIVE');
  if (!takesCode(roll.header)) throw withoutCode();
  return roll;
};
