/** The hooks, in components that draw nothing: what they were given is what counts. */
import { createElement, type FunctionComponent, StrictMode, useEffect } from 'react';
import { renderToString } from 'react-dom/server';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Roll } from '../../src/client/index.ts';
import { type UsedSession, useAttendanceSession, useConnection, useRoll } from '../../src/client/react.ts';
import { mark } from '../suites/roll-commands.ts';
import { InProcess } from '../support/in-process.ts';
import { until } from '../support/until.ts';
import { clientOf } from './clients.ts';
import { Desk, STAFF } from './desk.ts';

const node = new InProcess();
beforeAll(() => node.start());
afterAll(() => node.stop());

/** As much of a page as React asks for to draw nothing. It works on after the test, so the window stays. */
const emptyPage = (): HTMLElement => {
  const listens = { addEventListener: () => {}, removeEventListener: () => {} };
  const document = { nodeType: 9, ...listens };
  Object.assign(globalThis, { window: { document, HTMLIFrameElement: class {}, ...listens } });
  const namespaceURI = 'http://www.w3.org/1999/xhtml';
  return { nodeType: 1, tagName: 'DIV', namespaceURI, ownerDocument: document, ...listens } as unknown as HTMLElement;
};

const withFrames = (requestAnimationFrame: (frame: () => void) => number): void => {
  Object.assign(globalThis, { requestAnimationFrame, cancelAnimationFrame: () => {} });
  onTestFinished(() => {
    for (const it of ['requestAnimationFrame', 'cancelAnimationFrame']) Reflect.deleteProperty(globalThis, it);
  });
};

/** Renders it, and again whenever what it uses has changed. What is returned takes it away. */
const render = async (component: FunctionComponent): Promise<() => void> => {
  const page = emptyPage();
  const { createRoot } = await import('react-dom/client');
  const root = createRoot(page);
  // Everything twice: mounted, taken away, and mounted again.
  root.render(createElement(StrictMode, null, createElement(component)));
  onTestFinished(() => root.unmount());
  return () => root.unmount();
};

test('useAttendanceSession gives the session with its state, and all of it as it changes', async () => {
  const room = await node.classroom();
  const client = clientOf(node, room.teacher);
  const given: UsedSession[] = [];
  await render(() => {
    given.push(useAttendanceSession(client, room.session_id));
    return null;
  });
  const now = () => given.at(-1) as UsedSession;
  await until('it is connected', () => given.length > 0 && now().connection.status === 'connected');
  expect(given[0]).toMatchObject({ roll: { phase: 'out' }, me: { status: null }, connection: { status: 'closed' } });
  expect(now().session).toBe(client.session(room.session_id));
  await now().session.start();
  await until('it is in', () => now().roll.phase === 'in');
  await now().session.mark(room.student(0).student_id, 'late');
  await until('the mark', () => now().roll.statistics?.lateCount === 1);
});

const deskWith = async () => {
  const desk = await new Desk(STAFF).enters();
  const given: Roll[] = [];
  let isWatched = false;
  await render(() => {
    given.push(useRoll(desk.session));
    // Effects run in their order, and later than the rendering: what was heard in between is in the first one.
    useEffect(() => {
      isWatched = true;
    }, []);
    return null;
  });
  await until('it is watched', () => isWatched);
  /** The different ones, by their seq: how often each is rendered is React's business. */
  return { desk, rendered: () => [...new Set(given)].map(({ seq }) => seq) };
};

test('useRoll renders once a frame, however much happens in it', async () => {
  const frames: (() => void)[] = [];
  withFrames((frame) => frames.push(frame));
  const { desk, rendered } = await deskWith();
  for (const status of ['late', 'absent', 'present'] as const) desk.hears(desk.scene.does(mark(1, status)));
  expect(frames).toHaveLength(1);
  expect(rendered()).toEqual([0]);
  frames.shift()?.();
  await until('it is rendered again', () => rendered().at(-1) === 3);
  expect(rendered()).toEqual([0, 3]);
  desk.hears(desk.scene.does(mark(1, 'late')));
  expect(frames).toHaveLength(1);
});

test.each(['that is hidden, whose frames do not come', 'without frames'])('useRoll in a page %s', async (kind) => {
  if (kind !== 'without frames') withFrames(() => 1);
  const { desk, rendered } = await deskWith();
  desk.hears(desk.scene.does(mark(1, 'late')));
  desk.hears(desk.scene.does(mark(2, 'late')));
  await until('it is rendered again', () => rendered().at(-1) === 2);
  expect(rendered()).toEqual([0, 2]);
});

test('what changed before it was watched is not missed, and after it was taken away nothing is rendered', async () => {
  const frames: (() => void)[] = [];
  withFrames((frame) => frames.push(frame));
  const desk = await new Desk(STAFF).enters();
  const given: Roll[] = [];
  const unmount = await render(() => {
    given.push(useRoll(desk.session));
    // Between the reading and the watching.
    if (given.length === 1) desk.hears(desk.scene.does(mark(1, 'late')));
    return null;
  });
  await until('it is rendered as it is', () => given.at(-1)?.seq === 1);
  desk.hears(desk.scene.does(mark(1, 'absent')));
  unmount();
  for (const frame of frames) frame();
  desk.hears(desk.scene.does(mark(1, 'present')));
  await new Promise((resolve) => setImmediate(resolve));
  expect(given.at(-1)?.seq).toBe(1);
});

test('on a server it renders what is known, and connects nothing', async () => {
  const client = clientOf(node, (await node.classroom()).teacher);
  const text = renderToString(
    createElement(() => {
      const { roll, me } = useAttendanceSession(client, 'session');
      return `${useConnection(client).status} ${roll.phase} ${me.status}`;
    }),
  );
  expect(text).toBe('closed out null');
  expect(client.connection.get().status).toBe('closed');
});
