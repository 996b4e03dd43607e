/**
 * Prints a token signed with JWT_SECRET, or with the secret that an embedded node keeps in its DATA_DIR:
 * npm run token -- --role teacher --sub t1 --name "Ada"
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { systemClock } from '../clock.ts';
import { type Config, ConfigError, readConfig } from '../config.ts';
import { ROLES, type Role } from '../contract/nouns.ts';
import { keptSecret } from '../secret-file.ts';
import { tokenSigner } from './signing.ts';

const USAGE = `usage: npm run token -- --role <${ROLES.join('|')}> --sub <user id> [--name <name>] [--minutes <n>] [--picture <url>]`;
const DEFAULT_MINUTES = 480;
/** A year: longer ones are a mistake more often than a wish. */
const MAX_MINUTES = 525_600;
/** What the service takes as a user id. */
const USER_ID = /^[A-Za-z0-9_.:@|+-]{1,128}$/;
const CANNOT = 1;

class UsageError extends Error {}

const readOptions = (args: string[]) => {
  try {
    const option = { type: 'string' as const };
    return parseArgs({ args, options: { role: option, sub: option, name: option, minutes: option, picture: option } })
      .values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
};

const readPerson = (args: string[]) => {
  const { role, sub, name, picture, minutes = String(DEFAULT_MINUTES) } = readOptions(args);
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

const secretOf = (config: Config): string => {
  const { tokenKey } = config;
  if (tokenKey?.kind === 'secret') return tokenKey.secret;
  if (tokenKey !== null) {
    throw new ConfigError(
      'tokens are verified with a public key; only the identity provider that has the private one can sign them',
    );
  }
  return keptSecret(config.DATA_DIR, () => {
    // Making one here would be wrong: a node that has another DATA_DIR would not know it.
    throw new ConfigError(
      `no secret to sign with: set JWT_SECRET or JWT_SECRET_FILE, or start a node once, which keeps one in DATA_DIR (${config.DATA_DIR})`,
    );
  });
};

const run = async (): Promise<void> => {
  const { person, minutes } = readPerson(process.argv.slice(2));
  const config = readConfig(process.env);
  const sign = tokenSigner(secretOf(config), config, systemClock);
  process.stdout.write(`${await sign(person, minutes)}\n`);
};

run().catch((error: unknown) => {
  process.stderr.write(`token: ${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof UsageError) process.stderr.write(`${USAGE}\n`);
  process.exitCode = CANNOT;
});
