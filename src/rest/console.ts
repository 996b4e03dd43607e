/**
 * The console: pages that are built into dist/web and served as they are, but for the address that they are served at.
 * Where it has not been built, `/` shows the landing page.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { LANDING_PAGE_CSP, landingPage, originOf } from './landing-page.ts';

/** Somebody whom the demo lets anybody be. */
export type DemoPerson = { name: string; role: string; token: string };

export type ConsoleOptions = {
  /** The built console. */
  webDir: string;
  /** Where people reach this service (no slash at its end). Undefined: wherever their request went. */
  publicUrl: string | undefined;
  /** LOGIN_URL. */
  loginUrl: string | undefined;
  /** Only in the demo. */
  demoPeople: () => DemoPerson[];
};

/** Beside the compiled code, or where `npm run build` puts it for the sources. */
export const WEB_DIR = path.resolve(
  import.meta.dirname,
  import.meta.filename.endsWith('.ts') ? '../../dist/web' : '../web',
);

/** Addresses that the console's pages have; it tells them apart by itself. */
const PAGES = ['/', '/courses/:id', '/courses/:id/report', '/sessions/:id', '/join/:id', '/history'];

/** No request to any other host, nothing inline. */
const CONSOLE_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/** Names of built files hold a hash of what is in them. */
const ASSETS_MAX_AGE_MS = 365 * 24 * 3600 * 1000;

export const addConsole = (scope: FastifyInstance, options: ConsoleOptions): void => {
  const { webDir } = options;
  const file = path.join(webDir, 'index.html');
  if (!existsSync(file)) {
    addLandingPage(scope, options);
    return;
  }
  const page = readFileSync(file, 'utf8');
  const hidden = { schema: { hide: true }, helmet: { contentSecurityPolicy: false } } as const;
  for (const url of PAGES) {
    scope.get(url, hidden, async (_request, reply) => {
      reply.header('cache-control', 'no-store').header('content-security-policy', CONSOLE_CSP);
      return reply.type('text/html; charset=utf-8').send(withBase(page, baseOf(options)));
    });
  }
  scope.get('/console.json', { schema: { hide: true } }, async (_request, reply) => {
    reply.header('cache-control', 'no-store');
    return { login_url: options.loginUrl ?? null, demo_people: options.demoPeople() };
  });
  scope.register(fastifyStatic, {
    root: path.join(webDir, 'assets'),
    prefix: '/assets/',
    immutable: true,
    preCompressed: true,
    maxAge: ASSETS_MAX_AGE_MS,
    decorateReply: false,
  });
  scope.get('/icon.svg', { schema: { hide: true } }, async (_request, reply) => {
    return reply.type('image/svg+xml').send(readFileSync(path.join(webDir, 'icon.svg')));
  });
};

const addLandingPage = (scope: FastifyInstance, { publicUrl }: ConsoleOptions): void => {
  scope.get('/', { schema: { hide: true }, helmet: { contentSecurityPolicy: false } }, async (request, reply) => {
    // It says where the request went: nobody else's business.
    reply.header('cache-control', 'no-store').header('content-security-policy', LANDING_PAGE_CSP);
    return reply.type('text/html; charset=utf-8').send(landingPage(publicUrl ?? originOf(request)));
  });
};

/** The path alone: by which host and scheme people came, their browser knows. */
const baseOf = ({ publicUrl }: ConsoleOptions): string =>
  `${publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '')}/`;

const withBase = (page: string, base: string): string =>
  page.replace('<head>', `<head>\n    <base href="${base.replace(/[&<>"]/g, (it) => `&#${it.charCodeAt(0)};`)}">`);
