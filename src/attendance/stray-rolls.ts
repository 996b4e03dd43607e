/**
 * A roll whose session is not active. The registry decides whether a session runs and the live store holds its roll, in
 * two steps: somebody who was stopped between them, or two who did not see each other, may leave such a roll. Whoever has
 * changed the one looks at the other afterwards, so one of them sees it.
 */
import type { Command } from '../domain/commands.ts';
import { tellCourseEnded } from './course-news.ts';
import type { Services } from './services.ts';

/** Tries: the course may be changing meanwhile. */
const MAX_TRIES = 4;

/** Ends the roll as cancelled, if there is one and it runs. What it holds goes nowhere: its session has been decided. */
export const endStrayRoll = async (services: Services, session_id: string): Promise<void> => {
  const { live } = services;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const peek = await live.peek(session_id);
    if (peek?.state !== 'active') return;
    const command: Command = {
      kind: 'end',
      header_version: peek.header.version,
      updates: [],
      submitted: false,
      outcome: 'cancelled',
      reason: 'roll lost',
      by: 'auto',
      by_name: 'auto',
      admit: [],
    };
    const answer = await live.submit(session_id, command);
    if (answer?.ok) return tellCourseEnded(services, session_id, peek, await live.read(session_id));
    if (answer?.code !== 'STALE_HEADER') return;
  }
};
