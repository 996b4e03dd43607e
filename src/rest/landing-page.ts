/** The page at `/`: what this is and where to go. Without scripts and without a request to anywhere. */
import type { FastifyRequest } from 'fastify';
import { clientEvents, serverEvents } from '../contract/events.ts';
import { API_PREFIX } from '../contract/routes.ts';
import { originOfHost } from '../origins.ts';
import { BASE_STYLE, contentPolicy, escaped, pageHtml } from './html.ts';

const STYLE = `${BASE_STYLE}
main { max-width: 46rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; }
h1 { font-size: 2.2rem; line-height: 1.15; margin: 0 0 .5rem; letter-spacing: -.02em; }
h2 { font-size: 1.05rem; margin: 0 0 .6rem; }
p { margin: 0 0 .8rem; }
.lead { font-size: 1.15rem; color: var(--dim); margin-bottom: 2rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.2rem 1.3rem; margin: 0 0 1rem; }
ul { margin: 0; padding-left: 1.1rem; }
pre { margin: 0 0 .8rem; padding: .8rem 1rem; overflow-x: auto; background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; }
.events { display: flex; flex-wrap: wrap; gap: .4rem; padding: 0; list-style: none; margin-bottom: 1rem; }
.events li { border: 1px solid var(--line); border-radius: .4rem; padding: .1rem .45rem; overflow-wrap: anywhere; }
`;

const names = (table: object): string =>
  Object.keys(table)
    .map((name) => `<li><code>${name}</code></li>`)
    .join('');

/** Where whoever asks has reached us, with the forwarded headers of proxies that are trusted. */
export const originOf = ({ protocol, host, socket }: FastifyRequest): string => {
  const origin = originOfHost(host, protocol === 'https');
  if (origin !== null) return origin;
  return socket.localPort === undefined ? 'http://localhost' : `http://localhost:${socket.localPort}`;
};

/** Socket.IO takes a path in its URL for a namespace: the one in front of a proxied service is told beside it. */
const connection = (base: string): string => {
  const { origin, pathname } = new URL(base);
  const path = pathname === '/' ? '' : `path: '${pathname}/socket.io', `;
  return `io('${origin}', { ${path}auth: { token } })`;
};

/** base: where people reach this service, a URL without a slash at its end and without quotation marks. */
export const landingPage = (base: string): string => pageHtml({ title: 'Rollcast', style: STYLE, body: bodyOf(base) });

const bodyOf = (base: string): string => `<main>
<h1>Rollcast</h1>
<p class="lead">Live roll call for many classrooms at once: students check in, the teacher sees them arrive, marks and ends, and the attendance is kept.</p>
<section>
<h2>Where to go</h2>
<ul>
<li><a href="/docs">REST API</a>, readable, and as <a href="/api/v1/openapi.json">OpenAPI</a></li>
<li><a href="/docs/events">Socket.IO events</a>, readable, and as <a href="/api/v1/asyncapi.json">AsyncAPI</a></li>
<li><a href="/livez">/livez</a>: this process is alive. <a href="/readyz">/readyz</a>: it can serve</li>
</ul>
</section>
<section>
<h2>A token</h2>
<p>Every request and every socket carries a JSON Web Token with <code>sub</code>, <code>role</code> (teacher, student, admin, service), <code>name</code> and <code>exp</code>. Your own login makes them, with the key that this service verifies with. For a try, where it is installed:</p>
<pre><code>npm run token -- --role teacher --sub t1 --name "Ada"</code></pre>
<p>Then, over HTTP:</p>
<pre><code>curl -H "Authorization: Bearer $TOKEN" ${escaped(base + API_PREFIX)}/courses</code></pre>
<p>And over Socket.IO, on <code>/</code> or <code>/attendance</code>:</p>
<pre><code>const socket = ${escaped(connection(base))};
const answer = await socket.emitWithAck('startAttendanceSession', { session_id });</code></pre>
</section>
<section>
<h2>Events</h2>
<p>From clients:</p>
<ul class="events">${names(clientEvents)}</ul>
<p>To clients:</p>
<ul class="events">${names(serverEvents)}</ul>
</section>
</main>`;

export const LANDING_PAGE_CSP = contentPolicy(STYLE);
