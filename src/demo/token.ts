/**
 * Prints a token signed with JWT_SECRET, or with the secret that an embedded node keeps in its DATA_DIR:
 * npm run token -- --role teacher --sub t1 --name "Ada"
 */
import '../node-warnings.ts';
import process from 'node:process';
import { systemClock } from '../clock.ts';
import { type Config, ConfigError, readConfig } from '../config.ts';
import { keptSecret } from '../secret-file.ts';
import { tokenSigner } from './signing.ts';
import { readTokenOptions, TOKEN_USAGE, UsageError } from './token-options.ts';

const CANNOT = 1;

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
  const options = readTokenOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(`${TOKEN_USAGE}\n`);
    return;
  }
  const { person, minutes } = options;
  const config = readConfig(process.env);
  const sign = tokenSigner(secretOf(config), config, systemClock);
  process.stdout.write(`${await sign(person, minutes)}\n`);
};

run().catch((error: unknown) => {
  process.stderr.write(`token: ${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof UsageError) process.stderr.write(`${TOKEN_USAGE}\n`);
  process.exitCode = CANNOT;
});
