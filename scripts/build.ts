/**
 * `node scripts/build.ts [directory] [--unchecked]`
 *
 * Compiles src/ into dist/ (or the directory that is given), declares the types of what the package exports, and copies
 * what the compiler leaves behind (files that the program reads at run time). Unchecked, types are left to
 * `npm run check`, which takes most of the time.
 * The directory is made anew each time: a file whose source is gone must not live on there.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import type { Plugin } from 'vite';

const { values: options, positionals } = parseArgs({
  options: { unchecked: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const root = path.resolve(import.meta.dirname, '..');
const from = path.join(root, 'src');
const to = path.resolve(positionals[0] ?? path.join(root, 'dist'));

/** The compiler's own file rather than its name on the path, so that the script works outside npm as well. */
const compile = (project: string, ...flags: string[]): void => {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', path.join(root, project), '--outDir', to, ...flags];
  if (options.unchecked) args.push('--noCheck');
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

/** The compiler rewrites `./x.ts` in code and leaves it in declarations, where not every reader finds `./x.d.ts` by it. */
const renameImports = (): void => {
  for (const file of readdirSync(to, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.d.ts')) continue;
    const full = path.join(to, file);
    writeFileSync(full, readFileSync(full, 'utf8').replace(/(['"]\.{1,2}\/[^'"\n]+)\.ts(['"])/g, '$1.js$2'));
  }
};

rmSync(to, { recursive: true, force: true });
compile('tsconfig.build.json');
compile('tsconfig.client.json', '--noEmit', 'false', '--declaration', '--emitDeclarationOnly');
renameImports();

/**
 * OpenTelemetry's SDK goes into the one file that uses it, with the licenses beside it: installed as packages it would
 * be larger than everything else together (docs/adr/0015-traces-bundled.md).
 */
const bundleTracing = async (): Promise<void> => {
  process.env.NODE_ENV = 'production';
  const { build } = await import('vite');
  const made = path.join(to, 'tracing-bundled');
  // What the rest of the service has of it too, so there must be one of it.
  const shared: Plugin = {
    name: 'shared',
    enforce: 'pre',
    resolveId: (id) => (id === './tracing.ts' ? { id: './tracing.js', external: true } : null),
  };
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    plugins: [shared],
    ssr: { noExternal: true },
    build: {
      ssr: path.join(from, 'tracing/otlp-tracing.ts'),
      outDir: made,
      emptyOutDir: true,
      license: { fileName: 'LICENSES.md' },
      rolldownOptions: { output: { entryFileNames: 'otlp-tracing.js' } },
    },
  });
  for (const file of ['otlp-tracing.js', 'LICENSES.md']) cpSync(path.join(made, file), path.join(to, 'tracing', file));
  rmSync(path.join(to, 'tracing/otlp-tracing.js.map'));
  rmSync(made, { recursive: true });
};
await bundleTracing();

const webScript = [path.join(root, 'scripts/build-console.ts'), '--if-changed'];
const webBuild = spawnSync(process.execPath, webScript, { stdio: 'inherit' });
if (webBuild.status !== 0) process.exit(webBuild.status ?? 1);
const built = path.join(root, 'dist/web');
if (path.join(to, 'web') !== built) cpSync(built, path.join(to, 'web'), { recursive: true });

cpSync(from, to, {
  recursive: true,
  // The console is in dist/web already, built.
  filter: (file) =>
    !file.startsWith(path.join(from, 'web')) && (statSync(file).isDirectory() || !/\.[cm]?tsx?$/.test(file)),
});

for (const file of ['main.js', 'client/index.js', 'client/index.d.ts', 'client/react.d.ts']) {
  if (existsSync(path.join(to, file))) continue;
  console.error(`build: the compiler made no ${file}`);
  process.exit(1);
}
