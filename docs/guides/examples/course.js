import { Rollcast, when } from 'rollcast/client';

const { URL, COURSE, STUDENT_1 } = process.env;
const client = new Rollcast({ url: URL, token: STUDENT_1 }).connect();

// Of a course that you are in: which of its sessions are running, whenever one starts or ends.
const { activeSessions } = client.course(COURSE);
await client.course(COURSE).follow();
const [{ sessionId }] = await when(activeSessions, (active) => active.length > 0);

const session = client.session(sessionId);
const { status } = await session.join();
console.log(`${session.roll.get().session.title} has begun, you are ${status}`);

await when(activeSessions, (active) => !active.some((it) => it.sessionId === sessionId));
console.log('it has ended');
client.close();
