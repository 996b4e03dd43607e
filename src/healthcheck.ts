/**
 * The health check of the container image, which has no curl: exit code 0 when the node of this environment answers that
 * it lives, else 1 and one line that says what came instead. Needs no package, for it is started every few seconds.
 */
import { get } from 'node:http';
import process from 'node:process';

/** Less than the image's HEALTHCHECK gives it, so that the line is written. */
const ANSWERS_WITHIN_MS = 3_000;
/** As in the table of the configuration, which would take longer to load than the question takes. */
const DEFAULT_PORT = '4002';
/** Listening there is listening on the loopback address as well. */
const EVERYWHERE = ['', '0.0.0.0', '::'];

const { HOST = '', PORT = '' } = process.env;
const host = EVERYWHERE.includes(HOST) ? 'localhost' : HOST;
const port = PORT || DEFAULT_PORT;

const unhealthy = (what: string): void => {
  process.stderr.write(`healthcheck: ${what}\n`);
  process.exitCode = 1;
};

const request = get({ host, port, path: '/livez', agent: false, timeout: ANSWERS_WITHIN_MS }, (response) => {
  if (response.statusCode !== 200) unhealthy(`/livez answered ${response.statusCode}`);
  response.resume();
});
request.on('timeout', () => request.destroy(new Error(`no answer within ${ANSWERS_WITHIN_MS} ms`)));
request.on('error', (error: NodeJS.ErrnoException) =>
  unhealthy(error.message || `${host} port ${port}: ${error.code}`),
);
