/** The console as the node serves it: what is built, wherever people reach it, and nothing that a page could misuse. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { RestService } from './rest-service.ts';

const builtConsole = (): string => {
  const dir = mkdtempSync(path.join(tmpdir(), 'rollcast-web-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(path.join(dir, 'assets'));
  writeFileSync(path.join(dir, 'index.html'), '<!doctype html><html><head><title>Console</title></head></html>');
  writeFileSync(path.join(dir, 'icon.svg'), '<svg/>');
  writeFileSync(path.join(dir, 'assets/index-abc.js'), 'export {};');
  return dir;
};

test.each(['/', '/courses/c1', '/courses/c1/report', '/sessions/x', '/join/x', '/history'])(
  '%s is the console, with a policy that allows only what the node serves',
  async (url) => {
    const { app } = new RestService({ webDir: builtConsole() });
    const { statusCode, headers, body } = await app.inject({ url });
    expect(statusCode).toBe(200);
    expect(body).toContain('<base href="/">');
    expect(headers['cache-control']).toBe('no-store');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  },
);

test('files with a hash in their name are kept by browsers, and the path of PUBLIC_URL is what pages begin with', async () => {
  const { app } = new RestService({ webDir: builtConsole(), publicUrl: 'https://school.example/roll%22call' });
  expect((await app.inject({ url: '/join/x' })).body).toContain('<base href="/roll%22call/">');
  const asset = await app.inject({ url: '/assets/index-abc.js' });
  expect(asset.headers['cache-control']).toContain('immutable');
  expect((await app.inject({ url: '/assets/../index.html' })).statusCode).toBe(404);
  expect((await app.inject({ url: '/icon.svg' })).headers['content-type']).toBe('image/svg+xml');
  expect((await app.inject({ url: '/elsewhere' })).statusCode).toBe(404);
});

test('it is told where to sign in, and whom the demo offers', async () => {
  const demo = [{ name: 'Ada', role: 'teacher', token: 'x' }];
  const webDir = builtConsole();
  const { app } = new RestService({ webDir, loginUrl: 'https://login.example', demoPeople: () => demo });
  expect((await app.inject({ url: '/console.json' })).json()).toEqual({
    login_url: 'https://login.example',
    demo_people: demo,
  });
  const plain = new RestService({ webDir }).app;
  expect((await plain.inject({ url: '/console.json' })).json()).toEqual({ login_url: null, demo_people: [] });
});
