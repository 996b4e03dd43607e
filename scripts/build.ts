/**
 * Compiles src/ into dist/ and copies what the compiler leaves behind (files that the program reads at run time).
 * dist/ is made anew each time: a file whose source is gone must not live on there.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const root = path.resolve(import.meta.dirname, '..');
const from = path.join(root, 'src');
const to = path.join(root, 'dist');

rmSync(to, { recursive: true, force: true });

// The compiler's own file rather than its name on the path, so that the script works outside npm as well.
const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', path.join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);

const webBuild = spawnSync(process.execPath, [path.join(root, 'scripts/build-console.ts')], { stdio: 'inherit' });
if (webBuild.status !== 0) process.exit(webBuild.status ?? 1);

cpSync(from, to, {
  recursive: true,
  // The console is in dist/web already, built.
  filter: (file) =>
    !file.startsWith(path.join(from, 'web')) && (statSync(file).isDirectory() || !/\.[cm]?tsx?$/.test(file)),
});

if (!existsSync(path.join(to, 'main.js'))) {
  console.error('build: the compiler made no dist/main.js');
  process.exit(1);
}
