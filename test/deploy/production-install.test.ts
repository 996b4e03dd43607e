/**
 * What the image holds and how it is started, without a container engine: the Dockerfile is carried out in a directory, and
 * its CMD, USER, ENV and HEALTHCHECK are taken from it. What only an engine can show is left to the workflow.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CollectedSpan, Collector } from '../support/collector.ts';
import { Deployment, TEST_SECRET } from '../support/deployment.ts';
import { hasNamespaces, ImageProcess, ImageService } from '../support/image-process.ts';
import { type ImageRoot, isInContext, isRoot, makeImageRoot, stages } from '../support/image-root.ts';
import { describeWithMongo, sharedMongo } from '../support/mongo-needed.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';
import { until } from '../support/until.ts';

const MAX_INSTALL_BYTES = 60_000_000;
/** An install, a build and some hundred megabytes of copies on a busy machine. */
const MAKE_MS = 600_000;
const TEST_MS = 60_000;
const BLOCK_BYTES = 512;
const REPOSITORY = path.resolve(import.meta.dirname, '../..');

type Installed = { version: string; dev?: boolean; hasInstallScript?: boolean; os?: string[]; cpu?: string[] };

let image: ImageRoot;
beforeAll(async () => {
  image = await makeImageRoot();
}, MAKE_MS);
afterAll(() => image?.remove(), TEST_MS);

/** Paths from /app. */
const filesOf = (folder: string): string[] =>
  readdirSync(path.join(image.cwd, folder), { recursive: true, withFileTypes: true })
    .filter((it) => it.isFile())
    .map((it) => path.relative(image.cwd, path.join(it.parentPath, it.name)));

const lockOf = (file: string): Record<string, Installed> =>
  (JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Installed> }).packages;

describe('what the image holds', () => {
  test('an install under 60 MB, by the bytes of its files and by the blocks that they take', () => {
    const stats = readdirSync(path.join(image.cwd, 'node_modules'), { recursive: true, withFileTypes: true }).map(
      (it) => statSync(path.join(it.parentPath, it.name)),
    );
    const bytes = stats.filter((it) => it.isFile()).reduce((sum, it) => sum + it.size, 0);
    const onDisk = stats.reduce((sum, it) => sum + it.blocks * BLOCK_BYTES, 0);
    console.log(`production install: ${(bytes / 1e6).toFixed(1)} MB in files, ${(onDisk / 1e6).toFixed(1)} MB on disk`);
    expect(Math.max(bytes, onDisk)).toBeLessThan(MAX_INSTALL_BYTES);
    expect(bytes).toBeGreaterThan(1_000_000);
  });

  test('of the lockfile’s packages those of production, all and none else; no install scripts, nothing of one platform', () => {
    const locked = Object.entries(lockOf(path.join(REPOSITORY, 'package-lock.json')));
    const wanted = locked.filter(([name, it]) => name.startsWith('node_modules/') && !isForDevelopment(it));
    const installed = lockOf(path.join(image.cwd, 'node_modules/.package-lock.json'));
    expect(Object.keys(installed).sort()).toEqual(wanted.map(([name]) => name).sort());
    for (const [name, it] of Object.entries(installed)) {
      expect(existsSync(path.join(image.cwd, name, 'package.json')), name).toBe(true);
      const { hasInstallScript, os, cpu } = it;
      expect({ name, hasInstallScript, os, cpu }).toEqual({ name });
    }
    expect(filesOf('node_modules').filter((it) => it.endsWith('.node'))).toEqual([]);
  });

  test('every licence and notice that the packages come with', () => {
    const isLicence = (file: string) => /^(licen[cs]e|notice|copying|third)/i.test(path.basename(file));
    const names = Object.keys(lockOf(path.join(image.cwd, 'node_modules/.package-lock.json')));
    const come = names.flatMap((name) => {
      const folder = path.join(REPOSITORY, name);
      return readdirSync(folder)
        .filter(isLicence)
        .map((it) => path.join(name, it));
    });
    expect(come.length).toBeGreaterThan(names.length / 2);
    expect(come.filter((it) => !existsSync(path.join(image.cwd, it)))).toEqual([]);
    expect(existsSync(path.join(image.cwd, 'LICENSE'))).toBe(true);
  });

  test('nothing else beside the compiled service, and no source that runs only with a compiler', () => {
    expect(readdirSync(image.cwd).sort()).toEqual(['LICENSE', 'dist', 'node_modules', 'package.json']);
    expect(filesOf('dist').filter((it) => /(?<!\.d)\.[cm]?tsx?$/.test(it))).toEqual([]);
  });

  test('one base for all stages, by digest, and a context without data, secrets and packages', () => {
    expect(new Set(stages.map(({ from }) => from)).size).toBe(1);
    expect(stages[0]?.from).toMatch(/^node:24\.\d+\.\d+-bookworm-slim@sha256:[0-9a-f]{64}$/);
    const never = ['.env', '.git/config', 'data/rollcast.db', 'node_modules/fastify/package.json', 'dist/main.js'];
    expect(never.filter(isInContext)).toEqual([]);
  });
});

const isForDevelopment = ({ dev, ...it }: Installed & { devOptional?: boolean; peer?: boolean }): boolean =>
  dev === true || it.devOptional === true || it.peer === true;

const CAN_WRITE = `
  const { writeFileSync } = require('node:fs');
  for (const dir of process.argv.slice(1)) {
    try { writeFileSync(dir + '/written-by-a-test', ''); console.log(dir); } catch {}
  }
`;

describe('how it runs', () => {
  test('its user can write to the data and nowhere else', async () => {
    const everywhere = ['/', '/dev/shm', '/var/tmp', tmpdir()].filter((it) => existsSync(it));
    const copy = [image.root, image.cwd, path.join(image.cwd, 'dist'), path.join(image.cwd, 'node_modules')];
    const tried = [...copy, ...(hasNamespaces ? everywhere : []), image.dataDir];
    const probe = new ImageProcess(image, ['node', '-e', CAN_WRITE, ...tried]);
    expect(await probe.ended, probe.output).toMatchObject({ code: 0 });
    expect(probe.output.trim().split('\n')).toEqual([image.dataDir]);
  });

  test('by the image’s user, with everything but the data read-only, as process 1', async (context) => {
    context.skip(
      !hasNamespaces,
      'needs root and namespaces (unshare) to run the image’s CMD as a container engine does',
    );
    const ids = '[process.pid, process.getuid(), process.getgid()].join()';
    const probe = new ImageProcess(image, ['node', '-p', ids]);
    await probe.ended;
    expect(probe.output.trim()).toBe(`1,${image.user},${image.user}`);
  });

  test('not as root', () => {
    expect(image.user).toBe(1000);
    if (!isRoot)
      console.warn('production install: not root, so it runs as the user of the tests, on a copy without write bits');
  });

  test(
    'embedded: serves pages, REST and sockets, sends traces, is healthy until it goes, and writes to DATA_DIR alone',
    async () => {
      const before = listing();
      const collector = await Collector.start();
      const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
      const service = await ImageService.start(image, { JWT_SECRET: TEST_SECRET, ...traced });
      await serves(service);
      expect(await service.stop('SIGTERM')).toEqual({ code: 0, signal: null });
      expect(service.output).toContain('"msg":"stopped"');
      expect((await service.healthcheck()).code).toBe(1);
      // OpenTelemetry is none of the packages: the build has it.
      const [join, ...others] = collector.spans.filter(({ name }) => name === 'joinAttendanceSession');
      expect(others).toEqual([]);
      expect(collector.below(join as CollectedSpan).map(({ name }) => name)).toEqual(['journal commit']);
      await collector.stop();
      expect(readdirSync(image.dataDir)).toContain('rollcast.db');
      expect(listing()).toEqual(before);
    },
    TEST_MS,
  );

  test(
    'a signal while it still starts ends it at once',
    async () => {
      const silent = createServer();
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const { port } = silent.address() as { port: number };
      let calls = 0;
      silent.on('connection', (socket) => {
        calls += 1;
        socket.on('error', () => {});
      });
      const stores = { REDIS_URL: `redis://127.0.0.1:${port}`, MONGODB_URL: `mongodb://127.0.0.1:${port}/rollcast` };
      const service = await ImageService.begin(image, { JWT_SECRET: TEST_SECRET, ...stores });
      await until('it asks for a store', () => calls > 0, TEST_MS / 2);
      expect(await service.stop('SIGTERM'), service.output).toEqual({ code: 0, signal: null });
      silent.close();
    },
    TEST_MS,
  );

  describeWithRedis('with Redis', 'any', () => {
    describeWithMongo('and MongoDB', 'any', () => {
      const redis = sharedRedis();
      const mongo = sharedMongo();
      test(
        'serves the same, and writes nothing',
        async () => {
          const before = listing();
          const data = readdirSync(image.dataDir);
          const stores = { REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix, MONGODB_URL: mongo.database() };
          const service = await ImageService.start(image, { JWT_SECRET: TEST_SECRET, ...stores });
          await serves(service);
          expect(await service.stop('SIGTERM')).toEqual({ code: 0, signal: null });
          expect({ all: listing(), data: readdirSync(image.dataDir) }).toEqual({ all: before, data });
        },
        TEST_MS,
      );
    });
  });
});

/** Every file of the image but the data, with its size and the time of its last change. */
const listing = (): string =>
  execFileSync('find', [image.root, '-path', image.dataDir, '-prune', '-o', '-printf', '%p %s %T@ %m %U\n'], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });

/** A lesson, a page and the health check; a client is still there afterwards, as at a real stop. */
const serves = async (service: ImageService): Promise<void> => {
  expect(await service.healthcheck()).toEqual({ code: 0, output: '' });
  const page = await (await fetch(service.url)).text();
  const [, script = ''] = /<script[^>]* src="\.?\/?([^"]+)"/.exec(page) ?? [];
  expect((await fetch(new URL(script, `${service.url}/`))).headers.get('content-type')).toMatch(/javascript/);
  const deployment = new Deployment([service], TEST_SECRET);
  const room = await deployment.classroom({ students: 2 });
  const teacher = await deployment.connect(room.teacher);
  await teacher.does('startAttendanceSession', { session_id: room.session_id });
  const student = await deployment.connect(room.student(0));
  const { status } = await student.does('joinAttendanceSession', { session_id: room.session_id });
  expect(status).toBe('present');
  deployment.settle();
};
