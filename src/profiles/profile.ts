/** What differs between the profiles: where things are kept, and how events get from node to node. */

import type { Archive } from '../archive/archive.ts';
import type { CourseRooms } from '../attendance/services.ts';
import type { LiveStore } from '../live/live-store.ts';
import type { Registry } from '../registry/registry.ts';
import type { Rooms } from '../sockets/rooms.ts';
import type { IoOptions } from '../sockets/socket-server.ts';
import type { TokenKey } from '../token.ts';

export type Profile = {
  name: 'embedded' | 'distributed';
  registry: Registry;
  archive: Archive;
  /** Of Socket.IO; unset: there is one node. */
  adapter?: IoOptions['adapter'];
  /** Verifies tokens when none is configured; null: one must be. */
  ownKey: TokenKey | null;
  /** Whether pages of any port of this machine may connect. */
  allowsLocalhost: boolean;
  /** A start that has not finished is another node's business for this long; milliseconds. */
  startGrace_ms: number;
  /** What an operator should hear, one line each. */
  warnings: string[];
  /** Live rolls whose events go to these rooms. onDue: a roll became due now. */
  live(rooms: Rooms, onDue: () => void): LiveParts;
  /** After everything else. */
  close(): Promise<void>;
};

export type LiveParts = {
  store: LiveStore;
  courseRooms: CourseRooms;
  start(): void;
  stop(): void;
};
