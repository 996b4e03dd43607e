/** The embedded profile's own token secret: made once, kept in DATA_DIR, readable by its owner alone. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keepToOwner } from './owner-only.ts';

const FILE_NAME = 'jwt-secret';

/**
 * random: bytes as hex; used only the first time. Throws an Error of one line that names DATA_DIR when the file can be
 * neither read nor made.
 */
export const keptSecret = (data_dir: string, random: () => string): string => {
  const path = join(data_dir, FILE_NAME);
  const kept = namingDataDir(data_dir, 'read', () => read(path));
  if (kept !== '') return kept;
  const secret = random();
  namingDataDir(data_dir, 'written', () => writeFileSync(path, `${secret}\n`, { mode: 0o600 }));
  return secret;
};

/** Empty: there is none. */
const read = (path: string): string => {
  try {
    const kept = readFileSync(path, 'utf8').trim();
    keepToOwner(path);
    return kept;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
};

const namingDataDir = <T>(data_dir: string, done: 'read' | 'written', fn: () => T): T => {
  try {
    return fn();
  } catch (cause) {
    throw new Error(`DATA_DIR ${data_dir}: ${FILE_NAME} cannot be ${done}: ${(cause as Error).message}`, { cause });
  }
};
