/** What the test pods share. ROLLCAST_URL: the Service; TRANSPORTS and READY_PARTS: as the chart was told. */
import process from 'node:process';

const { ROLLCAST_URL = '', TRANSPORTS = 'websocket,polling', READY_PARTS = 'live' } = process.env;

export const url = ROLLCAST_URL;
export const transports = TRANSPORTS.split(',');
export const readyParts = READY_PARTS;

/** A Service takes a moment to learn of its pods. */
const FOUND_WITHIN_MS = Number(process.env.FOUND_WITHIN_MS ?? 60_000);
const ANSWERED_WITHIN_MS = 10_000;

/** fetch, with a time limit. Throws when nobody answers. */
export const get = (path, options = {}) =>
  fetch(`${url}${path}`, { signal: AbortSignal.timeout(ANSWERED_WITHIN_MS), ...options });

/** Runs the checks (name → function that throws); ends the process with 1 if one fails. */
export const run = async (checks) => {
  await found();
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(`ok      ${name}`);
    } catch (error) {
      console.log(`not ok  ${name}: ${error.message}`);
      process.exitCode = 1;
    }
  }
};

const found = async () => {
  const deadline = Date.now() + FOUND_WITHIN_MS;
  for (;;) {
    try {
      await get('/livez');
      return;
    } catch (error) {
      if (Date.now() > deadline) {
        console.log(`not ok  nobody answers at ${url}: ${error.cause?.message ?? error.message}`);
        process.exit(1);
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
};

export const expect = (what, got, wanted) => {
  if (got !== wanted) throw new Error(`${what} is ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`);
};

/** Joins a namespace as a Socket.IO client does; resolves with the packet that answers, such as 44{"message":…}. */
export const answerTo = (namespace, auth) => {
  const place = namespace === '/' ? '' : `${namespace},`;
  const connect = `40${place}${JSON.stringify(auth)}`;
  return transports.includes('websocket') ? byWebSocket(connect) : byPolling(connect);
};

const byWebSocket = (connect) =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`);
    const late = setTimeout(() => done(() => reject(new Error('no answer in time'))), ANSWERED_WITHIN_MS);
    const done = (settle) => {
      clearTimeout(late);
      settle();
      socket.close();
    };
    socket.addEventListener('error', () => done(() => reject(new Error('the WebSocket could not be opened'))));
    socket.addEventListener('close', () => done(() => reject(new Error('the WebSocket was closed'))));
    socket.addEventListener('message', ({ data }) => {
      if (data.startsWith('0{')) socket.send(connect);
      else if (data.startsWith('4')) done(() => resolve(data));
    });
  });

/** With whatever cookie a load balancer has set. */
const byPolling = async (connect) => {
  const { sid, cookie } = await pollingHandshake();
  const path = `/socket.io/?EIO=4&transport=polling&sid=${sid}`;
  const sent = await get(path, { method: 'POST', body: connect, headers: { cookie } });
  expect('the status of a post', sent.status, 200);
  return (await get(path, { headers: { cookie } })).text();
};

/** What the server says first: its id for the connection, and the cookies that came with it. */
export const pollingHandshake = async () => {
  const answer = await get('/socket.io/?EIO=4&transport=polling');
  expect('the status of the handshake', answer.status, 200);
  const text = await answer.text();
  if (!text.startsWith('0{')) throw new Error('the answer is not a handshake of Socket.IO');
  const cookies = answer.headers.getSetCookie().map((it) => it.split(';')[0]);
  return { sid: JSON.parse(text.slice(1)).sid, cookie: cookies.join('; ') };
};
