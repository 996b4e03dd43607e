/** Sends a case as a client would, and answers what came back. */
import { io } from 'socket.io-client';
import { routes } from '../../src/contract/routes.ts';
import { RestClient, type RouteName } from '../support/rest-client.ts';
import type { Case } from './policy-cases.ts';
import type { School } from './policy-school.ts';

export type Answer = {
  /** OK: accepted. */
  code: string;
  status?: number;
  body: Record<string, unknown>;
  /** All of it. */
  text: unknown;
  /** Their names. */
  headers?: string[];
};

const names = new Map(Object.entries(routes).map(([name, row]) => [`${row.method} ${row.path}`, name as RouteName]));

export const send = async (school: School, it: Exclude<Case, { kind: 'return' }>): Promise<Answer> => {
  const url = school.node.nodes[0]?.url ?? '';
  if (it.kind === 'connect') return connect(url, it.auth);
  if (it.kind === 'event') {
    if (it.who === null) throw new Error('events come from somebody');
    const body = await school.ask(it.who, it.what, it.payload);
    return { code: body.ok ? 'OK' : String(body.code), body, text: body };
  }
  const rest = it.who?.rest ?? new RestClient(url, it.token ?? null);
  const { status, body, headers } = await rest.send(names.get(it.what) as RouteName, it.input);
  const fields = (typeof body === 'object' ? body : {}) as Record<string, unknown>;
  const code = status < 300 ? 'OK' : String(fields.code);
  return { code, status, body: fields, text: [body, [...headers]], headers: [...headers.keys()].sort() };
};

const connect = async (url: string, auth: Record<string, unknown>): Promise<Answer> => {
  const socket = io(url, { auth, forceNew: true, transports: ['websocket'] });
  try {
    const error = await new Promise<(Error & { data?: { code?: string } }) | null>((resolve) => {
      socket.once('connect', () => resolve(null));
      socket.once('connect_error', resolve);
    });
    const code = error?.message.startsWith('Authentication error') ? error.data?.code : error?.message;
    return { code: error === null ? 'OK' : String(code), body: {}, text: [error?.message, error?.data] };
  } finally {
    socket.disconnect();
  }
};
