/** The package as others get it: packed, installed into an empty project, type-checked, run, bundled. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InProcess } from '../support/in-process.ts';
import { InstalledPackage } from '../support/installed-package.ts';

const MAX_GZIPPED_BYTES = 12 * 1024;
/** Several programs, one after another, on a machine with other things to do. */
const TEST_MS = 120_000;

let project: InstalledPackage;
beforeAll(async () => {
  project = await InstalledPackage.install();
}, TEST_MS);
afterAll(() => project.remove());

const PROGRAM_TS = `
import { type Connection, type Me, type Observable, type Roll, Rollcast, RollcastError } from 'rollcast/client';
import { type UsedSession, useAttendanceSession, useConnection, useRoll } from 'rollcast/react';

const client = new Rollcast({ url: 'https://attendance.example.edu', token: async () => null, device_id: 'd' }).connect();
const session = client.session('s');

export const main = async (): Promise<void> => {
  const me: Me = await session.join({ code: '123456' });
  const roll: Roll = await session.start();
  const changed: number = await session.markMany([{ student_id: 'a', status: 'late' }], { only_unmarked: true });
  await session.mark('a', 'excused', { remarks: null, request_id: 'r', giveUpAfter: 5_000 });
  const { code, expires_at, url }: { code: string; expires_at: string; url?: string } = await session.checkInCode();
  const records = (await session.end()).finalData.attendanceRecords;
  const name: string | undefined = records[0]?.student_name;
  const rate: number | undefined = roll.statistics?.attendanceRate;
  const { activeSessions } = await client.request('getActiveSessions', { course_id: 'c' });
  const count: number = activeSessions.reduce((sum, it) => sum + it.studentCount, 0);
  console.log(me.status, changed, code, expires_at, url, name, rate, count);
};
main().catch((error: unknown) => {
  if (error instanceof RollcastError && error.code === 'RATE_LIMITED') console.log(error.retry_after_ms);
});

export const off: () => void = client.on('studentMarked', ({ attendanceRecord }) => {
  const remarks: string | null = attendanceRecord.remarks;
  console.log(remarks);
});
export const connection: Observable<Connection> = client.connection;
export const use = (): [UsedSession, Roll, Connection] => [
  useAttendanceSession(client, 's'),
  useRoll(session),
  useConnection(client),
];

// What must not compile.
// @ts-expect-error: no such event
client.on('studentMarkedd', () => {});
// @ts-expect-error: no such status
session.mark('a', 'here');
// @ts-expect-error: a session is named by its id
client.request('endAttendanceSession', {});
// @ts-expect-error: the roll is for reading
session.roll.get().seq = 1;
`;

test.each([
  ['nodenext', { module: 'nodenext', moduleResolution: 'nodenext', target: 'es2022' }],
  ['bundler', { module: 'esnext', moduleResolution: 'bundler', target: 'es2022' }],
])(
  'a strict program on rollcast/client and rollcast/react type-checks, its mistakes do not (moduleResolution %s)',
  async (_name, options) => {
    project.write('program.ts', PROGRAM_TS);
    const lib = ['es2023', 'dom', 'dom.iterable'];
    expect(await project.typeCheck(['program.ts'], { ...options, lib, noEmit: true, skipLibCheck: false })).toBe('');
  },
  TEST_MS,
);

const PROGRAM_JS = `
import { Rollcast } from 'rollcast/client';

const { URL, SESSION, STUDENT, TEACHER_TOKEN, STUDENT_TOKEN } = process.env;
const teacher = new Rollcast({ url: URL, token: TEACHER_TOKEN }).connect();
const student = new Rollcast({ url: URL, token: () => STUDENT_TOKEN }).connect();
const roll = teacher.session(SESSION);
const { records } = await roll.start();
const { status } = await student.session(SESSION).join();
await roll.mark(STUDENT, 'late');
await roll.end();
console.log(JSON.stringify({ students: records.size, status, statistics: roll.roll.get().statistics }));
teacher.close();
student.close();
`;

test(
  'a program in plain Node imports rollcast/client, takes the attendance of a class, and ends by itself',
  async () => {
    const node = new InProcess();
    await node.start();
    try {
      const room = await node.classroom({ students: 2 });
      project.write('program.js', PROGRAM_JS);
      const { ended } = project.start(['program.js'], {
        URL: node.nodes[0]?.url ?? '',
        SESSION: room.session_id,
        STUDENT: room.student(1).student_id,
        TEACHER_TOKEN: node.token(room.teacher),
        STUDENT_TOKEN: node.token(room.student(0)),
      });
      expect(JSON.parse(await ended)).toMatchObject({
        students: 2,
        status: 'present',
        statistics: { presentCount: 1, lateCount: 1, attendanceRate: 100 },
      });
    } finally {
      await node.stop();
    }
  },
  TEST_MS,
);

/** One file for browsers, with nothing in it that is not the package's own. */
const bundled = async (entry: string, external: string[]): Promise<Rolldown.OutputChunk> => {
  const outputs = await build({
    configFile: false,
    logLevel: 'silent',
    root: project.dir,
    build: {
      write: false,
      minify: true,
      lib: { entry: path.join(project.dir, 'node_modules/rollcast/dist/client', entry), formats: ['es'] },
      rolldownOptions: { external },
    },
  });
  const [chunk, ...more] = (outputs as Rolldown.RolldownOutput[])[0]?.output ?? [];
  expect(more).toEqual([]);
  return chunk as Rolldown.OutputChunk;
};

test(
  'rollcast/client is under 12 KB gzipped without socket.io-client, and imports nothing else',
  async () => {
    const chunk = await bundled('index.js', ['socket.io-client']);
    const bytes = gzipSync(chunk.code, { level: 9 }).length;
    console.log(`rollcast/client: ${bytes} bytes gzipped, ${chunk.code.length} minified, without socket.io-client`);
    expect(bytes).toBeLessThan(MAX_GZIPPED_BYTES);
    expect(chunk.imports).toEqual(['socket.io-client']);
    expect((await bundled('react.js', ['react'])).imports).toEqual(['react']);
  },
  TEST_MS,
);

test('no file of the client imports at run time what its users do not have', () => {
  const home = path.join(project.dir, 'node_modules/rollcast/dist/client');
  const files = readdirSync(home).filter((it) => it.endsWith('.js'));
  const imported = files.flatMap((file) =>
    [...readFileSync(path.join(home, file), 'utf8').matchAll(/^(?:import|export)\b.*?from '([^']+)'/gms)].map(
      ([, specifier]) => specifier as string,
    ),
  );
  expect([...new Set(imported.filter((it) => !it.startsWith('./')))].sort()).toEqual(['react', 'socket.io-client']);
});

test('the package holds what it runs and declares, and nothing of what it is made from', () => {
  const { files } = project;
  for (const it of ['dist/main.js', 'dist/client/index.js', 'dist/client/index.d.ts', 'dist/client/react.d.ts']) {
    expect(files).toContain(it);
  }
  const wanted = /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/.*)$/;
  expect(files.filter((it) => !wanted.test(it))).toEqual([]);
  expect(files.filter((it) => it.endsWith('.ts') && !/^dist\/(client|contract)\/.*\.d\.ts$/.test(it))).toEqual([]);
});
