/**
 * Takes the pictures of docs/images from the console as it is: a node with a made-up class in this process, and Chromium
 * of TEST_CHROMIUM or on the path. `npm run screenshots`, or with names of pictures only those.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { installed } from '../deploy/local-cluster/installed.ts';
import { openScene, type Scene } from './screenshots/scene.ts';

const TO = path.resolve(import.meta.dirname, '../docs/images');
const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 760 }, hasTouch: true, isMobile: true };
const DESK: BrowserContextOptions = { viewport: { width: 1200, height: 760 } };
const READY_MS = 10_000;

type Picture = {
  name: string;
  on: BrowserContextOptions;
  dark?: boolean;
  /** Of a page: its path, with what the address brings in its fragment. */
  path: (scene: Scene) => string;
  /** What is done before the picture is taken; what is waited for may not be there yet on pages that are being built. */
  act?: (page: Page, scene: Scene) => Promise<void>;
};

const as = (token: string, to: string): string => `${to}#token=${token}`;
const seen = (page: Page, text: string): Promise<void> => page.getByText(text).first().waitFor({ timeout: READY_MS });

const PICTURES: Picture[] = [
  { name: 'sign-in', on: DESK, path: () => '/' },
  { name: 'home', on: DESK, path: ({ teacher }) => as(teacher, '/') },
  { name: 'course', on: DESK, path: ({ teacher, course_id }) => as(teacher, `/courses/${course_id}`) },
  { name: 'session', on: DESK, path: ({ teacher, live }) => as(teacher, `/sessions/${live}`) },
  { name: 'session-dark', on: DESK, dark: true, path: ({ teacher, live }) => as(teacher, `/sessions/${live}`) },
  { name: 'report', on: DESK, path: ({ teacher, course_id }) => as(teacher, `/courses/${course_id}/report`) },
  {
    name: 'join',
    on: PHONE,
    path: ({ student, live }) => as(student, `/join/${live}`),
    act: (page) => seen(page, 'I am here'),
  },
  {
    name: 'join-dark',
    on: PHONE,
    dark: true,
    path: ({ student, live }) => as(student, `/join/${live}`),
    act: (page) => seen(page, 'I am here'),
  },
  {
    name: 'join-result',
    on: PHONE,
    path: ({ student, live }) => as(student, `/join/${live}`),
    act: async (page, { code }) => {
      await page.getByLabel('Code shown in the room').fill(await code());
      await page.getByRole('button', { name: 'I am here' }).click();
      await seen(page, 'You are here');
    },
  },
  {
    name: 'history',
    on: PHONE,
    path: ({ student }) => as(student, '/history'),
    act: (page) => seen(page, 'Attendance rate'),
  },
];

const chromiumHere = (): string => {
  const { TEST_CHROMIUM } = process.env;
  const found = TEST_CHROMIUM ?? installed('chromium') ?? installed('chromium-browser') ?? installed('google-chrome');
  if (found === null) throw new Error('screenshots need Chromium on the path, or TEST_CHROMIUM');
  return found;
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !PICTURES.some((it) => it.name === name));
if (unknown.length > 0) throw new Error(`there is no picture called ${unknown.join(', ')}`);

const dir = mkdtempSync(path.join(tmpdir(), 'rollcast-screenshots-'));
const scene = await openScene(dir);
const browser = await chromium.launch({ executablePath: chromiumHere(), args: ['--no-sandbox'] });
try {
  mkdirSync(TO, { recursive: true });
  for (const it of PICTURES.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const colorScheme = it.dark === true ? 'dark' : 'light';
    const context = await browser.newContext({ ...it.on, colorScheme, locale: 'en-GB', timezoneId: 'Europe/Berlin' });
    const page = await context.newPage();
    await page.goto(`${scene.url}${it.path(scene)}`);
    // A page that is not what it was expected to be is on the picture as it is, and said.
    await it.act?.(page, scene).catch((error: Error) => process.stderr.write(`${it.name}: ${error.message}\n`));
    await page.waitForLoadState('networkidle', { timeout: READY_MS }).catch(() => {});
    await page.screenshot({ path: path.join(TO, `${it.name}.png`), animations: 'disabled' });
    await context.close();
    process.stdout.write(`docs/images/${it.name}.png\n`);
  }
} finally {
  await browser.close();
  await scene.close();
  rmSync(dir, { recursive: true, force: true });
}
