/** What the workflows name is there: they run elsewhere, so a name that is wrong would show only then. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const ROOT = path.resolve(import.meta.dirname, '../..');
const FOLDER = path.join(ROOT, '.github/workflows');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

type Step = { uses?: string; run?: string; with?: Record<string, string> };
type Job = {
  uses?: string;
  needs?: string | string[];
  steps?: Step[];
  'timeout-minutes'?: number;
  strategy?: { matrix: { include?: Record<string, string | number>[] } };
};
type Workflow = { permissions?: unknown; concurrency?: unknown; jobs: Record<string, Job> };

const files = readdirSync(FOLDER);
const workflows = files.map((file) => ({ file, text: read(`.github/workflows/${file}`) }));
const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);

/** Npm's own commands that need no script of ours. */
const NPM_SCRIPT = /\bnpm (?:run (?:--silent )?([\w:-]+)|(test|start)\b)/g;
/** Files of this repository in a line of shell, and in what steps are given. What .ci/out holds is made by the run. */
const NAMED_FILE = /(?<![\w/.-])(?:\.ci|helm|deploy|test|scripts|docs)\/[\w./*-]+/g;
const isMade = (name: string): boolean => name.startsWith('.ci/out/') || name === 'deploy/.env';

test.each(workflows)('$file: its scripts and files are in this repository', ({ text }) => {
  const { jobs, ...rest } = parse(text) as Workflow;
  const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);
  const shell = steps.map(({ run = '' }) => run).join('\n');
  const named = [...shell.matchAll(NPM_SCRIPT)].map(([, script, short]) => script ?? short ?? '');
  expect(named.filter((it) => !scripts.includes(it))).toEqual([]);
  const mentioned = [...`${shell}\n${JSON.stringify([jobs, rest])}`.matchAll(NAMED_FILE)].map(([it]) => it);
  const paths = mentioned.filter((it) => !isMade(it)).map((it) => it.replace(/\/\*.*$/, ''));
  expect(paths.filter((it) => !existsSync(path.join(ROOT, it)))).toEqual([]);
  expect(paths.length).toBeGreaterThan(0);
});

test.each(workflows)(
  '$file: least rights, an end to every job, actions by commit with their version beside it',
  ({ text }) => {
    const { permissions, concurrency, jobs } = parse(text) as Workflow;
    expect(permissions).toEqual({ contents: 'read' });
    expect(concurrency).toBeDefined();
    for (const [name, job] of Object.entries(jobs)) {
      if (job.uses === undefined) expect(job['timeout-minutes'], name).toBeGreaterThan(0);
      else expect(existsSync(path.join(ROOT, job.uses)), job.uses).toBe(true);
      expect([job.needs ?? []].flat().filter((it) => !(it in jobs))).toEqual([]);
    }
    const actions = text.split('\n').filter((line) => /^\s*(?:- )?uses: (?!\.\/)/.test(line));
    expect(actions.length).toBeGreaterThan(0);
    for (const line of actions) expect(line).toMatch(/uses: [\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  },
);

describe('ci.yml', () => {
  const { jobs } = parse(read('.github/workflows/ci.yml')) as Workflow;
  const runs = jobs.tests?.strategy?.matrix.include ?? [];

  test.each([
    ['Node', 'node', ['22', '24', '26']],
    ['Redis', 'redis', ['redis:7', 'redis:8', 'valkey/valkey:8']],
    ['MongoDB', 'mongodb', ['mongo:7', 'mongo:8']],
  ])('tests every %s that is promised', (_name, key, promised) => {
    const tried = runs.map((it) => String(it[key]).replace(/-\w+$/, ''));
    expect([...new Set(tried)].sort()).toEqual(promised);
  });

  test('one action has one version everywhere', () => {
    const uses = workflows.flatMap(({ text }) => [...text.matchAll(/uses: ([^.\s]\S+)@(\S+)/g)]);
    const versions = new Map<string, Set<string>>();
    for (const [, action = '', commit = ''] of uses)
      versions.set(action, (versions.get(action) ?? new Set()).add(commit));
    expect([...versions].filter(([, commits]) => commits.size > 1).map(([action]) => action)).toEqual([]);
  });
});
