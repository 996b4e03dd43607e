/**
 * The HTTP edge: one Fastify instance with every route, the documentation and the health checks. The only place that
 * answers HTTP requests; what it answers comes from the doorway, the views and the registry.
 */
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest, LogController } from 'fastify';
import { refuse } from '../contract/errors.ts';
import { API_PREFIX } from '../contract/routes.ts';
import { HTTP_BODY_MAX_BYTES, HTTP_REQUEST_MAX_MS, PATH_PARAMETER_MAX_CHARS } from '../limits.ts';
import type { VerifyToken } from '../token.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { asyncApi } from './async-api.ts';
import { addAttendanceRoutes } from './attendance-routes.ts';
import { authenticate } from './caller.ts';
import { addConsole, type ConsoleOptions } from './console.ts';
import type { RestContext } from './context.ts';
import { addCourseRoutes } from './course-routes.ts';
import { EVENTS_PAGE_CSP, eventsPage } from './events-page.ts';
import { addHealthRoutes, type HealthOptions } from './health-routes.ts';
import { addCsvBody, addJsonBody } from './json-body.ts';
import { originOf } from './landing-page.ts';
import { openApi } from './open-api.ts';
import { PROBLEM_JSON, problemOf, refusalFrom, sendProblem } from './problem.ts';
import { addReportRoutes } from './report-routes.ts';
import { addRequestLog, type OnResponse, requestId } from './request-log.ts';
import { addRequestTracing } from './request-tracing.ts';
import { routeAdder } from './route.ts';
import { addSessionRoutes } from './session-routes.ts';
import { addStudentRoutes } from './student-routes.ts';
import { addTicketRoute } from './ticket-route.ts';
import { validatorCompiler } from './validate.ts';

export type HttpServerOptions = RestContext &
  Omit<HealthOptions, 'pings'> &
  ConsoleOptions & {
    verifyToken: VerifyToken;
    logger: FastifyBaseLogger;
    /** Origins other than our own whose pages may read our answers. */
    allowOrigin: (origin: string) => boolean;
    /** Which proxies' forwarded headers to believe: all or none, the addresses, or how many of them stand before us. */
    trustProxy: boolean | number | string[];
    onResponse: OnResponse;
    tracing?: Tracing;
  };

const API_CSP = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};
/** The documentation page: its own scripts, and the inline styles that its library sets. */
const DOCS_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Not listening yet, and its routes not loaded: `await app.ready()` or `listen()`. */
export const buildHttpServer = (options: HttpServerOptions): FastifyInstance => {
  const { services, allowOrigin, trustProxy } = options;
  const app = Fastify({
    loggerInstance: options.logger,
    // The lines of ours say the same without URLs.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: requestId(services.makeId),
    requestIdHeader: false,
    trustProxy: typeof trustProxy === 'number' ? (_address, hop) => hop < trustProxy : trustProxy,
    bodyLimit: HTTP_BODY_MAX_BYTES,
    routerOptions: { maxParamLength: PATH_PARAMETER_MAX_CHARS },
    requestTimeout: HTTP_REQUEST_MAX_MS,
    // While it closes, what arrives on open connections is still served: the stores close after it.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      sendProblem(reply.header('x-request-id', request.id), refusalFrom(error));
    },
    clientErrorHandler: (_error, socket) => answerBrokenRequest(socket),
  });
  app.decorateRequest('actor', null);
  app.decorateRequest('refusal', null);
  app.setValidatorCompiler(validatorCompiler);
  // Answers are made to their schemas by types; strict serialising would only cost time.
  app.setSerializerCompiler(() => JSON.stringify);
  addJsonBody(app);
  addRequestLog(app, options.onResponse);
  addRequestTracing(app, options.tracing);
  addErrors(app);

  app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: API_CSP },
    // Whoever ends TLS for this host decides for it.
    strictTransportSecurity: false,
  });
  app.register(cors, {
    origin: async (origin: string | undefined) => (origin !== undefined && allowOrigin(origin) ? origin : false),
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    // The cookie that check-in tickets are bound to; nothing else goes by cookies.
    credentials: true,
    exposedHeaders: ['x-request-id', 'retry-after', 'content-disposition'],
    maxAge: 600,
  });
  app.register(swagger, openApi);
  app.register(swaggerUi, { routePrefix: '/docs', staticCSP: DOCS_CSP, theme: { title: 'Rollcast REST API' } });
  app.register(async (scope) => addApi(scope, options), { prefix: API_PREFIX });
  app.register(async (scope) => {
    const pings = { live: () => services.live.ping(), registry: () => services.registry.ping() };
    addHealthRoutes(scope, { ...options, pings });
    addConsole(scope, options);
    addEventsPage(scope);
  });
  return app;
};

const addApi = (scope: FastifyInstance, options: HttpServerOptions): void => {
  addCsvBody(scope);
  // What is answered concerns people: no cache keeps it.
  scope.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  const add = routeAdder(scope, authenticate(options.verifyToken));
  addCourseRoutes(add, options);
  addSessionRoutes(add, options);
  addTicketRoute(add, options, options.publicUrl);
  addAttendanceRoutes(add, options);
  addReportRoutes(add, options);
  addStudentRoutes(add, options);
  scope.get('/openapi.json', { schema: { hide: true } }, async () => scope.swagger());
  scope.get('/asyncapi.json', { schema: { hide: true } }, async (request) => asyncApi(reachedAt(options, request)));
};

const reachedAt = ({ publicUrl }: HttpServerOptions, request: FastifyRequest): string => publicUrl ?? originOf(request);

/** What Socket.IO takes and tells, beside the page of the REST API. */
const addEventsPage = (scope: FastifyInstance): void => {
  const own = { schema: { hide: true }, helmet: { contentSecurityPolicy: false } } as const;
  scope.get('/docs/events', own, async (_request, reply) => {
    reply.header('content-security-policy', EVENTS_PAGE_CSP);
    return reply.type('text/html; charset=utf-8').send(eventsPage());
  });
};

const addErrors = (app: FastifyInstance): void => {
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalFrom(error);
    request.refusal = refusal;
    return sendProblem(reply, refusal);
  });
  app.setNotFoundHandler((request, reply) => {
    request.refusal = refuse('NOT_FOUND');
    return sendProblem(reply, request.refusal);
  });
};

/** Bytes that are no HTTP request: nothing of them is logged, they may hold anything. */
const answerBrokenRequest = (socket: NodeJS.WritableStream & { destroySoon?: () => void }): void => {
  if (!socket.writable) return;
  const body = JSON.stringify(problemOf(refuse('INVALID_PAYLOAD', 'This is not a valid HTTP request')));
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: ${PROBLEM_JSON}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
};
