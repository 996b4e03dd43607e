/** rediss://: all connections of a node speak TLS, and only a server whose certificate a trusted CA has signed is spoken to. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { dataDirectory } from '../support/child-processes.ts';
import { add, connectedRedis, refusalToConnect } from '../support/connected-redis.ts';
import { freePort } from '../support/free-port.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

/** A day is more than a test needs; nothing is kept. */
const DAYS = '1';
const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

const openssl = (...args: string[]): void => {
  execFileSync('openssl', args, { stdio: 'ignore' });
};

/** A CA, and a certificate of its for this machine's loopback address. */
const certificates = (dir: string, name: string) => {
  const file = (kind: string) => path.join(dir, `${name}-${kind}.pem`);
  const ca = ['-keyout', file('ca-key'), '-out', file('ca'), '-subj', `/CN=${name}`, '-days', DAYS];
  openssl('req', '-x509', ...CURVE, ...ca);
  const san = 'subjectAltName=IP:127.0.0.1';
  const own = ['-keyout', file('key'), '-out', file('cert'), '-subj', '/CN=redis', '-days', DAYS, '-addext', san];
  openssl('req', '-x509', ...CURVE, '-CA', file('ca'), '-CAkey', file('ca-key'), ...own);
  return { ca: file('ca'), key: file('key'), cert: file('cert') };
};

describeWithRedis('a server that speaks TLS', 'process', () => {
  const data = dataDirectory();
  let trusted: ReturnType<typeof certificates>;
  let stranger: ReturnType<typeof certificates>;
  beforeAll(() => {
    trusted = certificates(data.dir, 'trusted');
    stranger = certificates(data.dir, 'stranger');
  });
  afterAll(data.remove);

  /** Its plain port is for the test, the other one for nodes. */
  const started = async ({ key, cert, ca } = trusted) => {
    const port = await freePort();
    const tls = ['--tls-port', String(port), '--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', ca];
    const server = await RedisProcess.start({ args: [...tls, '--tls-auth-clients', 'no'] });
    onTestFinished(() => server.stop());
    return { server, port };
  };

  test('scripts and commands go to it over every connection, and again after all of them were cut', async () => {
    const { server, port } = await started();
    const proxy = await TcpProxy.start(port);
    onTestFinished(() => proxy.stop());
    const url = `rediss://127.0.0.1:${proxy.port}`;
    const redis = await connectedRedis({ REDIS_URL: url, REDIS_TLS_CA_FILE: trusted.ca });
    expect(await add(redis, 'counter')).toBe(1);
    await redis.state.command('SET', 'text', 'plainly readable');
    expect(await server.command('GET', 'text')).toBe('plainly readable');
    expect(proxy.connections.length).toBeGreaterThan(1);

    await proxy.cut();
    await proxy.restore();
    await until('it is spoken to again', () =>
      add(redis, 'counter').then(
        (it) => it === 2,
        () => false,
      ),
    );
  });

  test('one whose certificate another CA has signed is not spoken to', async () => {
    const { port } = await started(stranger);
    const url = `rediss://127.0.0.1:${port}`;
    expect(await refusalToConnect({ REDIS_URL: url, REDIS_TLS_CA_FILE: trusted.ca })).toMatch(
      /certificate|self.signed/i,
    );
    expect(await refusalToConnect({ REDIS_URL: url })).toMatch(/certificate|self.signed/i);
  });

  test('one whose certificate is for another host is not spoken to', async () => {
    const { port } = await started();
    const refusal = await refusalToConnect({ REDIS_URL: `rediss://localhost:${port}`, REDIS_TLS_CA_FILE: trusted.ca });
    expect(refusal).toMatch(/altnames|hostname/i);
  });

  test('one that speaks no TLS is not spoken to', async () => {
    const { server } = await started();
    const refusal = await refusalToConnect({ REDIS_URL: server.url.replace('redis:', 'rediss:') });
    expect(refusal).toMatch(/^REDIS_URL: no connection/);
  });
});
