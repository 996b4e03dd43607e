/**
 * What a script publishes, in the format of @socket.io/redis-adapter 8.3's sharded adapter: made here and read here, and
 * nowhere else. A test sends a script's packet through the real adapter.
 *
 * Every message begins with the roll's numbers, in a place where they can be read without parsing the rest. The adapter
 * does not look at them.
 */
import { place } from './lua-templates.ts';

/** The adapter's type of a broadcast, and Socket.IO's of an event. */
const BROADCAST = 3;
const EVENT = 2;
/** Any sender but a node's own id: nobody must take the message for its own. */
const SENDER = 'roll';

/** What a message is to the numbers that it carries; lua/fanout.lua has the same. */
export const NEWS = 0;
export const PART = 1;
export const LAST_PART = 2;
/** Not for the adapter: connections that are out. */
const OUT = 3;
/** Of a change that the room is not told: for some students alone, on the room's channel. */
export const OWN = 4;

/** Shapes for the scripts: an event to rooms or sockets of one namespace, and who is out. */
export const PACKETS = {
  event: {
    roll: [place('seq'), place('room_seq'), place('part')],
    uid: SENDER,
    nsp: place('namespace'),
    type: BROADCAST,
    data: {
      packet: { type: EVENT, data: [place('event'), place('payload')], nsp: place('namespace') },
      opts: { rooms: place('receivers'), except: [], flags: {} },
    },
  },
  out: { roll: [place('seq'), place('room_seq'), OUT], out: place('out'), run: place('run') },
};

/** The numbers at the beginning of a message. part: news (no change of its own), part or last part of the change seq, or own. */
export type Heading = {
  seq: number;
  room_seq: number;
  part: typeof NEWS | typeof PART | typeof LAST_PART | typeof OWN;
};
/** Connections that are out of the session, by id or by what they are; decided in this run of the roll's scripts. */
export type Out = { out: string[] | 'students' | 'all'; run: number };

const BEGINNING = '{"roll":[';
/** Three numbers of at most six digits and two commas. */
const HEADING_MAX_CHARS = 24;

/** Null: no message of a roll. */
export const headingOf = (
  message: Buffer,
): (Heading & { out: null }) | (Out & { seq: number; room_seq: number }) | null => {
  const start = message.toString('latin1', 0, BEGINNING.length + HEADING_MAX_CHARS);
  if (!start.startsWith(BEGINNING)) return null;
  const [seq = 0, room_seq = 0, part = 0] = start.slice(BEGINNING.length, start.indexOf(']')).split(',').map(Number);
  if (part === OUT) {
    const { out, run } = JSON.parse(message.toString()) as Out;
    return { seq, room_seq, out, run };
  }
  return { seq, room_seq, part: part as Heading['part'], out: null };
};
