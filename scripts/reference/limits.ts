/** docs/reference/limits.md, from the values of src/limits.ts and the comments above them. */
import { readFileSync } from 'node:fs';
import * as LIMITS from '../../src/limits.ts';
import { code, GENERATED, page, table } from './markdown.ts';

type Limit = { name: string; why: string };

const SOURCE = new URL('../../src/limits.ts', import.meta.url);
const DOC_COMMENT = /^\/\*\*([\s\S]*?)\*\//;
const CONSTANT = /^export const ([A-Z0-9_]+) =/;

/** Every exported constant with the comment above it; one without shares that of the constant before. */
export const readLimits = (source: string): Limit[] => {
  const limits: Limit[] = [];
  let why = '';
  // Comments and constants begin a line, so a line start is where one of them can be.
  for (let at = 0; at < source.length; at = source.indexOf('\n', at) + 1 || source.length) {
    const rest = source.slice(at);
    const comment = DOC_COMMENT.exec(rest)?.[1];
    if (comment !== undefined)
      why = comment
        .replace(/^\s*\* ?/gm, '')
        .replace(/\s+/g, ' ')
        .trim();
    const name = CONSTANT.exec(rest)?.[1];
    if (name !== undefined) limits.push({ name, why });
  }
  return limits;
};

export const limitsPage = (): string => {
  const values: Record<string, number> = LIMITS;
  const limits = readLimits(readFileSync(SOURCE, 'utf8'));
  const listed = new Set(limits.map(({ name }) => name));
  const missed = Object.keys(values).filter((name) => !listed.has(name));
  if (missed.length > 0) throw new Error(`src/limits.ts: cannot read ${missed.join(', ')}`);
  return page(
    '# Limits',
    GENERATED,
    'Every bound of the service. They are constants: none can be configured. The unit is in the name.',
    table(
      ['Limit', 'Value', 'Why'],
      limits.map(({ name, why }) => [code(name), readable(name, values[name] ?? Number.NaN), why]),
    ),
    'What happens beyond a limit is described in [architecture.md](../architecture.md#limits).',
  );
};

const MIB = 1024 * 1024;

const readable = (name: string, value: number): string => {
  const plain = value.toLocaleString('en-US');
  if (name.endsWith('_BYTES') && value % MIB === 0) return `${plain} (${value / MIB} MiB)`;
  if (name.endsWith('_MS') && value >= 60_000) return `${plain} (${value / 60_000} min)`;
  if (name.endsWith('_MS') && value >= 1_000) return `${plain} (${value / 1_000} s)`;
  return plain;
};
