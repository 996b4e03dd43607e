/** What the service refuses of its settings is refused by the chart before, where a person reads it; and nothing else. */
import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { DISTRIBUTED, refusal, render, valueArgs } from '../support/chart.ts';
import { describeWithHelm } from '../support/helm-program.ts';

const { publicKey, privateKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

/** Value, what it is set to, the variable that it becomes, and what the chart says of it. */
const WRONG: [string, unknown, string, string][] = [
  ['config.trustProxy', 'yes', 'TRUST_PROXY', 'config.trustProxy names "yes": write off, on, a number of hops'],
  ['config.trustProxy', 'proxy.internal', 'TRUST_PROXY', 'config.trustProxy names "proxy.internal"'],
  ['config.trustProxy', '10.0.0.0/8,10.0.0.0/33', 'TRUST_PROXY', 'config.trustProxy names "10.0.0.0/33"'],
  ['config.trustProxy', '10.0.0.256', 'TRUST_PROXY', 'config.trustProxy names "10.0.0.256"'],
  ['config.trustProxy', '::1/129', 'TRUST_PROXY', 'config.trustProxy names "::1/129"'],
  ['config.publicUrl', 'https://u:hunter2@a.example', 'PUBLIC_URL', 'config.publicUrl must have no user, no query'],
  ['config.publicUrl', 'https://a.example/?x=hunter2', 'PUBLIC_URL', 'config.publicUrl must have no user, no query'],
  [
    'tracing.endpoint',
    'http://u:hunter2@otel:4318',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'tracing.endpoint must have no user',
  ],
  ['tracing.endpoint', 'http://otel:4318?key=hunter2', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'tracing.endpoint must have no'],
  ['config.corsOrigins', ['https://a.example:443'], 'CORS_ORIGINS', 'config.corsOrigins names "https://a.example:443"'],
  ['config.corsOrigins', ['http://a.example:80'], 'CORS_ORIGINS', 'config.corsOrigins names "http://a.example:80"'],
  ['config.corsOrigins', ['https://A.example'], 'CORS_ORIGINS', 'config.corsOrigins names "https://A.example"'],
  ['config.corsOrigins', ['https://a.example/'], 'CORS_ORIGINS', 'config.corsOrigins names "https://a.example/"'],
  ['config.corsOrigins', ['https://a.example:99999'], 'CORS_ORIGINS', 'config.corsOrigins names "https://a.example:9'],
  ['config.corsOrigins', ['capacitor://localhost'], 'CORS_ORIGINS', 'config.corsOrigins names "capacitor://localhost"'],
  [
    'config.retentionDays',
    '99999',
    'RETENTION_DAYS',
    'config.retentionDays is 99999: write 36500 days at most, or off',
  ],
  ['auth.publicKey', privateKey, 'JWT_PUBLIC_KEY', 'auth.publicKey holds a private key: set the public one alone'],
  ['auth.publicKey', publicKey + privateKey, 'JWT_PUBLIC_KEY', 'auth.publicKey holds a private key'],
  ['auth.publicKey', 'MFkwEwYHKoZIzj0', 'JWT_PUBLIC_KEY', 'auth.publicKey must begin with -----BEGIN PUBLIC KEY-----'],
];

const REDIS: [string, 'standalone' | 'cluster', string][] = [
  ['redis://:hunter2@a/2', 'cluster', 'redis.url, address 1: names a database, but redis.mode is cluster'],
  ['redis://:hunter2@a,b:6379', 'cluster', 'redis.url must begin with redis:// or rediss:// in each address (number 2'],
  ['redis://:hunter2@a,rediss://b', 'cluster', 'redis.url mixes redis:// and rediss://'],
  ['redis://:hunter2@a/x', 'standalone', 'redis.url, address 1: behind the host and its port may stand'],
  ['redis://:hunter2@a?tls=true', 'standalone', 'redis.url, address 1: behind the host and its port may stand'],
];

const RIGHT: [string, unknown, string, string][] = [
  [
    'config.trustProxy',
    '10.0.0.0/8, 2001:db8::/32,uniquelocal',
    'TRUST_PROXY',
    '10.0.0.0/8, 2001:db8::/32,uniquelocal',
  ],
  ['config.trustProxy', '2', 'TRUST_PROXY', '2'],
  ['config.publicUrl', 'https://a.example/roll@call', 'PUBLIC_URL', 'https://a.example/roll@call'],
  [
    'config.corsOrigins',
    ['https://a.example:8443', 'http://[::1]:3000'],
    'CORS_ORIGINS',
    'https://a.example:8443,http://[::1]:3000',
  ],
  ['config.retentionDays', '36500', 'RETENTION_DAYS', '36500'],
  ['tracing.sampleRatio', 0.00001, 'OTEL_TRACES_SAMPLER_ARG', '1e-05'],
];

const textOf = (value: unknown): string => (Array.isArray(value) ? value.join(',') : String(value));

describeWithHelm('settings that the service refuses', (helm) => {
  test.each(WRONG)('%s %j', (name, value, variable, says) => {
    expect(() => readConfig({ [variable]: textOf(value) })).toThrow(variable);
    const said = refusal(helm, ...valueArgs({ [name]: value }));
    expect(said).toContain(says);
    expect(said).not.toMatch(/hunter2|MIGHAgEA/);
  });

  test.each(REDIS)('redis.url %s, %s', (url, mode, says) => {
    const stores = { 'redis.url': url, 'redis.mode': mode, 'mongodb.url': 'mongodb://db/rollcast' };
    const environment = { REDIS_URL: url, REDIS_MODE: mode, MONGODB_URL: 'mongodb://db/rollcast', JWT_SECRET: 'x' };
    expect(() => readConfig(environment)).toThrow('REDIS_URL');
    const said = refusal(helm, ...valueArgs({ ...stores, 'auth.jwtSecret': 'x'.repeat(32) }));
    expect(said).toContain(says);
    expect(said).not.toContain('hunter2');
  });

  test.each(RIGHT)('%s %j is taken by both', (name, value, variable, text) => {
    const rendered = render(helm, ...valueArgs(DISTRIBUTED, 'tracing.endpoint=http://otel:4318/x', { [name]: value }));
    expect(rendered.one('ConfigMap', 'autumn-rollcast').data[variable]).toBe(text);
    expect(() => readConfig({ [variable]: text })).not.toThrow();
  });

  test('a database and a password with odd characters are taken by both', () => {
    const url = 'rediss://user:p@s%2Cs@redis.internal:6380/2';
    const environment = { REDIS_URL: url, MONGODB_URL: 'mongodb://db/rollcast', JWT_SECRET: 'x' };
    expect(readConfig(environment).distributed?.redis).toMatchObject({ db: 2, password: 'p@s,s' });
    const values = { 'redis.url': url, 'mongodb.url': 'mongodb://db/rollcast', 'auth.publicKey': publicKey };
    expect(render(helm, ...valueArgs(values)).has('Secret')).toBe(true);
  });
});
