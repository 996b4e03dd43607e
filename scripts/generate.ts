/**
 * Writes docs/reference/, the Grafana dashboard, and what the Helm chart says about its values, each from its source. With
 * --check it writes nothing, and exits with 1 if a file differs from what it would write.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { describedSchema, readmeWithValues } from './chart/values.ts';
import { dashboardJson } from './dashboard/dashboard.ts';
import { configurationPage } from './reference/configuration.ts';
import { asyncApiDocument, openApiDocument } from './reference/documents.ts';
import { errorsPage } from './reference/errors.ts';
import { eventsPage } from './reference/events.ts';
import { limitsPage } from './reference/limits.ts';
import { nounsPage } from './reference/nouns.ts';
import { restPage } from './reference/routes.ts';

const root = path.resolve(import.meta.dirname, '..');

const readIfThere = (file: string): string | null => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
};

const { check } = parseArgs({ options: { check: { type: 'boolean', default: false } } }).values;

const chart = (file: string): string => readFileSync(path.join(root, 'helm/rollcast', file), 'utf8');
const values = chart('values.yaml');
const schema = describedSchema(chart('values.schema.json'), values);

const files: [string, string][] = [
  ['docs/reference/asyncapi.json', asyncApiDocument()],
  ['docs/reference/configuration.md', configurationPage()],
  ['docs/reference/errors.md', errorsPage()],
  ['docs/reference/events.md', eventsPage()],
  ['docs/reference/limits.md', limitsPage()],
  ['docs/reference/nouns.md', nounsPage()],
  ['docs/reference/openapi.json', await openApiDocument()],
  ['docs/reference/rest.md', restPage()],
  ['helm/rollcast/files/dashboard.json', dashboardJson()],
  ['helm/rollcast/README.md', readmeWithValues(chart('README.md'), schema, values)],
  ['helm/rollcast/values.schema.json', schema],
];
const outdated = files.filter(([file, text]) => readIfThere(path.join(root, file)) !== text);

if (check && outdated.length > 0) {
  for (const [file] of outdated) console.error(`generate: ${file} is out of date`);
  console.error('generate: run `npm run generate` and commit what it writes');
  process.exitCode = 1;
}
if (!check) {
  for (const [file, text] of outdated) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
    console.log(`generate: wrote ${file}`);
  }
}
