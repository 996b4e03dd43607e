/** For orchestrators and monitoring: no token, no rate limit, nothing about anybody. */
import type { FastifyInstance } from 'fastify';
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

type Part = 'ok' | 'down';

export const addHealthRoutes = (app: FastifyInstance, options: HealthOptions): void => {
  const { pings, isDraining, metricsText, metricsContentType } = options;
  const schema = { hide: true };

  app.get('/livez', { schema }, async () => ({ status: 'ok' }));

  app.get('/readyz', { schema }, async (_request, reply) => {
    const [live, registry] = await Promise.all([answers(pings.live), answers(pings.registry)]);
    const draining = isDraining();
    const ready = live === 'ok' && registry === 'ok' && !draining;
    reply.code(ready ? 200 : 503);
    return { status: ready ? 'ok' : 'unavailable', parts: { live, registry, draining: draining ? 'yes' : 'no' } };
  });

  if (!options.serveMetrics) return;
  app.get('/metrics', { schema }, async (_request, reply) => {
    const text = await metricsText();
    return reply.type(metricsContentType).send(text);
  });
};

const answers = async (ping: () => Promise<void>): Promise<Part> => {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<Part>((resolve) => {
    timer = setTimeout(() => resolve('down'), READINESS_TIMEOUT_MS);
  });
  const answered = ping().then(
    (): Part => 'ok',
    (): Part => 'down',
  );
  const part = await Promise.race([answered, tooLate]);
  clearTimeout(timer);
  return part;
};
