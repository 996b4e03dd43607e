import type { BenchProcess } from './child-process.ts';
import type { Cleanup } from './cleanup.ts';
import type { RedisServer } from './redis-server.ts';

/** A server under measurement. The cleanup that it was started with ends it. */
export interface Target {
  name: string;
  /** `http://127.0.0.1:port` of every node. */
  urls: string[];
  /** What tokens are signed with. */
  secret: string;
  /** All processes that serve; their CPU time, and that of its Redis, is the server's. */
  processes: BenchProcess[];
  /** Its own, if it has one. */
  redis: RedisServer | null;
  /** An event that teachers get when an ended session has been stored, if this server stores anything. */
  storedEvent: string | null;
  /** Makes a scheduled session with the roster's id for every class and returns the ids by class. */
  createSessions(round: number): Promise<string[]>;
}

/** What a target needs to know to start. */
export interface TargetOptions {
  classes: number;
  students: number;
  /** How many times `createSessions` will be called. */
  rounds: number;
  namespace: string;
  /** The folder in which a server that stores anything makes its own: on the disk that is measured. */
  dataParent: string;
  cleanup: Cleanup;
}
