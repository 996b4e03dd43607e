/** How long MongoDB takes to answer, by command, and how often it does not: from the driver's own events. */
import { type CommandFailedEvent, type CommandSucceededEvent, type MongoClient, MongoServerError } from 'mongodb';
import { DUPLICATE_KEY, isKeyTaken } from './errors.ts';

export type MongoMeter = { answered(ms: number): void; failed(): void };

export type MongoMeasures = {
  /** Asked for once for each command. */
  meterOf(command: string): MongoMeter;
  /** Whether there is a server that takes writes; told at each change, and first when there is. */
  reachable(is: boolean): void;
};

/** Whatever the service sends; the driver's own commands, which come by themselves, are `other`. */
const COMMANDS = [
  'find',
  'getMore',
  'insert',
  'update',
  'delete',
  'findAndModify',
  'bulkWrite',
  'createIndexes',
  'listIndexes',
  'ping',
  'other',
] as const;

/** The client must have been made with monitorCommands. Events hold what was sent: nothing of that is kept. */
export const measureCommands = (client: MongoClient, { meterOf }: Pick<MongoMeasures, 'meterOf'>): void => {
  const meters = new Map<string, MongoMeter>(COMMANDS.map((command) => [command, meterOf(command)]));
  const other = meters.get('other') as MongoMeter;
  const of = (command: string): MongoMeter => meters.get(command) ?? other;
  client.on('commandSucceeded', ({ commandName, duration, reply }: CommandSucceededEvent) => {
    const meter = of(commandName);
    meter.answered(duration);
    if (hasFailed(reply as WriteReply | undefined)) meter.failed();
  });
  client.on('commandFailed', ({ commandName, duration, failure }: CommandFailedEvent) => {
    const meter = of(commandName);
    if (failure instanceof MongoServerError) meter.answered(duration);
    if (!isKeyTaken(failure)) meter.failed();
  });
};

type WriteReply = { writeErrors?: { code?: number }[]; writeConcernError?: unknown };

/** Carried out as a command, but not all of it was written, or it is not known to survive. A taken key is an answer. */
const hasFailed = (reply: WriteReply | undefined): boolean =>
  reply?.writeConcernError != null || (reply?.writeErrors ?? []).some(({ code }) => code !== DUPLICATE_KEY);
