/** The command line of `npm run token`. */
import { parseArgs } from 'node:util';
import { ROLES, type Role } from '../contract/nouns.ts';
import type { Person } from './signing.ts';

/** A school day. */
const DEFAULT_MINUTES = 480;

export const TOKEN_USAGE = `usage: npm run token -- --role <${ROLES.join('|')}> --sub <user id> [--name <name>] [--minutes <n>] [--picture <url>]

Prints a token signed with JWT_SECRET, or with the secret that a node keeps in DATA_DIR. It is valid for ${DEFAULT_MINUTES} minutes unless given.`;

/** A year: longer ones are a mistake more often than a wish. */
const MAX_MINUTES = 525_600;
/** What the service takes as a user id. */
const USER_ID = /^[A-Za-z0-9_.:@|+-]{1,128}$/;

/** The command line cannot be used; its message says what is wrong with it. */
export class UsageError extends Error {}

/** Throws a UsageError. */
export const readTokenOptions = (args: string[]): { person: Person; minutes: number } | 'help' => {
  const { help, role, sub, name, picture, minutes = String(DEFAULT_MINUTES) } = parsed(args);
  if (help) return 'help';
  if (role === undefined) throw new UsageError('--role is missing');
  if (!ROLES.includes(role as Role)) throw new UsageError(`--role must be one of ${ROLES.join(', ')}`);
  if (sub === undefined) throw new UsageError('--sub is missing');
  if (!USER_ID.test(sub)) throw new UsageError('--sub must have 1–128 characters out of A–Z a–z 0–9 _ . : @ | + -');
  if (!/^[1-9]\d*$/.test(minutes) || Number(minutes) > MAX_MINUTES) {
    throw new UsageError(`--minutes must be a whole number from 1 to ${MAX_MINUTES}`);
  }
  if (picture !== undefined && !URL.canParse(picture)) throw new UsageError('--picture must be a URL');
  return { person: { role: role as Role, sub, name, picture }, minutes: Number(minutes) };
};

const parsed = (args: string[]) => {
  const text = { type: 'string' as const };
  const help = { type: 'boolean' as const, short: 'h' };
  try {
    return parseArgs({ args, options: { help, role: text, sub: text, name: text, minutes: text, picture: text } })
      .values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
};
