import path from 'node:path';

/** A source file: its path below src/ with forward slashes (`live/live-store.ts`), and its text. */
export interface SourceFile {
  path: string;
  text: string;
}

/** What the modules of one layer may import. A module is a folder of src/, or a file that lies in src/ itself. */
interface Rule {
  modules: string[];
  /** Only these modules of ours (beside itself). Unset: every one that is not in `never`. */
  only?: string[];
  /** Of the modules in `only` nothing but types: nothing of them runs here. */
  typesOnly?: boolean;
  never?: string[];
  /** Only these packages and `node:` modules. Unset: any. */
  packages?: string[];
}

/**
 * Imports point one way: contract ← domain ← live, registry, archive ← attendance ← sockets, rest ← profiles ← app ← node-process ← main.
 * The first rule that names a module is its rule; `*` is for every module that is not named.
 */
const RULES: Rule[] = [
  // Clients get the contract too, browsers among them: it can need neither the server nor Node.
  { modules: ['contract'], only: [], packages: ['typebox'] },
  // Runs in browsers and in Node, and gets small: of the contract it takes the types, without its schemas.
  { modules: ['client'], only: ['contract'], typesOnly: true, packages: ['socket.io-client', 'react'] },
  // The console is one more client.
  { modules: ['web'], only: ['contract', 'client'] },
  // Pure: whoever has a roll and a command gets the same answer anywhere, so there is nothing to reach out with.
  // A hash of what it is given is as pure as a sum.
  { modules: ['domain'], only: ['contract', 'limits'], packages: ['node:crypto'] },
  { modules: ['attendance'], never: ['sockets', 'rest', 'profiles', 'app', 'node-process', 'main', 'demo'] },
  // The two edges do the same things through one doorway; what one took from the other would bypass it.
  { modules: ['sockets'], never: ['rest', 'profiles', 'app', 'node-process', 'main', 'demo'] },
  { modules: ['rest'], never: ['sockets', 'profiles', 'app', 'node-process', 'main', 'demo'] },
  // Put stores and rooms together; app takes one of them.
  { modules: ['profiles'], never: ['rest', 'app', 'node-process', 'main', 'demo'] },
  { modules: ['app'], never: ['node-process', 'main', 'demo'] },
  { modules: ['node-process'], never: ['main', 'demo'] },
  { modules: ['demo'], never: ['main'] },
  { modules: ['main'], never: ['demo'] },
  // live, registry, archive and all that serves them (clock, errors, fanout, config, metrics, …).
  { modules: ['*'], never: ['attendance', 'sockets', 'rest', 'profiles', 'app', 'node-process', 'main', 'demo'] },
];

/** What runs elsewhere, and not in the server: no part of that takes anything from it. */
const CLIENT_SIDE = new Set(['client', 'web']);

/** A folder is a subject. These names say only what kind of syntax is inside, so anything would end up there. */
const FOLDERS_WITHOUT_SUBJECT = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'types', 'interfaces']);

/** `import … from 'x'`, `export … from 'x'` and `import 'x'`, over several lines too. */
const STATIC_IMPORT = /^[ \t]*(?:import|export)\b(?:[^'"`;=]*?\bfrom)?\s*['"]([^'"]+)['"]/gm;
/** The same of types alone, as a whole: what `verbatimModuleSyntax` leaves nothing of. */
const TYPE_IMPORT = /^[ \t]*(?:import|export)\s+type\b[^'"`;=]*?\bfrom\s*['"][^'"]+['"];?/gm;
/** `import('x')`, as a value and in types. */
const DYNAMIC_IMPORT = /\bimport\s*\(\s*['"`]([^'"`]+)['"`]/g;

/**
 * The specifiers that a file imports, types included. Comments that begin a line are left out first; others stay,
 * since cutting at every `//` or slash-star would also cut strings such as URLs and route patterns.
 */
export function importSpecifiers(text: string): string[] {
  const code = text.replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, '').replace(/^[ \t]*\/\/.*$/gm, '');
  return [STATIC_IMPORT, DYNAMIC_IMPORT].flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => match[1] ?? ''),
  );
}

/** `live/live-store.ts` → `live`; `limits.ts` → `limits`. */
function moduleOf(file: string): string {
  return (file.split('/')[0] ?? file).replace(/\.[cm]?[jt]sx?$/, '');
}

/** `@fastify/cors/x` → `@fastify/cors`; `typebox/compile` → `typebox`; `node:fs/promises` → `node:fs`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function objection(from: string, specifier: string, runs: boolean): string | undefined {
  const own = moduleOf(from);
  const rule = RULES.find(({ modules }) => modules.includes(own) || modules.includes('*'));
  if (rule === undefined) return undefined;
  if (!specifier.startsWith('.')) {
    const allowed = rule.packages === undefined || rule.packages.includes(packageOf(specifier));
    return allowed ? undefined : `${own} does not use that package`;
  }
  const target = path.posix.join(path.posix.dirname(from), specifier);
  if (target.startsWith('..')) return 'lies outside src/, which is all that is shipped';
  const other = moduleOf(target);
  if (other === own) return undefined;
  if (CLIENT_SIDE.has(other) && !CLIENT_SIDE.has(own)) return `${own} is of the server, and ${other} is not`;
  if (rule.typesOnly === true && runs) return `${own} takes types alone from ${other}`;
  if (rule.only !== undefined && !rule.only.includes(other)) return `${own} does not know ${other}`;
  return rule.never?.includes(other) ? `${own} lies below ${other} or beside it` : undefined;
}

/** One line for each import that points the wrong way and each folder without a subject; empty if all is well. */
export function findViolations(files: readonly SourceFile[]): string[] {
  const found: string[] = [];
  for (const { path: file, text } of files) {
    for (const folder of file.split('/').slice(0, -1)) {
      if (FOLDERS_WITHOUT_SUBJECT.has(folder)) found.push(`${file}: the folder name "${folder}" names no subject`);
    }
    const run = new Set(importSpecifiers(text.replace(TYPE_IMPORT, '')));
    for (const specifier of importSpecifiers(text)) {
      const why = objection(file, specifier, run.has(specifier));
      if (why !== undefined) found.push(`${file} imports ${specifier}: ${why}`);
    }
  }
  return found;
}
