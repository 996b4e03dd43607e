/**
 * Builds the console into dist/web. --if-changed: only when its sources are not those of the last build, so that
 * `npm start` and `npm run demo` show what is in src/ and cost nothing when nothing has changed.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const root = path.resolve(import.meta.dirname, '..');
const to = path.join(root, 'dist/web');
const stamp = path.join(root, 'dist/web/sources');
/** What goes into the console. */
const SOURCES = ['src/web', 'src/client', 'src/contract', 'scripts/build-console.ts', 'package-lock.json'];

const filesIn = (name: string): string[] =>
  path.extname(name) !== ''
    ? [name]
    : readdirSync(path.join(root, name), { recursive: true, withFileTypes: true })
        .filter((it) => it.isFile())
        .map((it) => path.relative(root, path.join(it.parentPath, it.name)))
        .sort();

const hashOfSources = (): string => {
  const hash = createHash('sha256');
  for (const file of SOURCES.flatMap(filesIn)) hash.update(file).update(readFileSync(path.join(root, file)));
  return hash.digest('hex');
};

/** Beside each file what is sent of it: nodes compress nothing while a class scans. */
const compress = (folder: string): void => {
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    const whole = readFileSync(file);
    writeFileSync(`${file}.gz`, gzipSync(whole, { level: 9 }));
    writeFileSync(`${file}.br`, brotliCompressSync(whole));
  }
};

/** Whoever else was quicker has built the same. */
const replace = (made: string): void => {
  rmSync(to, { recursive: true, force: true });
  try {
    renameSync(made, to);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    if (!existsSync(stamp)) throw error;
  }
};

const hash = hashOfSources();
const isBuilt = existsSync(stamp) && readFileSync(stamp, 'utf8') === hash;
if (!process.argv.includes('--if-changed') || !isBuilt) {
  // Tests run this under an environment of their own, and React would be its development build, of twice the size.
  process.env.NODE_ENV = 'production';
  const { build } = await import('vite');
  // Beside the old one, which nodes serve meanwhile, and others may be building too.
  const made = `${to}-${process.pid}`;
  const configFile = path.join(root, 'src/web/vite.config.ts');
  await build({ configFile, logLevel: 'warn', build: { outDir: made, emptyOutDir: true } });
  if (!existsSync(path.join(made, 'index.html'))) throw new Error('build: it made no index.html');
  compress(path.join(made, 'assets'));
  writeFileSync(path.join(made, path.basename(stamp)), hash);
  replace(made);
}
