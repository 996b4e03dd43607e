import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { findViolations, importSpecifiers, type SourceFile } from './support/import-direction.ts';

const SRC = path.resolve(import.meta.dirname, '../src');

function sourceFiles(): SourceFile[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.[cm]?tsx?$/.test(file))
    .map((file) => ({
      path: file.split(path.sep).join('/'),
      text: readFileSync(path.join(SRC, file), 'utf8'),
    }));
}

test('imports in src/ point one way and folders are named for subjects', () => {
  const files = sourceFiles();
  expect(files.length).toBeGreaterThan(0);
  expect(findViolations(files)).toEqual([]);
});

describe('the check itself', () => {
  const lines = {
    contract: "import { Type } from 'typebox';\nimport { Compile } from 'typebox/compile';",
    several: "import {\n  type A,\n  b,\n} from './several.ts';",
    exported: "export { a } from './exported.ts';\nexport * from './star.ts';\nexport type * from './types.ts';",
    bare: "import './bare.ts';",
    dynamic: "const a = await import('./dynamic.ts');\nlet b: import('./in-type.ts').B;",
  };

  test.each([
    ['packages', lines.contract, ['typebox', 'typebox/compile']],
    ['several lines', lines.several, ['./several.ts']],
    ['re-exports', lines.exported, ['./exported.ts', './star.ts', './types.ts']],
    ['side effects', lines.bare, ['./bare.ts']],
    ['dynamic imports', lines.dynamic, ['./dynamic.ts', './in-type.ts']],
    ['type imports', "import type { A } from './a.ts';", ['./a.ts']],
    ['no comments', "// import './a.ts';\n/**\n * import './b.ts'\n */\n", []],
    ['no strings', "export const from = 'x';\nexport const a = { from: 'y' };\nconst route = '/api/*';", []],
  ])('reads %s', (_name, text, specifiers) => {
    expect(importSpecifiers(text)).toEqual(specifiers);
  });

  test.each([
    ['contract/events.ts', '../limits.ts'],
    ['contract/events.ts', 'node:crypto'],
    ['contract/events.ts', 'fastify'],
    ['domain/roll.ts', '../clock.ts'],
    ['domain/roll.ts', '../live/live-store.ts'],
    ['domain/roll.ts', 'node:fs/promises'],
    ['live/live-store.ts', '../attendance.ts'],
    ['registry/registry.ts', '../rest/http-server.ts'],
    ['archive/archiver.ts', '../sockets/rooms.ts'],
    ['fanout.ts', './app.ts'],
    ['attendance.ts', './sockets/dispatch.ts'],
    ['attendance.ts', './rest/problem.ts'],
    ['sockets/dispatch.ts', '../rest/problem.ts'],
    ['rest/http-server.ts', '../sockets/rooms.ts'],
    ['rest/http-server.ts', '../app.ts'],
    ['app.ts', './main.ts'],
    ['demo/demo.ts', '../main.ts'],
    ['rest/deep/er.ts', '../../main.ts'],
    ['app.ts', '../test/support/client.ts'],
    ['client/roll.ts', '../contract/nouns.ts'],
    ['client/roll.ts', '../domain/statistics.ts'],
    ['client/rollcast.ts', 'typebox'],
    ['client/rollcast.ts', 'node:crypto'],
    ['web/console.ts', '../domain/roll.ts'],
    ['app.ts', './client/index.ts'],
    ['app.ts', './web/console.ts'],
    ['demo/demo.ts', '../client/index.ts'],
    ['client/index.ts', '../web/console.ts'],
  ])('%s may not import %s', (file, specifier) => {
    expect(findViolations([{ path: file, text: `import '${specifier}';` }])).toHaveLength(1);
  });

  test.each([
    ['contract/events.ts', './nouns.ts'],
    ['contract/events.ts', 'typebox/compile'],
    ['domain/roll.ts', '../contract/errors.ts'],
    ['domain/roll.ts', '../limits.ts'],
    ['live/embedded-live-store.ts', '../domain/roll.ts'],
    ['live/embedded-live-store.ts', 'node:sqlite'],
    ['archive/archiver.ts', '../live/live-store.ts'],
    ['attendance.ts', './registry/registry.ts'],
    ['sockets/dispatch.ts', '../attendance.ts'],
    ['rest/http-server.ts', '@fastify/cors'],
    ['app.ts', './sockets/socket-server.ts'],
    ['main.ts', './app.ts'],
    ['demo/demo.ts', '../app.ts'],
    ['client/rollcast.ts', 'socket.io-client'],
    ['client/react.ts', 'react'],
    ['web/console.ts', '../client/index.ts'],
    ['web/console.ts', '../contract/nouns.ts'],
    ['web/console.ts', 'react-dom/client'],
  ])('%s may import %s', (file, specifier) => {
    expect(findViolations([{ path: file, text: `import { a } from '${specifier}';` }])).toEqual([]);
  });

  test('the client may import types of the contract, and nothing of it that runs', () => {
    const types =
      "import type {\n  A,\n} from '../contract/events.ts';\nexport type { B } from '../contract/nouns.ts';";
    expect(findViolations([{ path: 'client/index.ts', text: types }])).toEqual([]);
    const both = `${types}\nimport { type C, d } from '../contract/events.ts';`;
    expect(findViolations([{ path: 'client/index.ts', text: both }])).toEqual([
      'client/index.ts imports ../contract/events.ts: client takes types alone from contract',
      'client/index.ts imports ../contract/events.ts: client takes types alone from contract',
    ]);
  });

  test.each(['utils/a.ts', 'live/helpers/a.ts', 'common/a.ts', 'types/a.ts', 'interfaces/a.ts'])(
    'refuses the folder of %s',
    (file) => {
      expect(findViolations([{ path: file, text: '' }])).toHaveLength(1);
    },
  );
});
