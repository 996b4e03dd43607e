/** `helm test`: the Service leads to nodes that live and are ready, and metrics are not where clients are. */
import { expect, get, readyParts, run } from './checks.mjs';

await run({
  'GET /livez says ok': async () => {
    const answer = await get('/livez');
    expect('the status', answer.status, 200);
    expect('status', (await answer.json()).status, 'ok');
  },
  [`GET /readyz?parts=${readyParts} says ready`]: async () => {
    const answer = await get(`/readyz?parts=${readyParts}`);
    expect(`the status (${(await answer.text()).slice(0, 200)})`, answer.status, 200);
  },
  'the console is there': async () => {
    const answer = await get('/', { headers: { accept: 'text/html' } });
    expect('the status', answer.status, 200);
    expect('the kind', answer.headers.get('content-type')?.split(';')[0], 'text/html');
  },
  'GET /metrics is not answered where clients are': async () => {
    expect('the status', (await get('/metrics')).status, 404);
  },
});
