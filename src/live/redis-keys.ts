/**
 * The only maker of names in Redis. All keys and channels of a roll carry the hash tag of its partition: a roll and the
 * list on which it is due lie in one slot of a Cluster, so one script may change both.
 */
import { NAMESPACES } from '../contract/events.ts';

/** Fixed for ever: a roll must be found again by every version. */
const PARTITIONS = 128;

/** Keys of a roll, in the order in which the scripts name them. */
const ROLL_KEYS = [
  'roll',
  'marks',
  'users',
  'followers',
  'online',
  'places',
  'log',
  'requests',
  'due',
  'kept',
  'wrong_codes',
  'guessers',
  'devices',
] as const;
export const ROLL_KEY_COUNT = ROLL_KEYS.length;

/** FNV-1a over the id's bytes. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
};

const tagOf = (partition: number): string => `{p${String(partition).padStart(3, '0')}}`;

const partitionOf = (session_id: string): number => hashOf(session_id) % PARTITIONS;
export const partitionTagOf = (session_id: string): string => tagOf(partitionOf(session_id));

/**
 * Rooms of a session. The adapter takes a name of exactly 20 characters for a socket's id, so these are longer whatever
 * the session's id is.
 */
export const roomOf = (session_id: string): string => `attendance_session_${session_id}${partitionTagOf(session_id)}`;
export const staffRoomOf = (session_id: string): string =>
  `attendance_staff_of_${session_id}${partitionTagOf(session_id)}`;
export const courseRoomOf = (course_id: string): string => `attendance_in_course_${course_id}`;

export class RedisKeys {
  private readonly prefix: string;

  /** REDIS_PREFIX. */
  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** For the adapter's channelPrefix. */
  get channelPrefix(): string {
    return `${this.prefix}:io`;
  }

  /** The channel of a room; `namespace` is its place in NAMESPACES, from 0. */
  channel(namespace: number, room: string): string {
    return `${this.channelPrefix}#${NAMESPACES[namespace]}#${room}#`;
  }

  /** In the order of the scripts' KEYS. */
  ofRoll(session_id: string): string[] {
    const partition = this.partition(partitionOf(session_id));
    return ROLL_KEYS.map((kind) => (kind === 'due' ? `${partition}:due` : `${partition}:${kind}:${session_id}`));
  }

  /** The arguments that are the same for all scripts of a roll: see lua/arguments.lua, from the fifth on. */
  roomArguments(session_id: string): string[] {
    const partition = this.partition(partitionOf(session_id));
    return [`${this.channelPrefix}#`, roomOf(session_id), staffRoomOf(session_id), `${partition}:held:`];
  }

  /** Rolls that a node holds connections of, one set in each partition. */
  heldBy(node: string): string[] {
    return Array.from({ length: PARTITIONS }, (_, n) => `${this.partition(n)}:held:${node}`);
  }

  /** What the requests of an archived roll were answered, for a while. */
  keptRequestsOf(session_id: string): string {
    return this.ofRoll(session_id)[ROLL_KEYS.indexOf('kept')] as string;
  }

  /** The list of a roll's partition. */
  dueListOf(session_id: string): string {
    return `${this.partition(partitionOf(session_id))}:due`;
  }

  /** The lists of all partitions, on which every roll is until it is archived. */
  dueLists(): string[] {
    return Array.from({ length: PARTITIONS }, (_, n) => `${this.partition(n)}:due`);
  }

  /** The channel on which nodes tell each other that the members of a course have changed. */
  get courseChanges(): string {
    return `${this.prefix}:courses`;
  }

  /** Leases of the nodes. */
  get nodes(): string {
    return `${this.prefix}:nodes`;
  }

  /** Indexes over all partitions, made anew from the rolls when in doubt; they may name more than there is, never less. */
  get rollsByDue(): string {
    return `${this.prefix}:index:due`;
  }
  get rollsByCourse(): string {
    return `${this.prefix}:index:courses`;
  }
  get rollsByUser(): string {
    return `${this.prefix}:index:users`;
  }

  private partition(n: number): string {
    return `${this.prefix}:${tagOf(n)}`;
  }
}
