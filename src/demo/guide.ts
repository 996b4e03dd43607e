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
  const checkIn = tokens.students.map(({ name, token }) => `  ${name}:\n  ${url}/join/${session.id}#token=${token}`);
  return `
Rollcast is up. Everything lies in ${dataDir}; Ctrl-C stops it, and the next start goes on from there.

  ${url}/              the console: be ${TEACHER.name}, or a student, with one click
  ${url}/docs          the REST API
  ${url}/docs/events   the events

Session ${session.id} "${session.title}" is ${session.status}. As the teacher, call it here:

  ${url}/sessions/${session.id}#token=${tokens.teacher}

As a student, in another window, check in here:

${checkIn.join('\n')}

Or without the console, as a client does it.
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
