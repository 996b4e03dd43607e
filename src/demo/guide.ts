/** What the demo prints when it is up: where to look, who to be, and a client to paste. */
import type { Session } from '../contract/nouns.ts';
import { API_PREFIX } from '../contract/routes.ts';
import type { DemoTokens } from './lesson.ts';
import type { DemoPerson } from './students.ts';

export type GuideOptions = {
  url: string;
  session: Session;
  tokens: DemoTokens;
  /** What is up, in a sentence or two. */
  head: string;
  console_says: string;
};

/** Plain socket.io-client, from standard input, so that it finds the one that is installed here. */
const snippet = (tokenName: string, event: string): string =>
  `node --input-type=module <<'EOF'
import { io } from 'socket.io-client';
const socket = io(process.env.URL, { auth: { token: process.env.${tokenName} } });
socket.onAny((event, data) => console.log(event, JSON.stringify(data)));
socket.on('connect_error', (error) => console.log(error.message));
socket.emit('${event}', { session_id: process.env.SESSION });
EOF`;

export const guide = ({ url, session, tokens, head, console_says }: GuideOptions): string => {
  const { teacher } = tokens;
  const people = tokens.students.map(({ name }, index) => `STUDENT_${index + 1} ${name}`);
  const checkIn = tokens.students.map(({ name, token }) => `  ${name}:\n  ${url}/join/${session.id}#token=${token}`);
  return `
${head}

  ${url}/              ${console_says}
  ${url}/docs          the REST API
  ${url}/docs/events   the events

Session ${session.id} "${session.title}" is ${session.status}. As the teacher, call it here:

  ${url}/sessions/${session.id}#token=${teacher.token}

As a student, in another window, check in here:

${checkIn.join('\n')}

Or without the console, as a client does it.
Tokens, for eight hours (TEACHER ${teacher.name}, ${people.join(', ')}):

export URL=${url}
export SESSION=${session.id}
export TEACHER=${teacher.token}
${tokens.students.map(({ token }, index) => `export STUDENT_${index + 1}=${token}`).join('\n')}

Paste those into two terminals in this directory. In the first, be the teacher, who starts the session:

${snippet('TEACHER', 'startAttendanceSession')}

In the second, be a student, who checks in; the teacher hears of it at once:

${snippet('STUDENT_1', 'joinAttendanceSession')}

And read the roll:

curl -s -H "authorization: Bearer $TEACHER" $URL${API_PREFIX}/sessions/$SESSION/attendance
`;
};

type WithoutTokens = Pick<GuideOptions, 'url' | 'session' | 'head'> & {
  teacher: DemoPerson;
  /** Undefined: nobody is enrolled. */
  student: DemoPerson | undefined;
};

/** For whoever may seed and cannot sign. */
export const guideWithoutTokens = ({ url, session, head, teacher, student }: WithoutTokens): string => `
${head}
Session ${session.id} "${session.title}" is ${session.status}.

  ${url}/sessions/${session.id}   as its teacher, call it here
  ${url}/join/${session.id}       as a student, check in here
  ${url}/docs          the REST API
  ${url}/docs/events   the events

Who is who is what a token says: for the teacher sub "${teacher.id}" and role "teacher", or any admin;
for a student ${student === undefined ? 'the user id that is enrolled' : `such as ${student.name} sub "${student.id}"`} and role "student". Sign in with one from your identity provider.

If the service verifies tokens with JWT_SECRET, this command prints them when it has that too, and lets students arrive with
--simulate. One token at a time:

  JWT_SECRET=… npm run --silent token -- --role teacher --sub ${teacher.id}
`;
