/** docs/reference/openapi.json: what a node serves, so that the file and the service cannot differ. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { API_PREFIX } from '../../src/contract/routes.ts';

/** Starts a node on a directory of its own for as long as one request takes. */
export const openApiPage = async (): Promise<string> => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'rollcast-generate-'));
  try {
    const app = createApp({
      config: readConfig({
        DATA_DIR: dir,
        HOST: '127.0.0.1',
        PORT: '0',
        JWT_SECRET: 'nobody signs with this secret; it is 32 long',
      }),
      logger: pino({ level: 'silent' }),
      clock: () => 0,
      makeId: () => 'generate',
      random: () => 0,
    });
    const { port } = await app.start();
    try {
      const answer = await fetch(`http://127.0.0.1:${port}${API_PREFIX}/openapi.json`);
      if (!answer.ok) throw new Error(`the node answered ${answer.status} for its OpenAPI document`);
      return `${JSON.stringify(await answer.json(), null, 2)}\n`;
    } finally {
      await app.drain();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};
