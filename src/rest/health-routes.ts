/** For orchestrators and monitoring: no token, no rate limit, nothing about anybody. */
import type { FastifyInstance } from 'fastify';
import { refuse } from '../contract/errors.ts';
import { READINESS_TIMEOUT_MS } from '../limits.ts';

export type HealthOptions = {
  /** Each throws when its store does not answer. */
  pings: { live: () => Promise<void>; registry: () => Promise<void> };
  isDraining: () => boolean;
  metricsText: () => Promise<string>;
  metricsContentType: string;
  /** False: metrics have a listener of their own. */
  serveMetrics: boolean;
};

const PARTS = ['live', 'registry'] as const;
type Part = (typeof PARTS)[number];
type State = 'ok' | 'down';

export const addHealthRoutes = (app: FastifyInstance, options: HealthOptions): void => {
  const { pings, isDraining, metricsText, metricsContentType } = options;
  const schema = { hide: true };

  app.get('/livez', { schema }, async () => ({ status: 'ok' }));

  app.get('/readyz', { schema }, async (request, reply) => {
    const asked = partsIn(request.query);
    const states = await Promise.all(asked.map((part) => answers(pings[part])));
    const draining = isDraining();
    const ready = states.every((it) => it === 'ok') && !draining;
    reply.code(ready ? 200 : 503);
    const parts = Object.fromEntries(asked.map((part, i) => [part, states[i]]));
    return { status: ready ? 'ok' : 'unavailable', parts: { ...parts, draining: draining ? 'yes' : 'no' } };
  });

  if (!options.serveMetrics) return;
  app.get('/metrics', { schema }, async (_request, reply) => {
    const text = await metricsText();
    return reply.type(metricsContentType).send(text);
  });
};

/** `?parts=live` or `?parts=live,registry`: which stores count; all without it. INVALID_PAYLOAD for any other. */
const partsIn = (query: unknown): readonly Part[] => {
  const { parts } = query as { parts?: string | string[] };
  if (parts === undefined) return PARTS;
  const asked = new Set(String(parts).split(','));
  const known = PARTS.filter((part) => asked.has(part));
  if (known.length < asked.size) {
    throw refuse('INVALID_PAYLOAD', `parts: must be of ${PARTS.join(', ')}`, { field: 'parts' });
  }
  return known;
};

const answers = async (ping: () => Promise<void>): Promise<State> => {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<State>((resolve) => {
    timer = setTimeout(() => resolve('down'), READINESS_TIMEOUT_MS);
  });
  const answered = ping().then(
    (): State => 'ok',
    (): State => 'down',
  );
  const part = await Promise.race([answered, tooLate]);
  clearTimeout(timer);
  return part;
};
