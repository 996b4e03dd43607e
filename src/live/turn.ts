/**
 * The commands of one turn: how they are split into steps, and what each was decided to be. All commands of a step are
 * decided and applied before any of them is told, so whatever telling needs of the moment of a decision is kept with it.
 */

import type { Command, Decision } from '../domain/commands.ts';
import { decide } from '../domain/decide.ts';
import type { Now } from '../domain/decisions.ts';
import type { Connection } from '../domain/presence.ts';
import type { RollRecord } from '../domain/record.ts';
import { apply, type Roll } from '../domain/roll.ts';
import type { Place } from '../tracing/tracing.ts';
import type { LiveRoll, Standing } from './live-roll.ts';
import type { Answer } from './live-store.ts';

export type Queued = {
  session_id: string;
  command: Command;
  connection: { id: string } | undefined;
  /** Where it was asked for, for traces. */
  place: Place | null;
  resolve: (answer: Answer | null) => void;
  reject: (error: unknown) => void;
};

export type Decided = {
  queued: Queued;
  live: LiveRoll;
  decision: Decision;
  /** The roll right after this command; those behind it in the step have moved it on. */
  after: Standing;
  /** The connection that it puts into the session. */
  enters: Connection | null;
  /** The record of who enters, as of then, unless it is their first join: staff hear of a return if they were gone. */
  returning: RollRecord | null;
};

/**
 * Each step is one transaction. A turn is one step, but for changes of roster and staff, which stand alone: so events
 * before them go out to the people, and with the names, of before, and who loses their right is out before what follows.
 */
export const stepsOf = (turn: Queued[]): Queued[][] => {
  const steps: Queued[][] = [];
  let step: Queued[] = [];
  for (const queued of turn) {
    const { kind } = queued.command;
    if (kind !== 'roster' && kind !== 'staff') step.push(queued);
    else {
      if (step.length > 0) steps.push(step);
      steps.push([queued]);
      step = [];
    }
  }
  if (step.length > 0) steps.push(step);
  return steps;
};

/** Decides a command and applies its change in memory; `earlier` are those of the step that were decided before it. */
export const decideQueued = (queued: Queued, live: LiveRoll, now: Now, earlier: readonly Decided[]): Decided => {
  const { connection } = queued;
  const { roll } = live;
  // The other devices of a user who leaves with one of them go on hearing the roll.
  const command =
    queued.command.kind === 'leave'
      ? { ...queued.command, stays: hasOtherConnection(live, queued.command.user_id, connection, earlier) }
      : queued.command;
  const decision = decide(roll, command, now);
  const { outcome, change } = decision;
  if (change !== null) apply(roll, change);
  const enters = connection === undefined || !outcome.ok ? null : entering(roll, command, connection.id);
  const arrives = outcome.ok && outcome.first_join === true && outcome.repeated !== true;
  const returning =
    enters === null || enters.student_id === null || arrives ? null : roll.records.get(enters.student_id);
  const after = { seq: roll.seq, room_seq: roll.room_seq, state: roll.state };
  return { queued, live, decision, after, enters, returning: returning ?? null };
};

/** The answer, with the numbers as they are by now. */
export const answerOf = ({ decision: { outcome }, live: { roll, presence } }: Decided): Answer =>
  outcome.ok
    ? {
        ...outcome,
        current: {
          seq: roll.seq,
          room_seq: roll.room_seq,
          state: roll.state,
          counts: roll.counts,
          online_count: presence.onlineCount,
          epoch: roll.header.epoch,
        },
      }
    : outcome;

/** A repeated request is answered even after its user left or the session ended, but lets nobody in again. */
const entering = (roll: Roll, command: Command, id: string): Connection | null => {
  if ((command.kind !== 'join' && command.kind !== 'attend') || !roll.followers.has(command.user_id)) return null;
  const { user_id } = command;
  if (command.kind === 'attend') return { id, user_id, student_id: null };
  const student_id = roll.users.get(user_id);
  return student_id === undefined || roll.state !== 'active' ? null : { id, user_id, student_id };
};

/** Whether a user is in the session with a connection beside this one, once the earlier commands are done. */
const hasOtherConnection = (
  { roll, presence }: LiveRoll,
  user_id: string,
  connection: { id: string } | undefined,
  earlier: readonly Decided[],
): boolean => {
  // The end takes students out.
  const stays = (it: Connection | null | undefined) =>
    it?.user_id === user_id && (it.student_id === null || roll.state === 'active');
  const ids = new Set<string>();
  for (const id of presence.connectionsOfUser(user_id)) if (stays(presence.connections.get(id))) ids.add(id);
  for (const { live, queued, enters } of earlier) {
    if (live.roll !== roll) continue;
    if (enters !== null) ids.delete(enters.id);
    if (enters !== null && stays(enters)) ids.add(enters.id);
    if (queued.command.kind === 'leave' && queued.connection !== undefined) ids.delete(queued.connection.id);
  }
  if (connection !== undefined) ids.delete(connection.id);
  return ids.size > 0;
};
