/** docs/reference/configuration.md, from the table of variables. */
import { VARIABLES } from '../../src/config.ts';
import { code, GENERATED, page, table } from './markdown.ts';

type Row = { description: string; default?: string; secret?: boolean };

export const configurationPage = (): string => {
  const rows = Object.entries<Row>(VARIABLES).map(([name, { description, default: value, secret }]) => [
    secret ? `${code(name)}, ${code(`${name}_FILE`)}` : code(name),
    value === undefined ? 'unset' : code(value),
    description,
  ]);
  return page(
    '# Configuration',
    GENERATED,
    'Everything is configured by environment variables. An empty variable counts as unset; one that holds only white space is wrong. A wrong value stops the start with one line that names the variable, and exit code 1. The effective values are logged once at the start, secrets masked.',
    'A secret can also come from a file: set `NAME_FILE` to its path in place of `NAME`; white space around its content is left out, and a file without content is wrong.',
    table(['Variable', 'Default', 'Meaning'], rows),
  );
};
