/** Rotating codes and the tickets for them, between who asks and the roll. No registry is read while there is a roll. */
import { isoFrom } from '../clock.ts';
import { refuse } from '../contract/errors.ts';
import type { ServerPayload } from '../contract/events.ts';
import {
  type CodeProof,
  codeOf,
  codeSecretOf,
  slotEnds,
  slotOf,
  slotOfCode,
  ticketFor,
  ticketValidUntil,
} from '../domain/checkin-code.ts';
import { type Device, deviceNames, hidden } from '../domain/device.ts';
import type { Actor } from '../domain/policy.ts';
import type { RollHeader } from '../domain/roll.ts';
import { TICKET_MS } from '../limits.ts';
import { findAsStaff, type Services } from './services.ts';

const withoutCode = () => refuse('CONFLICT', 'This session takes check-ins without a code');

/** For staff alone: the code of this moment. SESSION_NOT_ACTIVE; CONFLICT when the session takes none. */
export const currentCode = async (
  services: Services,
  actor: Actor,
  session_id: string,
): Promise<Omit<ServerPayload<'checkInCode'>, 'url'>> => {
  const { roll } = await findAsStaff(services, actor, session_id, 'view');
  if (roll?.state !== 'active') throw refuse('SESSION_NOT_ACTIVE');
  const secret = codeSecretOf(roll.header);
  if (secret === null) throw withoutCode();
  const slot = slotOf(await services.live.now(session_id));
  return { session_id, code: codeOf(secret, session_id, slot), expires_at: isoFrom(slotEnds(slot)) };
};

/** What a join brings for the code; undefined: nothing, or nothing is asked. */
export const proofOf = (
  { clock }: Pick<Services, 'clock'>,
  header: RollHeader,
  { code, ticket }: { code?: string | undefined; ticket?: string | undefined },
  device: Device,
): CodeProof | undefined => {
  const secret = codeSecretOf(header);
  if (secret === null) return undefined;
  const { id } = header.session;
  return {
    // Apps send empty fields.
    ...(code ? { slot: slotIn(secret, id, code, clock()) } : {}),
    ...(ticket ? { valid_until: ticketValidUntil(secret, id, ticket, deviceNames(device)) } : {}),
  };
};

/** As people type it. The node's clock only says where to look for the slot. */
const slotIn = (secret: string, session_id: string, code: string, now: number): number | null =>
  slotOfCode(secret, session_id, code.replace(/\s/g, ''), now);

/** For a roll's memory of devices; undefined unless DEVICE_SIGNALS is on. */
export const devicesFor = (
  { deviceSignals }: Pick<Services, 'deviceSignals'>,
  { secret }: RollHeader,
  device: Device,
): string[] | undefined => {
  const names = deviceSignals ? deviceNames(device) : [];
  return names.length === 0 || secret === undefined ? undefined : names.map((name) => hidden(secret, name));
};

/**
 * A ticket for a right code, for whoever holds this device, from this address. Only what is running may be known about by
 * who has not signed in, and no database is asked: SESSION_NOT_FOUND when there is no roll, SESSION_NOT_ACTIVE when it has
 * ended, CONFLICT when the session takes no code, CHECKIN_CODE_INVALID, RATE_LIMITED.
 */
export const ticketForCode = async (
  { live, clock }: Pick<Services, 'live' | 'clock'>,
  session_id: string,
  code: string,
  device: Device,
  address: string,
): Promise<{ ticket: string; expires_at: string }> => {
  const roll = await live.known(session_id);
  if (roll === null) throw refuse('SESSION_NOT_FOUND');
  const secret = codeSecretOf(roll.header);
  if (secret === null) throw roll.state === 'active' ? withoutCode() : refuse('SESSION_NOT_ACTIVE');
  const [holder = ''] = deviceNames(device);
  const guesser = { device: hidden(secret, holder), address: hidden(secret, `address ${address}`) };
  const tried = await live.tryCode(session_id, slotIn(secret, session_id, code, clock()), guesser);
  if (tried === null) throw refuse('SESSION_NOT_FOUND');
  if (!tried.ok) {
    const { code: why, ...details } = tried;
    throw refuse(why, undefined, 'retry_after_ms' in details ? { retry_after_ms: details.retry_after_ms } : {});
  }
  const valid_until = tried.now + TICKET_MS;
  return { ticket: ticketFor(secret, session_id, valid_until, holder), expires_at: isoFrom(valid_until) };
};
