/**
 * The scripts that change and read live rolls in Redis, put together from src/live/lua. Each is one atomic step: it
 * decides, writes, numbers, logs and publishes, or changes nothing. The files say what they take and answer.
 */
import { readFileSync } from 'node:fs';
import { NAMESPACES } from '../contract/events.ts';
import { ROLL_MAX_CHANGES, ROLL_MAX_REMEMBERED_NO_OPS, ROLL_MAX_STUDENTS } from '../limits.ts';
import type { RedisScript } from '../redis/state-link.ts';
import { luaTemplates, TEMPLATES } from './lua-templates.ts';
import { ROLL_KEY_COUNT } from './redis-keys.ts';
import { PACKETS } from './roll-packets.ts';

/** Grows when rolls are stored differently: nodes of two versions may serve the same ones. */
const ROLL_FORMAT = 1;
/** A field beside remembered requests, whose keys hold a line end but never begin with one. */
const KEPT_UNTIL = '\\nkept_until';

const fileOf = (name: string): string => readFileSync(new URL(`lua/${name}.lua`, import.meta.url), 'utf8');

const CONSTANTS = [
  luaTemplates('T', TEMPLATES),
  luaTemplates('PACKET', PACKETS),
  `local NAMESPACES = { ${NAMESPACES.map((name) => `'${name}'`).join(', ')} }`,
  `local LIMITS = { changes = ${ROLL_MAX_CHANGES}, students = ${ROLL_MAX_STUDENTS}, remembered_no_ops = ${ROLL_MAX_REMEMBERED_NO_OPS} }`,
  `local FORMAT, KEPT_UNTIL = ${ROLL_FORMAT}, '${KEPT_UNTIL}'`,
].join('\n');

const ROLL_PARTS = ['clock', 'arguments', 'hashes', 'roll'];

const script = (name: string, parts: string[], keys: number): RedisScript => ({
  name: `rollcast_${name.replaceAll('-', '_')}`,
  keys,
  lua: [parts.includes('roll') ? CONSTANTS : '', ...[...parts, name].map(fileOf)].join('\n'),
});

const ofRoll = (name: string, ...more: string[]): RedisScript => script(name, [...ROLL_PARTS, ...more], ROLL_KEY_COUNT);

export const SCRIPTS = {
  open: ofRoll('open'),
  apply: ofRoll('apply', 'fanout', 'presence', 'decide'),
  read: ofRoll('read'),
  answered: ofRoll('answered', 'decide'),
  statistics: ofRoll('statistics', 'fanout'),
  claim: ofRoll('claim'),
  confirm: ofRoll('confirm', 'fanout', 'presence'),
  defer: ofRoll('defer'),
  dueNow: script('due-now', ['clock'], 1),
  lease: script('lease', ['clock'], 1),
} satisfies Record<string, RedisScript>;
