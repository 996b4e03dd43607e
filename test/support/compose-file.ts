/** deploy/compose.yaml as Compose reads it: merged, and with the variables of an environment in their places. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

export const DEPLOY = path.resolve(import.meta.dirname, '../../deploy');
const FILE = path.join(DEPLOY, 'compose.yaml');

export type ComposeService = {
  image: string;
  build?: string;
  user?: string;
  profiles?: string[];
  command?: string[];
  environment?: Record<string, string | number>;
  ports?: string[];
  volumes?: string[];
  tmpfs?: string[];
  networks: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck: { test: string[]; timeout: string; start_period: string };
  read_only?: boolean;
  cap_drop?: string[];
  cap_add?: string[];
  privileged?: boolean;
  security_opt?: string[];
  restart?: string;
  mem_limit?: string;
  stop_grace_period?: string;
  logging?: { driver: string; options: Record<string, string> };
};

export type ComposeFile = {
  services: Record<string, ComposeService>;
  networks: Record<string, { internal?: boolean } | null>;
  volumes: Record<string, null>;
};

export const composeText = (): string => readFileSync(FILE, 'utf8');

/** Throws what Compose would say when a variable is missing that the file demands. */
export const readCompose = (env: Record<string, string> = {}): ComposeFile =>
  parse(withVariables(withoutComments(composeText()), env), { merge: true }) as ComposeFile;

/** Names of the variables that the file asks for. */
export const composeVariables = (): string[] =>
  [...new Set([...withoutComments(composeText()).matchAll(/\$\{(\w+)/g)].map(([, name]) => name as string))].sort();

const withoutComments = (text: string): string =>
  text
    .split('\n')
    .filter((it) => !/^\s*#/.test(it))
    .join('\n');

/** From the inside out, as a default may hold another variable. */
const withVariables = (text: string, env: Record<string, string>): string => {
  const replaced = text.replace(/\$\{(\w+)(?::([-?])([^${}]*))?\}/g, (_all, name: string, kind?: string, rest = '') => {
    const value = env[name] || undefined;
    if (value === undefined && kind === '?') throw new Error(`${name}: ${rest}`);
    return value ?? rest;
  });
  return replaced === text ? text : withVariables(replaced, env);
};

/** Of a service, with numbers as the text that a process gets. */
export const environmentOf = ({ environment = {} }: ComposeService): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)]));
