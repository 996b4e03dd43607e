/** Which version of the service this is. */
import { readFileSync } from 'node:fs';

/** Of package.json, which lies beside src/ as it does beside dist/. */
export const SERVICE_VERSION: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
