/** How values become variables of the service, and what is secret a file. */
import { expect, test } from 'vitest';
import { readConfig, VARIABLES } from '../../src/config.ts';
import { DISTRIBUTED, type Rendered, render, STORES, valueArgs, valueSets } from '../support/chart.ts';
import { describeWithHelm } from '../support/helm-program.ts';
import type { KubernetesObject } from '../support/kubernetes-objects.ts';

type Env = { name: string; value?: string; valueFrom?: KubernetesObject };

const containerOf = (it: Rendered) => it.one('Deployment').spec.template.spec.containers[0];
const envOf = (it: Rendered): Env[] => containerOf(it).env;
/** The ConfigMap that the container takes its environment from. */
const configOf = (it: Rendered): Record<string, string> => {
  const { name } = containerOf(it).envFrom[0].configMapRef;
  return it.objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)?.data;
};
/** Where each mounted file comes from: path → source. */
const filesOf = (it: Rendered): Record<string, string> => {
  const volume = it.one('Deployment').spec.template.spec.volumes.find(({ name }: Env) => name === 'files');
  const entries = (volume?.projected.sources ?? []).map((source: KubernetesObject) => {
    const [[kind, { name, items }]] = Object.entries(source) as [[string, KubernetesObject]];
    return [items[0].path, `${kind} ${name}/${items[0].key}`];
  });
  return Object.fromEntries(entries);
};
const variablesOf = (it: Rendered): string[] => [...envOf(it).map(({ name }) => name), ...Object.keys(configOf(it))];

describeWithHelm('settings of the chart', (helm) => {
  const withValues = (...values: (string | Record<string, unknown>)[]) => render(helm, ...valueArgs(...values));
  const set = (name: string) => render(helm, '--values', valueSets[name] as string);

  test('every variable of the service is set by some value', () => {
    const sets = ['everything', 'sentinel-tls', 'embedded-persistent', 'distributed-minimal', 'cluster'].map(set);
    const names = new Set(
      sets.flatMap(variablesOf).map((it) => it.replace(/^(.*(?:URL|SECRET|KEY|HEADERS))_FILE$/, '$1')),
    );
    expect(Object.keys(VARIABLES).filter((it) => !names.has(it))).toEqual([]);
    // And what it does not know, Node or OpenTelemetry does.
    const others = [...names].filter((it) => !(it in VARIABLES));
    expect(
      others.filter((it) => !['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS'].includes(it) && !it.startsWith('OTEL_')),
    ).toEqual([]);
  });

  test.each(Object.entries(valueSets))('%s: the service takes what the chart makes of it', (name) => {
    const rendered = set(name);
    // Of a Secret that is elsewhere: something of the right kind.
    const elsewhere: Record<string, string> = {
      REDIS_URL: 'redis://redis',
      MONGODB_URL: 'mongodb://mongodb/rollcast',
      JWT_SECRET: 'x'.repeat(32),
      JWT_PUBLIC_KEY: Buffer.from(set('everything').one('Secret').data['jwt-public-key'], 'base64').toString(),
    };
    const secret = rendered.objects.find(({ kind }) => kind === 'Secret')?.data ?? {};
    const environment: Record<string, string> = { ...configOf(rendered) };
    for (const { name: variable, value = '' } of envOf(rendered)) {
      const [, inFile] = /^(.*)_FILE$/.exec(variable) ?? [];
      const content = secret[value.replace('/etc/rollcast/', '')];
      if (inFile === undefined) environment[variable] = value;
      else if (content !== undefined) environment[inFile] = Buffer.from(content, 'base64').toString();
      else if (elsewhere[inFile] !== undefined) environment[inFile] = elsewhere[inFile];
    }
    // What is signed there is not the point here, and the example key is one of Ed25519.
    if (name === 'existing-secrets') environment.JWT_ALGORITHMS = 'EdDSA';
    const config = readConfig(environment);
    expect(config.distributed === null).toBe(!variablesOf(rendered).includes('REDIS_URL_FILE'));
  });

  test('what is secret is nowhere but in the Secret, and reaches the container as a file', () => {
    const rendered = withValues({
      'redis.url': 'redis://:hunter2@redis',
      'mongodb.url': 'mongodb://u:hunter2@mongodb/rollcast',
      'auth.jwtSecret': 'hunter2hunter2hunter2hunter2hunter2',
    });
    const { name } = rendered.one('Secret').metadata;
    expect(filesOf(rendered)).toEqual({
      'redis-url': `secret ${name}/redis-url`,
      'mongodb-url': `secret ${name}/mongodb-url`,
      'jwt-secret': `secret ${name}/jwt-secret`,
    });
    for (const variable of ['REDIS_URL', 'MONGODB_URL', 'JWT_SECRET']) {
      const file = `/etc/rollcast/${variable.toLowerCase().replace('_', '-')}`;
      expect(envOf(rendered)).toContainEqual({ name: `${variable}_FILE`, value: file });
      expect(variablesOf(rendered)).not.toContain(variable);
    }
    const others = rendered.objects.filter(({ kind }) => kind !== 'Secret');
    expect(JSON.stringify(others)).not.toContain('hunter2');
    expect(JSON.stringify(others)).not.toContain(Buffer.from('hunter2').toString('base64').slice(0, 8));
  });

  test('a Secret that is there already takes the place of each of them', () => {
    const rendered = set('existing-secrets');
    expect(rendered.has('Secret')).toBe(false);
    expect(filesOf(rendered)).toEqual({
      'redis-url': 'secret rollcast-stores/redis',
      'mongodb-url': 'secret rollcast-stores/mongodb',
      'jwt-public-key': 'secret rollcast-key/public.pem',
      'otlp-headers': 'secret rollcast-traces/otlp-headers',
    });
    expect(filesOf(withValues(STORES, 'auth.existingSecret=stores'))).toEqual({
      'redis-url': 'secret stores/redis-url',
      'mongodb-url': 'secret stores/mongodb-url',
      'jwt-secret': 'secret stores/jwt-secret',
    });
    const keySet = withValues(STORES, 'auth.existingSecret=stores,auth.existingSecretKind=jwksUrl');
    expect(envOf(keySet)).toContainEqual({
      name: 'JWT_JWKS_URL',
      valueFrom: { secretKeyRef: { name: 'stores', key: 'jwks-url' } },
    });
    expect(envOf(rendered)).toContainEqual({
      name: 'OTEL_EXPORTER_OTLP_HEADERS_FILE',
      value: '/etc/rollcast/otlp-headers',
    });
  });

  test('CA certificates become files too, and the variables name them', () => {
    const rendered = set('sentinel-tls');
    expect(filesOf(rendered)).toMatchObject({
      'redis-ca.crt': 'secret redis-ca/ca.crt',
      'mongodb-ca.crt': `secret ${rendered.one('Secret').metadata.name}/mongodb-ca.crt`,
      'trusted-ca.crt': 'configMap internal-ca/bundle.pem',
    });
    expect(envOf(rendered)).toContainEqual({ name: 'REDIS_TLS_CA_FILE', value: '/etc/rollcast/redis-ca.crt' });
    expect(envOf(rendered)).toContainEqual({ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/rollcast/trusted-ca.crt' });
  });

  test('pods are replaced when what they read at their start changes, and only then', () => {
    const sums = (...values: string[]) => {
      const { annotations } = withValues(...values).one('Deployment').spec.template.metadata;
      return [annotations['checksum/config'], annotations['checksum/secret']];
    };
    const key = 'auth.jwtSecret=one-secret';
    const [config, secret] = sums(key);
    expect(config).toMatch(/^[0-9a-f]{64}$/);
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(sums(key)).toEqual([config, secret]);
    expect(sums(key, 'service.port=8080,metrics.dashboard.enabled=true')).toEqual([config, secret]);
    const [withOther, same] = sums(key, 'config.logLevel=debug');
    expect(withOther).not.toBe(config);
    expect(same).toBe(secret);
    const [unchanged, changed] = sums('auth.jwtSecret=another-secret');
    expect(unchanged).toBe(config);
    expect(changed).not.toBe(secret);
    expect(sums()[1]).toBeUndefined();
  });

  test.each([
    [
      { 'config.trustProxy': false, 'config.retentionDays': false, 'config.deviceSignals': false },
      ['off', 'off', 'off'],
    ],
    [{ 'config.trustProxy': true, 'config.retentionDays': 30, 'config.deviceSignals': true }, ['on', '30', 'on']],
    [{ 'config.trustProxy': 2, 'config.retentionDays': '400', 'config.deviceSignals': 'on' }, ['2', '400', 'on']],
    [{ 'config.trustProxy': '10.0.0.0/8, loopback' }, ['10.0.0.0/8, loopback', 'off', 'off']],
  ])('off, on and numbers are what the service understands: %j', (values, expected) => {
    const { TRUST_PROXY, RETENTION_DAYS, DEVICE_SIGNALS } = configOf(withValues(values));
    expect([TRUST_PROXY, RETENTION_DAYS, DEVICE_SIGNALS]).toEqual(expected);
  });

  test('traces are set by their endpoint, and a ratio of 0 is a ratio', () => {
    expect(Object.keys(configOf(withValues(DISTRIBUTED))).filter((it) => it.startsWith('OTEL_'))).toEqual([]);
    const config = configOf(withValues('tracing.endpoint=http://otel:4318,tracing.sampleRatio=0'));
    expect(config).toMatchObject({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4318', OTEL_TRACES_SAMPLER_ARG: '0' });
  });

  test('further variables win over those of config', () => {
    const rendered = withValues({ extraEnv: [{ name: 'LOG_LEVEL', value: 'trace' }] });
    expect(configOf(rendered).LOG_LEVEL).toBe('info');
    // Of a variable in env and in envFrom, Kubernetes takes the one in env.
    expect(envOf(rendered)).toContainEqual({ name: 'LOG_LEVEL', value: 'trace' });
  });
});
