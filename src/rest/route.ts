/** From a row of the route table to a Fastify route whose handler knows its types. */
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { Type } from 'typebox';
import { Problem } from '../contract/rest-shapes.ts';
import { type RouteRow, routes } from '../contract/routes.ts';
import type { Actor } from '../domain/policy.ts';

type Part<R, K extends string> = R extends { [P in K]: infer S extends TSchema } ? Static<S> : undefined;

export type Call<R extends RouteRow> = {
  /** Null only on routes that are open. */
  actor: R extends { open: true } ? null : Actor;
  params: Part<R, 'params'>;
  query: Part<R, 'query'>;
  /** Of a route that also takes text/csv: that text, or the JSON body. */
  body: R extends { csvBody: TSchema } ? Part<R, 'body'> | string | undefined : Part<R, 'body'>;
  request: FastifyRequest;
  reply: FastifyReply;
};

/** Answers the body; the status is the row's first unless the handler set one. */
export type Handler<R extends RouteRow> = (call: Call<R>) => Promise<unknown>;

export type AddRoute = <R extends RouteRow>(row: R, handler: Handler<R>) => void;

export const routeAdder = (app: FastifyInstance, authenticate: onRequestAsyncHookHandler): AddRoute => {
  return (row, handler) => {
    const status = Number(Object.keys(row.answers)[0]);
    app.route({
      method: row.method,
      url: row.path,
      schema: schemaOf(row),
      config: { takesCsv: row.csvBody !== undefined },
      ...(row.open ? {} : { onRequest: authenticate }),
      handler: async (request, reply) => {
        reply.code(status);
        const { params, query, body, actor } = request;
        return handler({ actor, params, query, body, request, reply } as Call<typeof row>);
      },
    });
  };
};

/** The names in the route table: what generated clients call their methods. */
const OPERATION_IDS = new Map<RouteRow, string>(Object.entries(routes).map(([name, row]) => [row, name]));

const json = (schema: TSchema) => ({ 'application/json': { schema } });
const csv = { 'text/csv': { schema: Type.String() } };

const schemaOf = (row: RouteRow) => {
  const answers = Object.entries(row.answers).map(([status, schema]) => [
    status,
    { description: 'Done', content: schema === 'csv' ? csv : json(schema) },
  ]);
  const problem = { description: 'Refused', content: { 'application/problem+json': { schema: Problem } } };
  return {
    operationId: OPERATION_IDS.get(row),
    tags: [row.tag],
    summary: row.summary,
    description: [`Who: ${row.who}.`, row.description].filter((it) => it !== undefined).join('\n\n'),
    ...(row.open ? { security: [] } : {}),
    ...(row.params === undefined ? {} : { params: row.params }),
    ...(row.query === undefined ? {} : { querystring: row.query }),
    ...(row.body === undefined ? {} : { body: bodyOf(row.body, row.csvBody) }),
    response: { ...Object.fromEntries(answers), default: problem },
  };
};

const bodyOf = (body: TSchema, csvBody: TSchema | undefined): unknown =>
  csvBody === undefined ? body : { content: { ...json(body), 'text/csv': { schema: csvBody } } };
