/** A start that cannot use MongoDB says why, in one line that holds no password. */
import { expect, test } from 'vitest';
import { createMetrics } from '../../src/metrics.ts';
import { storeReports } from '../../src/metrics-reports.ts';
import { connectMongo } from '../../src/mongo/connection.ts';
import { freePort } from '../support/free-port.ts';
import { OldMongo } from '../support/old-mongo.ts';
import { runToExit } from '../support/service.ts';

const QUIET = { ...storeReports(createMetrics()).mongodb, lost: () => {}, restored: () => {} };

const failure = async (url: string): Promise<string> => {
  const error = await connectMongo(url, QUIET).then(
    () => new Error('it was used'),
    (it: Error) => it,
  );
  expect(error.message).toMatch(/^Cannot use MongoDB \(MONGODB_URL\): [^\n]+$/);
  expect(error.message).not.toContain('pa55word');
  return error.message;
};

test('nobody listens there', async () => {
  expect(await failure(`mongodb://ada:pa55word@127.0.0.1:${await freePort()}/school`)).toContain('ECONNREFUSED');
});

test('it is too old', async () => {
  const old = await OldMongo.start(6);
  expect(await failure(old.url)).toMatch(/4\.2|wire version/);
  old.stop();
});

test('an option that there is not', async () => {
  await failure('mongodb://ada:pa55word@127.0.0.1/school?nonsense=1');
});

test('a node without its MongoDB ends with exit code 1 and that line', async () => {
  const url = `mongodb://ada:pa55word@127.0.0.1:${await freePort()}/school`;
  const env = { JWT_SECRET: 'x'.repeat(32), REDIS_URL: 'redis://127.0.0.1:1', MONGODB_URL: url, PORT: '0' };
  const { code, stdout, stderr } = await runToExit(env);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^rollcast: Cannot use MongoDB \(MONGODB_URL\): [^\n]+\n$/);
});
