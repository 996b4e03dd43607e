/** deploy/compose.yaml holds together: with the service's settings, with the files it mounts, and with itself. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig, VARIABLES } from '../../src/config.ts';
import {
  type ComposeService,
  composeText,
  composeVariables,
  DEPLOY,
  environmentOf,
  readCompose,
} from '../support/compose-file.ts';

const JWT_SECRET = 'a secret for tests, 32 or longer';
const { services, networks, volumes } = readCompose({ JWT_SECRET });
const NODES = ['node-1', 'node-2', 'node-3'];
const all = Object.entries(services);
const service = (name: string): ComposeService => {
  const found = services[name];
  if (found === undefined) throw new Error(`there is no service ${name}`);
  return found;
};
const nodes = NODES.map(service);
const [node] = nodes as [ComposeService];
const settings = environmentOf(node);
const readHere = (file: string) => readFileSync(path.join(DEPLOY, file), 'utf8');
const seconds = (text: string | undefined) => Number(/^(\d+)s$/.exec(text ?? '')?.[1]);
/** Files and directories of the host. */
const mounts = ({ volumes = [] }: ComposeService) =>
  volumes.map((it) => it.split(':')).filter(([source = '']) => source.startsWith('.')) as [string, string, string][];

describe('the nodes', () => {
  test('are three of the same, and only one is built', () => {
    const { build, ...first } = node;
    expect(build).toBe('..');
    expect(service('node-2')).toEqual(first);
    expect(service('node-3')).toEqual(first);
    expect(existsSync(path.resolve(DEPLOY, build ?? '', 'Dockerfile'))).toBe(true);
  });

  test('have settings that the service knows and takes', () => {
    const secrets = Object.entries(VARIABLES).filter(([, it]) => 'secret' in it && it.secret);
    const known = [...Object.keys(VARIABLES), ...secrets.map(([name]) => `${name}_FILE`)];
    for (const name of Object.keys(settings)) expect(known).toContain(name);
    const config = readConfig(settings);
    expect(config.distributed).not.toBeNull();
    expect(config.tokenKey).toEqual({ kind: 'secret', secret: JWT_SECRET });
    expect(config.METRICS_PORT).not.toBe(config.PORT);
  });

  test('say where people reach them, also when that is elsewhere', () => {
    const urlWith = (env: Record<string, string>) =>
      readCompose({ JWT_SECRET, ...env }).services['node-1']?.environment?.PUBLIC_URL;
    expect(urlWith({})).toBe('http://localhost:8080');
    expect(urlWith({ ROLLCAST_PORT: '80' })).toBe('http://localhost:80');
    expect(urlWith({ PUBLIC_URL: 'https://roll.example.edu' })).toBe('https://roll.example.edu');
  });

  test('may drain before they are killed', () => {
    for (const it of nodes) {
      expect(seconds(it.stop_grace_period) * 1000).toBeGreaterThan(Number(settings.DRAIN_TIMEOUT_MS) + 5_000);
    }
  });

  test('are alive when they answer on their port', () => {
    // What the image has of its own, tried in production-install.test.ts; it asks where PORT says.
    expect(node.healthcheck.test).toEqual(['CMD', 'node', 'dist/healthcheck.js']);
    expect(existsSync(path.resolve(DEPLOY, '../src/healthcheck.ts'))).toBe(true);
  });
});

describe('secrets', () => {
  test('there is one, which must be given, and the message says how', () => {
    expect(() => readCompose()).toThrow(/^JWT_SECRET: .*openssl rand -hex 32/);
    expect(composeText()).toMatch(/^ +JWT_SECRET: \$\{JWT_SECRET:\?/m);
  });

  test('no other setting holds one', () => {
    for (const [name, it] of all) {
      const env = environmentOf(it);
      const secretive = Object.keys(env).filter((key) => /PASSWORD|SECRET|TOKEN|CREDENTIAL/.test(key));
      expect(secretive, name).toEqual(NODES.includes(name) ? ['JWT_SECRET'] : []);
      for (const value of Object.values(env)) {
        if (URL.canParse(value)) expect(new URL(value).password, name).toBe('');
      }
    }
  });
});

describe.each(all)('%s', (name, it) => {
  test('runs with as little as it needs', () => {
    expect(it).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(it.cap_add ?? it.privileged).toBeUndefined();
    expect(it.tmpfs?.some((place) => place.startsWith('/tmp:'))).toBe(true);
    // HAProxy's, Prometheus' and Grafana's images have users of their own.
    const expected = { redis: 'redis', mongodb: 'mongodb' }[name] ?? (NODES.includes(name) ? '1000:1000' : undefined);
    expect(it.user).toBe(expected);
  });

  test('is bounded, comes back, and says whether it is well', () => {
    expect(it.mem_limit).toMatch(/^\d+[mg]$/);
    expect(it.logging).toEqual({ driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } });
    expect(it.restart).toBe('unless-stopped');
    expect(it.healthcheck.test[0]).toBe('CMD');
    expect(seconds(it.healthcheck.timeout)).toBeGreaterThan(0);
  });

  test('is one image for ever', () => {
    if (NODES.includes(name)) expect(it.image).toBe('rollcast:checkout');
    else expect(it.image).toMatch(/^[a-z/]+:v?\d+\.\d+\.\d+(-[a-z0-9.]+)?@sha256:[0-9a-f]{64}$/);
  });

  test('is published to this machine alone', () => {
    for (const port of it.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    const published = ['haproxy', 'prometheus', 'grafana'].includes(name);
    expect((it.ports ?? []).length > 0).toBe(published);
  });

  test('mounts files that are there, and cannot write to them', () => {
    for (const [source, , mode] of mounts(it)) {
      expect(existsSync(path.resolve(DEPLOY, source)), source).toBe(true);
      expect(mode).toBe('ro');
    }
    const named = (it.volumes ?? [])
      .map((volume) => volume.split(':')[0] ?? '')
      .filter((source) => !source.startsWith('.'));
    for (const volume of named) expect(Object.keys(volumes)).toContain(volume);
  });

  test('waits for what there is, until it is healthy', () => {
    for (const [other, { condition }] of Object.entries(it.depends_on ?? {})) {
      expect(condition).toBe('service_healthy');
      expect(service(other).healthcheck).toBeDefined();
    }
    for (const network of it.networks) expect(Object.keys(networks)).toContain(network);
  });
});

test('the address of the balancer, and nothing else, can be opened to the network', () => {
  const open = readCompose({ JWT_SECRET, ROLLCAST_ADDRESS: '0.0.0.0' });
  const ports = Object.values(open.services).flatMap((it) => it.ports ?? []);
  expect(ports.filter((it) => !it.startsWith('127.0.0.1:'))).toEqual(['0.0.0.0:8080:8080']);
});

test('only nodes reach the stores, and only the balancer and Prometheus reach nodes', () => {
  const on = (network: string) => all.filter(([, it]) => it.networks.includes(network)).map(([name]) => name);
  expect(on('stores').sort()).toEqual(['mongodb', ...NODES, 'redis']);
  expect(networks.stores).toEqual({ internal: true });
  expect(on('nodes').sort()).toEqual(['haproxy', ...NODES, 'prometheus']);
});

test('Prometheus and Grafana are there on request, all others always', () => {
  const onRequest = all.filter(([, it]) => it.profiles !== undefined);
  expect(onRequest.map(([name]) => name)).toEqual(['prometheus', 'grafana']);
  for (const [, it] of onRequest) expect(it.profiles).toEqual(['observability']);
});

test('the balancer gets what its configuration asks for', () => {
  const haproxy = service('haproxy');
  const env = environmentOf(haproxy);
  const source = mounts(haproxy)[0]?.[0] ?? '';
  const asked = [...readHere(source).matchAll(/^ *[^#\n]*"\$\{(\w+)\}"/gm)].map(([, name]) => name);
  expect(Object.keys(env).sort()).toEqual([...new Set(asked)].sort());
  expect(NODES.map((_, n) => env[`NODE_${n + 1}`])).toEqual(NODES.map((it) => `${it}:${settings.PORT}`));
  const inside = haproxy.ports?.map((it) => `:${it.split(':')[2]}`);
  expect(inside).toEqual([env.BALANCER, env.STATUS]);
  expect(haproxy.healthcheck.test.at(-1)).toBe(`http://127.0.0.1${env.BALANCER}/readyz?parts=live`);
  expect(Object.keys(haproxy.depends_on ?? {})).toEqual(NODES);
});

describe('MongoDB', () => {
  const source = mounts(service('mongodb'))[0]?.[0] ?? '';
  const script = readHere(source);

  /** What mongosh would do with it: how it ended, and what was initiated. */
  const check = (state: { status?: () => void; primary: boolean }) => {
    const initiated: unknown[] = [];
    let quitWith = 0;
    runInNewContext(script, {
      rs: { status: state.status ?? (() => ({ ok: 1 })), initiate: (it: unknown) => initiated.push(it) },
      db: { hello: () => ({ isWritablePrimary: state.primary }) },
      quit: (code: number) => {
        quitWith = code;
      },
    });
    return { initiated, quitWith };
  };
  const failing = (codeName: string) => () => {
    throw Object.assign(new Error(codeName), { codeName });
  };

  test('becomes a replica set once, by its health check, of the name that nodes ask for', () => {
    const { initiated, quitWith } = check({ status: failing('NotYetInitialized'), primary: false });
    expect(quitWith).toBe(1);
    const { MONGODB_URL = '' } = settings;
    const asked = new URL(MONGODB_URL);
    const _id = asked.searchParams.get('replicaSet');
    expect(JSON.parse(JSON.stringify(initiated))).toEqual([{ _id, members: [{ _id: 0, host: asked.host }] }]);
    expect(asked.hostname).toBe('mongodb');
    const { command = [] } = service('mongodb');
    expect(command[command.indexOf('--replSet') + 1]).toBe(_id);
  });

  test('is healthy when it takes writes, and not before; what is wrong otherwise is told', () => {
    expect(check({ primary: true })).toEqual({ initiated: [], quitWith: 0 });
    expect(check({ primary: false })).toEqual({ initiated: [], quitWith: 1 });
    expect(() => check({ status: failing('Unauthorized'), primary: false })).toThrow('Unauthorized');
  });

  test('is checked with the file that is mounted', () => {
    expect(service('mongodb').healthcheck.test.at(-1)).toBe(mounts(service('mongodb'))[0]?.[1]);
  });
});

describe('observability', () => {
  const parsed = (file: string) => parse(readHere(file));
  const targetOf = (name: string, source: string) => mounts(service(name)).find(([it]) => it === source)?.[1] ?? '';

  test('Prometheus asks each node where its metrics are, and reads the rules that are mounted', () => {
    const { scrape_configs, rule_files } = parsed('compose/prometheus.yaml');
    expect(scrape_configs[0].static_configs[0].targets).toEqual(NODES.map((it) => `${it}:${settings.METRICS_PORT}`));
    const rules = targetOf('prometheus', '../helm/rollcast/files/alerts.yaml');
    expect(path.matchesGlob(rules, rule_files[0])).toBe(true);
    const config = targetOf('prometheus', './compose/prometheus.yaml');
    expect(service('prometheus').command).toContain(`--config.file=${config}`);
  });

  test('Grafana asks Prometheus, and shows the dashboard that is mounted', () => {
    const [source] = parsed('compose/grafana-datasources.yaml').datasources;
    const [, , inside] = service('prometheus').ports?.[0]?.split(':') ?? [];
    expect(source).toMatchObject({ type: 'prometheus', isDefault: true, url: `http://prometheus:${inside}` });
    const dashboard = targetOf('grafana', '../helm/rollcast/files/dashboard.json');
    const [provider] = parsed('compose/grafana-dashboards.yaml').providers;
    expect(path.dirname(dashboard)).toBe(provider.options.path);
    expect(environmentOf(service('grafana')).GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH).toBe(dashboard);
  });

  test('whoever opens Grafana may look, and nobody may log in', () => {
    expect(environmentOf(service('grafana'))).toMatchObject({
      GF_AUTH_ANONYMOUS_ENABLED: 'true',
      GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
      GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: 'true',
      GF_AUTH_DISABLE_LOGIN_FORM: 'true',
      GF_AUTH_BASIC_ENABLED: 'false',
    });
  });
});

test('docs/compose.md names every variable of the file and every port', () => {
  const docs = readFileSync(path.resolve(DEPLOY, '../docs/compose.md'), 'utf8');
  for (const name of composeVariables()) expect(docs).toContain(`\`${name}\``);
  for (const [, it] of all) for (const port of it.ports ?? []) expect(docs).toContain(port.split(':')[1]);
});
