/** `helm test`: Socket.IO answers, by every transport that is on and on both namespaces. */
import { answerTo, pollingHandshake, run, transports } from './checks.mjs';

const checks = {};
if (transports.includes('polling')) {
  checks['a long poll is answered by a handshake'] = async () => {
    const { sid } = await pollingHandshake();
    if (typeof sid !== 'string' || sid === '') throw new Error('the handshake has no sid');
  };
}
// Whether it lets this client in is not asked here: an answer proves that packets go both ways.
for (const namespace of ['/', '/attendance']) {
  checks[`a packet on ${namespace} is answered`] = async () => {
    const packet = await answerTo(namespace, {});
    if (!/^4[04]/.test(packet)) throw new Error(`the answer is no answer to a connection: ${packet.slice(0, 100)}`);
  };
}

await run(checks);
