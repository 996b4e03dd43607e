import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'bench/README.md',
  'helm/rollcast/README.md',
  ...readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file.split(path.sep).join('/')}`),
];

const read = (page: string): string => readFileSync(path.join(ROOT, page), 'utf8');

/** What stands in code is no markdown: neither its brackets nor its headings. */
const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, 'code');

/** Targets of links and images that lead into this repository. */
const linksOf = (text: string): string[] =>
  [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target as string)
    .filter((target) => !/^[a-z]+:/i.test(target));

/** The anchors that GitHub gives to the headings of a page. */
const anchorsOf = (text: string): string[] => {
  const seen = new Map<string, number>();
  return [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) => {
    const slug = (heading as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
};

const complaint = (page: string, target: string): string[] => {
  const [file = '', anchor] = target.split('#');
  const to = file === '' ? page : path.posix.join(path.posix.dirname(page), decodeURIComponent(file));
  const full = path.join(ROOT, to);
  if (to.startsWith('..') || !existsSync(full)) return [`${page} links to ${target}, which does not exist`];
  if (anchor === undefined || statSync(full).isDirectory() || !to.endsWith('.md')) return [];
  return anchorsOf(read(to)).includes(anchor) ? [] : [`${page} links to ${target}: no such heading`];
};

test('every relative link in the documentation leads to a file, and to a heading in it', () => {
  const links = pages.flatMap((page) => linksOf(read(page)).map((target) => [page, target] as const));
  expect(links.length).toBeGreaterThan(50);
  expect(links.flatMap(([page, target]) => complaint(page, target))).toEqual([]);
});

test('the check itself finds what is broken', () => {
  expect(complaint('README.md', 'docs/nothing.md')).toHaveLength(1);
  expect(complaint('README.md', 'docs/architecture.md#nothing')).toHaveLength(1);
  expect(complaint('README.md', '../elsewhere.md')).toHaveLength(1);
  expect(complaint('docs/adr/README.md', '../architecture.md#limits')).toEqual([]);
  expect(anchorsOf('# A\n\n## Group commit\n### GET /courses/:id\n## A')).toEqual([
    'a',
    'group-commit',
    'get-coursesid',
    'a-1',
  ]);
  expect(linksOf('[a](b.md) `[c](d.md)` [e](https://example.edu) ![f](g.png)')).toEqual(['b.md', 'g.png']);
});

test('every page of the documentation is reached from the README', () => {
  const reached = new Set<string>(['README.md']);
  for (const page of reached) {
    for (const target of linksOf(read(page))) {
      const file = target.split('#')[0] ?? '';
      const to = path.posix.join(path.posix.dirname(page), file);
      const index = to.endsWith('/') ? `${to}README.md` : to;
      if (file !== '' && pages.includes(index)) reached.add(index);
    }
  }
  expect(pages.filter((page) => !reached.has(page))).toEqual([]);
});
