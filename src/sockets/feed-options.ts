/** What a feed is given. */
import type { Clock } from '../clock.ts';
import type { Rooms } from './rooms.ts';

/** What a feed does with the sockets that are here. */
export type LocalRooms = Pick<
  Rooms,
  'join' | 'expel' | 'tellHere' | 'tellOne' | 'namespaceOf' | 'isStaffOf' | 'isInUse' | 'onGone' | 'watch'
>;

/** What a node finds out about its hearing. */
export type FeedReports = {
  /** Events of a session had been missed: its clients were told them (replay), or where it stands, to sync (snapshot). */
  repaired(how: 'replay' | 'snapshot'): void;
  /** So many rooms had heard nothing and are subscribed again. */
  deaf(rooms: number): void;
};

export type FeedOptions = {
  session_id: string;
  epoch: string;
  /** Of the roll's header, when the first member was let in. */
  version: number;
  rooms: LocalRooms;
  clock: Clock;
  /** Hands a message to the adapter. */
  deliver: (channel: string, message: Buffer) => void;
  /** Something is missing: repair() is to be called. */
  onGap: () => void;
  /** Nobody here is on this line any more; perhaps nobody is here at all. */
  onUnused: (channel: string) => void;
  pause: (ms: number) => Promise<void>;
  reports: Pick<FeedReports, 'repaired'>;
};
