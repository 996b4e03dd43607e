/** The users of a Redis as docs/redis-and-mongodb.md gives them, word for word, so that what is documented is what is tested. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { redisCommand } from './redis-command.ts';
import type { RedisProcess } from './redis-server.ts';

const PAGE = path.resolve(import.meta.dirname, '../../docs/redis-and-mongodb.md');

export type RedisUser = { name: string; rules: string[]; password: string | null };

/** In the order of the document. Throws when it names one twice, or none. */
const documentedUsers = (): Map<string, RedisUser> => {
  const [, file = ''] = /^```text\n(user default .*?)^```$/ms.exec(readFileSync(PAGE, 'utf8')) ?? [];
  const lines = file.split('\n').filter((line) => line !== '');
  const users = new Map<string, RedisUser>();
  for (const line of lines) {
    const [keyword, name = '', ...rules] = line.trim().split(/\s+/);
    if (keyword !== 'user') throw new Error(`${PAGE}: ${line} is no line of an aclfile`);
    if (users.has(name)) throw new Error(`${PAGE} has the user ${name} twice`);
    users.set(name, { name, rules, password: rules.find((it) => it.startsWith('>'))?.slice(1) ?? null });
  }
  if (users.size === 0) throw new Error(`${PAGE} has no users`);
  return users;
};

const USERS = documentedUsers();

export const redisUser = (name: string): RedisUser => {
  const user = USERS.get(name);
  if (user === undefined) throw new Error(`${PAGE} has no user ${name}`);
  return user;
};

/** What the user may call, as the server's statistics name it: `hget`, `client|setname`. */
export const permittedTo = (name: string): string[] =>
  redisUser(name).rules.flatMap((rule) => (/^\+[a-z|]+$/.test(rule) ? [rule.slice(1)] : []));

export const urlAs = (name: string, server: RedisProcess): string =>
  server.url.replace('//', `//${name}:${redisUser(name).password ?? ''}@`);

/** One command as the document's administrator. */
export const asAdmin = (server: RedisProcess, ...args: string[]): Promise<unknown> =>
  redisCommand(urlAs('admin', server), ...args);

/** From now on the server has these users and no other, and whoever is connected has to come again as one of them. */
export const protect = async (server: RedisProcess): Promise<void> => {
  const { default: off, ...named } = Object.fromEntries(USERS);
  for (const { name, rules } of Object.values(named)) await server.command('ACL', 'SETUSER', name, 'reset', ...rules);
  if (off === undefined) throw new Error(`${PAGE} says nothing of the user default`);
  const { name, password } = redisUser('replica');
  await server.command('CONFIG', 'SET', 'masteruser', name, 'masterauth', password ?? '');
  await server.command('ACL', 'SETUSER', off.name, ...off.rules);
  await asAdmin(server, 'CLIENT', 'KILL', 'SKIPME', 'yes');
  await asAdmin(server, 'ACL', 'LOG', 'RESET');
  await asAdmin(server, 'CONFIG', 'RESETSTAT');
};

/** What was refused to somebody: `rollcast: spublish`, with what it was for where the server says it. */
export const refusedBy = async (server: RedisProcess): Promise<string[]> => {
  const entries = (await asAdmin(server, 'ACL', 'LOG', '128')) as string[][];
  return entries.map((entry) => {
    const field = (name: string) => entry[entry.indexOf(name) + 1] ?? '';
    return `${field('username')}: ${field('object')} (${field('reason')}, ${field('context')})`;
  });
};

/** Commands that were called since protect(), from scripts too. */
export const calledOn = async (server: RedisProcess): Promise<Set<string>> => {
  const text = (await asAdmin(server, 'INFO', 'commandstats')) as string;
  return new Set([...text.matchAll(/^cmdstat_([^:]+):calls=[1-9]/gm)].map(([, name = '']) => name));
};
