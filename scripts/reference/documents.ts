/** The machine-readable documents, as a node serves them. */
import swagger from '@fastify/swagger';
import Fastify from 'fastify';
import { API_PREFIX, type RouteRow, routes } from '../../src/contract/routes.ts';
import { asyncApi } from '../../src/rest/async-api.ts';
import { openApi } from '../../src/rest/open-api.ts';
import { routeAdder } from '../../src/rest/route.ts';

/** Where a node is that nothing was configured for. */
const BASE = 'http://localhost:4002';

/** Keys stay in the order of the tables, which is the one to read them in. */
const json = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;

export const asyncApiDocument = (): string => json(asyncApi(BASE));

/** The table's routes with nothing behind them: what they do is not in the document. */
export const openApiDocument = async (): Promise<string> => {
  const app = Fastify();
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  app.register(swagger, openApi);
  app.register(
    async (scope) => {
      const add = routeAdder(scope, async () => {});
      for (const row of Object.values<RouteRow>(routes)) add(row, async () => null);
    },
    { prefix: API_PREFIX },
  );
  await app.ready();
  const document = app.swagger();
  await app.close();
  return json(document);
};
