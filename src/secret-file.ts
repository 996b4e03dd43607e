/** The embedded profile's own token secret: made once, kept in DATA_DIR, readable by its owner alone. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE_NAME = 'jwt-secret';

/** random: bytes as hex; used only the first time. */
export const keptSecret = (data_dir: string, random: () => string): string => {
  const path = join(data_dir, FILE_NAME);
  try {
    const kept = readFileSync(path, 'utf8').trim();
    if (kept !== '') return kept;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const secret = random();
  writeFileSync(path, `${secret}\n`, { mode: 0o600 });
  return secret;
};
