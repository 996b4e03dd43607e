/** Checking in over networks that are slow, break, or lose answers: nothing is lost, nothing happens twice, and it is said. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { browsing, describeWithBrowser } from '../support/browser-needed.ts';
import type { Classroom } from '../support/classroom.ts';
import { OneNode } from '../support/deployment.ts';
import { BROWSER_TEST_MS, ON_A_PHONE, type Scanned, StudentPage } from '../support/student-page.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: BROWSER_TEST_MS, hookTimeout: BROWSER_TEST_MS });

const WITH_CODE = { checkin: { code: 'rotating' } } as const;
/** As of a phone at the edge of its network. */
const SLOW = { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 20_000 };

describeWithBrowser('checking in over bad networks', () => {
  const node = new OneNode();
  let proxy: TcpProxy;
  const { context } = browsing();
  const opened: StudentPage[] = [];

  beforeAll(async () => {
    await node.start();
    proxy = await TcpProxy.start(node.node.port);
  });
  afterEach(async () => {
    for (const it of opened.splice(0)) {
      it.shown.expectNoFaults();
      await it.page.context().close();
    }
    proxy.resume();
    await proxy.restore();
    node.settle();
  });
  afterAll(async () => {
    await proxy?.stop();
    await node.stop();
  });

  const open = async (scanned: Scanned): Promise<StudentPage> => {
    const it = await StudentPage.open(await context(ON_A_PHONE), `http://127.0.0.1:${proxy.port}`, scanned);
    opened.push(it);
    return it;
  };
  const signedIn = async (room: Classroom): Promise<StudentPage> => {
    const it = await open({ session_id: room.session_id, token: node.token(room.student(0)) });
    await it.page.getByText('Live', { exact: true }).waitFor();
    return it;
  };
  const away = async (it: StudentPage): Promise<void> => {
    await it.page.context().setOffline(true);
    await proxy.cut();
  };
  const back = async (it: StudentPage): Promise<void> => {
    await proxy.restore();
    await it.page.context().setOffline(false);
  };

  test('tapped while offline: it is said, and they are checked in by themselves once they are back', async () => {
    const room = await node.classroom({ students: 1 });
    const teacher = await room.started();
    const it = await signedIn(room);
    await it.button.waitFor();
    await away(it);
    await it.said('You are offline').waitFor();
    await it.button.tap();
    await it.said('No connection. You will be checked in by itself').waitFor();
    await it.expectFit();
    await back(it);
    await it.isIn();
    await it.page.getByText('Live', { exact: true }).waitFor();
    expect(teacher.payloads('studentJoinedAttendance')).toHaveLength(1);
  });

  test('JOIN-2 the answer to the tap is lost with the connection: it is asked for again, and happens once', async () => {
    const room = await node.classroom({ students: 1 });
    const teacher = await room.started();
    const it = await signedIn(room);
    await it.button.waitFor();
    for (const connection of proxy.connections) connection.cutAtNextAnswer();
    await it.button.tap();
    await it.isIn();
    await teacher.hears('studentJoinedAttendance');
    const first = teacher.payloads('studentJoinedAttendance').filter(({ returned }) => !returned);
    expect(first).toHaveLength(1);
    expect((await room.audit()).map(({ source }) => source)).toEqual(['checkin']);
  });

  test('a mark made while they were away is shown once they are back', async () => {
    const room = await node.classroom({ students: 1 });
    const { session_id } = room;
    const teacher = await room.started();
    const it = await signedIn(room);
    await it.button.tap();
    await it.isIn();
    await away(it);
    await it.said('You are offline').waitFor();
    await it.expectFit();
    await teacher.does('markStudentAttendance', {
      session_id,
      student_id: room.student(0).student_id,
      status: 'excused',
    });
    await back(it);
    await it.isIn('Excused');
    await it.said('Your teacher changed your status: Excused').waitFor();
  });

  test('on a slow network the code of a scan is kept, and a tap that takes long says so', async () => {
    const room = await node.classroom({ students: 1, ...WITH_CODE });
    const { session_id } = room;
    const teacher = await room.started();
    const browser = await context(ON_A_PHONE);
    const page = await browser.newPage();
    const devtools = await browser.newCDPSession(page);
    await devtools.send('Network.emulateNetworkConditions', SLOW);
    const { code } = await teacher.does('getCheckInCode', { session_id });
    const began = performance.now();
    await page.goto(`http://127.0.0.1:${proxy.port}/join/${session_id}#${code}`);
    await page.getByText('Your code is kept until').waitFor();
    const took = performance.now() - began;
    process.stdout.write(`a first load at 400 kbit/s: ${Math.round(took)} ms until the code is kept\n`);
    await browser.close();

    const it = await open({ session_id, token: node.token(room.student(0)), code });
    await it.button.waitFor();
    await it.page.getByText('Live', { exact: true }).waitFor();
    // Held for as long as the page is looked at.
    proxy.freeze();
    await it.button.tap();
    await it.said('The network is slow').waitFor();
    await it.expectFit();
    proxy.resume();
    await it.isIn();
  });

  test('scanned while offline: the code is sent as soon as there is a network', async () => {
    const room = await node.classroom({ students: 1, ...WITH_CODE });
    const { session_id } = room;
    const teacher = await room.started();
    const browser = await context(ON_A_PHONE);
    // The page itself is there; the network goes before it could say anything.
    await browser.route('**/checkin-ticket', (route) => route.abort());
    const { code } = await teacher.does('getCheckInCode', { session_id });
    const it = await StudentPage.open(browser, `http://127.0.0.1:${proxy.port}`, { session_id, code });
    opened.push(it);
    await it.said('Your code is sent by itself').waitFor();
    await it.expectFit();
    await browser.unroute('**/checkin-ticket');
    await it.said('Your code is kept until').waitFor();
  });

  test('the node is away for a moment: the page comes back to where it was', async () => {
    const room = await node.classroom({ students: 1 });
    const teacher = await room.started();
    const it = await signedIn(room);
    await it.button.tap();
    await it.isIn();
    await node.killAndRestart();
    await teacher.returned();
    await until('the page is live again', async () => it.page.getByText('Live', { exact: true }).isVisible(), 20_000);
    await teacher.does('markStudentAttendance', {
      session_id: room.session_id,
      student_id: room.student(0).student_id,
      status: 'late',
    });
    await it.isIn('You are here, late');
  });
});
