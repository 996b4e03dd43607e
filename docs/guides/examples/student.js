import { Rollcast, RollcastError, when } from 'rollcast/client';

const { URL, SESSION, STUDENT_1 } = process.env;
const client = new Rollcast({ url: URL, token: STUDENT_1 }).connect();
const session = client.session(SESSION);

try {
  const { status } = await session.join();
  console.log(`checked in, ${status}`);
  session.me.subscribe(() => console.log(`now ${session.me.get().status}`));
  const { statistics } = await when(session.roll, ({ phase }) => phase === 'over');
  console.log(`over, ${statistics.attendanceRate} % attended`);
} catch (error) {
  if (!(error instanceof RollcastError)) throw error;
  console.log(`${error.code}: ${error.message}`);
} finally {
  client.close();
}
