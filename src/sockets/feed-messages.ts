/** What a node's feeds read of a roll's message beyond its heading (live/roll-packets.ts). */
import type { ServerEventName } from '../contract/events.ts';

/** Stands before an event's name and nowhere else so near the beginning; quotes inside of texts are escaped. */
const BEFORE_EVENT = '"data":["';
const EVENT_WITHIN_CHARS = 200;

/** The name of a message's event, without parsing the rest. */
export const eventIn = (message: Buffer): string => {
  const text = message.toString('latin1', 0, EVENT_WITHIN_CHARS);
  const start = text.indexOf(BEFORE_EVENT) + BEFORE_EVENT.length;
  return text.slice(start, text.indexOf('"', start));
};

export const isStatistics = (message: Buffer): boolean =>
  eventIn(message) === ('attendanceStatistics' satisfies ServerEventName);

/** Tells the parts of one change apart: no student has the same event twice in it. */
export const partKey = (event: string, payload: object): string =>
  `${event} ${(payload as { student_id?: string }).student_id ?? ''}`;

export const partKeyIn = (message: Buffer): string => {
  const { data } = JSON.parse(message.toString()) as { data: { packet: { data: [string, object] } } };
  return partKey(...data.packet.data);
};
