/**
 * The scripts that change and read live rolls in Redis, put together from src/live/lua. Each is one atomic step: it
 * decides, writes, numbers, logs and publishes, or changes nothing. The files say what they take and answer.
 */
import { readFileSync } from 'node:fs';
import { NAMESPACES } from '../contract/events.ts';
import {
  CODE_SLOT_MS,
  GUESSERS_MAX,
  ROLL_MAX_CHANGES,
  ROLL_MAX_REMEMBERED_NO_OPS,
  ROLL_MAX_STUDENTS,
  WRONG_CODES_MAX,
  WRONG_CODES_WINDOW_MS,
} from '../limits.ts';
import type { RedisScript } from '../redis/state-link.ts';
import { FIRST_JOIN_SOURCE } from './first-join-templates.ts';
import { luaTemplates, TEMPLATES } from './lua-templates.ts';
import { ROLL_KEY_COUNT } from './redis-keys.ts';
import { PACKETS } from './roll-packets.ts';

/** Grows when rolls are stored differently: nodes of two versions may serve the same ones. */
const ROLL_FORMAT = 1;
/** A field beside remembered requests, whose keys hold a line end but never begin with one. */
const KEPT_UNTIL = '\\nkept_until';

const fileOf = (name: string): string => readFileSync(new URL(`lua/${name}.lua`, import.meta.url), 'utf8');

const CONSTANTS = [
  `local NAMESPACES = { ${NAMESPACES.map((name) => `'${name}'`).join(', ')} }`,
  `local LIMITS = { changes = ${ROLL_MAX_CHANGES}, students = ${ROLL_MAX_STUDENTS}, remembered_no_ops = ${ROLL_MAX_REMEMBERED_NO_OPS}, code_slot_ms = ${CODE_SLOT_MS}, wrong_codes = ${WRONG_CODES_MAX}, wrong_window_ms = ${WRONG_CODES_WINDOW_MS}, guessers = ${GUESSERS_MAX} }`,
  `local FORMAT, KEPT_UNTIL = ${ROLL_FORMAT}, '${KEPT_UNTIL}'`,
].join('\n');

const script = (name: string, keys: number, ...pieces: string[]): RedisScript => ({
  name: name.replaceAll('-', '_'),
  keys,
  lua: pieces.join('\n'),
});

/** Lua makes every template anew at each run: only those that the script names. */
const templatesIn = (lua: string, table: string, shapes: Record<string, object>): string => {
  const named = new Set(Array.from(lua.matchAll(new RegExp(`\\b${table}\\.(\\w+)`, 'g')), ([, name]) => name));
  return luaTemplates(table, Object.fromEntries(Object.entries(shapes).filter(([name]) => named.has(name))));
};

const CALLED = [CONSTANTS, fileOf('clock'), fileOf('arguments')];

const withTheRoll = (files: string[]): string => {
  const lua = ['hashes', 'roll', ...files].map(fileOf).join('\n');
  return [templatesIn(lua, 'T', TEMPLATES), templatesIn(lua, 'PACKET', PACKETS), lua].join('\n');
};

const ofRoll = (name: string, ...more: string[]): RedisScript =>
  script(name, ROLL_KEY_COUNT, ...CALLED, withTheRoll([...more, name]));

/**
 * What comes by the thousand has a way of its own. The rules are a function: where it is not called, Lua makes none of
 * the hundred that are in it, which would cost more than such a join.
 */
const withShortWay = (name: string, short: string, ...more: string[]): RedisScript =>
  script(
    name,
    ROLL_KEY_COUNT,
    ...CALLED,
    FIRST_JOIN_SOURCE,
    fileOf(short),
    'local function by_the_rules()',
    withTheRoll([...more, name]),
    'end',
    `return ${short}() or by_the_rules()`,
  );

export const SCRIPTS = {
  open: ofRoll('open'),
  apply: withShortWay('apply', 'arrive', 'fanout', 'presence', 'wrong-codes', 'decide'),
  read: ofRoll('read'),
  answered: ofRoll('answered', 'wrong-codes', 'decide'),
  tryCode: ofRoll('try-code', 'wrong-codes'),
  statistics: ofRoll('statistics', 'fanout'),
  claim: ofRoll('claim'),
  confirm: ofRoll('confirm', 'fanout', 'presence'),
  defer: ofRoll('defer'),
  dueNow: script('due-now', 1, fileOf('clock'), fileOf('due-now')),
  lease: script('lease', 1, fileOf('clock'), fileOf('lease')),
} satisfies Record<string, RedisScript>;
