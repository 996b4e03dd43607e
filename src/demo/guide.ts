/** What the demo prints when it is up: where to look, who to be, and a client to paste. */
import type { Session } from '../contract/nouns.ts';
import { API_PREFIX } from '../contract/routes.ts';
import { TEACHER } from './students.ts';

export type DemoTokens = { teacher: string; students: { name: string; token: string }[] };

export type GuideOptions = { url: string; session: Session; tokens: DemoTokens; dataDir: string };

/** Plain socket.io-client, from standard input, so that it finds the one that is installed here. */
const snippet = (tokenName: string, event: string): string =>
  `node --input-type=module <<'EOF'
import { io } from 'socket.io-client';
const socket = io(process.env.URL, { auth: { token: process.env.${tokenName} } });
socket.onAny((event, data) => console.log(event, JSON.stringify(data)));
socket.on('connect_error', (error) => console.log(error.message));
socket.emit('${event}', { session_id: process.env.SESSION });
EOF`;

export const guide = ({ url, session, tokens, dataDir }: GuideOptions): string => {
  const people = tokens.students.map(({ name }, index) => `STUDENT_${index + 1} ${name}`);
  return `
Rollcast is up. Everything lies in ${dataDir}; Ctrl-C stops it, and the next start goes on from there.

  ${url}/         what this is
  ${url}/docs     the REST API

Session ${session.id} "${session.title}" is ${session.status}.
Tokens, for eight hours (TEACHER ${TEACHER.name}, ${people.join(', ')}):

export URL=${url}
export SESSION=${session.id}
export TEACHER=${tokens.teacher}
${tokens.students.map(({ token }, index) => `export STUDENT_${index + 1}=${token}`).join('\n')}

Paste those into two terminals in this directory. In the first, be the teacher, who starts the session:

${snippet('TEACHER', 'startAttendanceSession')}

In the second, be a student, who checks in; the teacher hears of it at once:

${snippet('STUDENT_1', 'joinAttendanceSession')}

And read the roll:

curl -s -H "authorization: Bearer $TEACHER" $URL${API_PREFIX}/sessions/$SESSION/attendance
`;
};
