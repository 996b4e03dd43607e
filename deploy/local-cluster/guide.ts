/** What the local cluster prints when it is up: where to go, who to be, and what to try. */
import type { Session } from '../../src/contract/nouns.ts';
import { TEACHER } from '../../src/demo/students.ts';
import { LOOPBACK } from './programs.ts';

type Place = { name: string; url: string; pid: number | undefined };

export type GuideOptions = {
  /** Of the balancer. */
  url: string;
  status_url: string;
  nodes: Place[];
  redis: { port: number; pid: number | undefined };
  /** Of this process. */
  pid: number;
  session: Session;
  tokens: { teacher: string; students: { name: string; token: string }[] };
  /** Null: it goes with the cluster. */
  keptIn: string | null;
  simulated: boolean;
};

const WATCH = `node --input-type=module <<'EOF'
import { io } from 'socket.io-client';
const socket = io(process.env.URL, { auth: { token: process.env.TEACHER }, withCredentials: true });
socket.onAny((event, data) => console.log(event, JSON.stringify(data)));
socket.on('connect', () => console.log('connected'));
socket.on('disconnect', (reason) => console.log('disconnected:', reason));
socket.emit('startAttendanceSession', { session_id: process.env.SESSION });
EOF`;

export const guide = (options: GuideOptions): string => {
  const { url, status_url, nodes, redis, pid, session, tokens, keptIn, simulated } = options;
  const people = tokens.students.map(({ name }, index) => `STUDENT_${index + 1} ${name}`);
  const kept =
    keptIn === null ? 'Everything is gone when it stops (--data <directory> keeps it)' : `Everything lies in ${keptIn}`;
  return `
Three nodes are up behind a balancer. This is for trying it by hand: courses and records lie in one file that the nodes
share, which this version has for trials and tests alone. It is not a deployment.
${kept}; Ctrl-C drains the nodes and stops all of it.

  ${url}/   the balancer: where clients connect
  ${status_url}/   its state: which nodes it uses, and how many connections each of them has
${nodes.map(({ name, url, pid }) => `  ${url}/   ${name}, pid ${pid}`).join('\n')}
  redis-cli -h ${LOOPBACK} -p ${redis.port}   Redis, pid ${redis.pid}

Session ${session.id} "${session.title}" is ${session.status}.
Tokens, for eight hours (TEACHER ${TEACHER.name}, ${people.join(', ')}):

export URL=${url}
export SESSION=${session.id}
export TEACHER=${tokens.teacher}
${tokens.students.map(({ token }, index) => `export STUDENT_${index + 1}=${token}`).join('\n')}

Paste those into a terminal in this directory, and then this: it is the teacher, starts the session and shows what comes.
(For a student, take STUDENT_1 and joinAttendanceSession.)

${WATCH}

Then take something away, and see who notices. What died comes back after ten seconds:

  kill -9 ${nodes[0]?.pid}   ${nodes[0]?.name} dies: its clients come back through another node by themselves, and hear the next mark
  kill ${nodes[1]?.pid}      ${nodes[1]?.name} drains: the same, announced (serverDraining)
  kill -USR2 ${pid}   a rolling restart, as an upgrade makes it: every node drains and comes back in turn, while the others serve
  kill -9 ${redis.pid}   Redis dies: who is connected stays, commands are answered STORE_UNAVAILABLE until it is back
${simulated ? '' : '\nWith --simulate students arrive by themselves, so that there is more to see.\n'}`;
};
