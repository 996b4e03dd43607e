/** `helm test`: who has no token, or one that somebody else signed, is let in nowhere. */
import { createHmac, randomBytes } from 'node:crypto';
import { answerTo, expect, get, run } from './checks.mjs';

const encoded = (it) => Buffer.from(JSON.stringify(it)).toString('base64url');

/** Right in all but its signature: the secret was made up just now. */
const forged = () => {
  const claims = { sub: 'helm-test', role: 'admin', name: 'Helm test', exp: Math.floor(Date.now() / 1000) + 300 };
  const text = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claims)}`;
  return `${text}.${createHmac('sha256', randomBytes(32)).update(text).digest('base64url')}`;
};

const TOKENS = {
  'no token': { token: undefined, code: 'TOKEN_MISSING' },
  'no token but other text': { token: 'not-a-token', code: 'TOKEN_INVALID' },
  'a token signed by somebody else': { token: forged(), code: 'TOKEN_INVALID' },
};

const checks = {};
for (const [name, { token, code }] of Object.entries(TOKENS)) {
  for (const namespace of ['/', '/attendance']) {
    checks[`${name} is refused on ${namespace}`] = async () => {
      const packet = await answerTo(namespace, { token });
      if (!packet.startsWith('44')) throw new Error(`it was not refused: ${packet.slice(0, 60)}`);
      const { message, data } = JSON.parse(packet.slice(packet.indexOf('{')));
      expect('the message', message.split(':')[0], 'Authentication error');
      expect('the code', data?.code, code);
    };
  }
  checks[`${name} is refused over REST`] = async () => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    expect('the status', (await get('/api/v1/courses', { headers })).status, 401);
  };
}

await run(checks);
