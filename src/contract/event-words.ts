/** The event table in words: who sends, who hears. */
import type { Sender } from './client-events.ts';
import type { Audience } from './server-events.ts';

export const SENDERS: Record<Sender, string> = {
  anyone: 'any authenticated socket',
  staff: 'staff of the course',
  'student-or-staff': 'approved students and staff of the course',
  participant: 'staff, and students who are or were in the session',
};

export const RECEIVERS: Record<Audience, string> = {
  asker: 'the socket that asked',
  staff: 'all staff sockets in the session',
  room: 'everybody in the session',
  student: 'all sockets of the student concerned, in the session',
  course: 'everybody subscribed to the course',
  node: 'all sockets of the node',
  socket: 'the socket concerned',
};
