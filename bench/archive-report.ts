import type { ArchiveMeasurement } from './archive-rounds.ts';
import { inColumns } from './report.ts';

/** From what was archived to the table and the goal. */

/** However many students a class has, up to the largest that is measured. */
const MOST_COMMANDS = 4;

export interface ArchiveVerdict {
  goal: string;
  most_commands_per_session: number;
  reached: boolean;
}

export function judgeArchive({ rounds }: ArchiveMeasurement): ArchiveVerdict {
  const most = Math.max(...rounds.flatMap(({ commands_per_session: { average, most } }) => [average, most]));
  return {
    goal: `at most ${MOST_COMMANDS} commands to MongoDB for each session`,
    most_commands_per_session: most,
    reached: most <= MOST_COMMANDS,
  };
}

export function printArchiveTable({ rounds }: ArchiveMeasurement): string {
  const rows = rounds.map(({ students, sessions, sessions_per_second, cpu_ms_per_session, commands_per_session }) => [
    String(students),
    String(sessions),
    sessions_per_second.toFixed(1),
    cpu_ms_per_session.toFixed(2),
    `${commands_per_session.average.toFixed(2)} (at most ${commands_per_session.most})`,
  ]);
  return inColumns([
    ['students', 'sessions', 'archived per second', 'CPU ms per session', 'MongoDB commands per session'],
    ...rows,
  ]);
}

export function printArchiveVerdict({ goal, most_commands_per_session, reached }: ArchiveVerdict): string {
  return `${reached ? 'reached' : 'NOT REACHED'}: ${goal} (${most_commands_per_session.toFixed(2)})`;
}
