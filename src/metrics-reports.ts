/**
 * How what happens becomes metrics. Whoever counts or measures is given a few functions and knows no metric. Labels are
 * looked up once, here, where an operation or an outcome is known beforehand; those whose first error somebody waits for
 * begin at 0, so that it is seen as an increase.
 */
import type { JournalReports } from './live/journal.ts';
import type { Metrics } from './metrics.ts';
import type { MongoMeasures } from './mongo/command-measures.ts';
import type { RedisMeasures } from './redis/command-meter.ts';

export type StoreReports = ReturnType<typeof storeReports>;

/** For a profile and its stores. */
export const storeReports = (metrics: Metrics) => ({
  redis: redisMeasures(metrics),
  mongodb: mongoMeasures(metrics),
  journal: journalReports(metrics),
  feeds: feedReports(metrics),
});

const redisMeasures = ({ redisSeconds, redisErrors, redisUp, redisLosses }: Metrics): RedisMeasures => ({
  meterOf: (operation) => {
    const took = redisSeconds.labels(operation);
    const errors = {
      STORE_UNAVAILABLE: redisErrors.labels(operation, 'STORE_UNAVAILABLE'),
      SCRIPT: redisErrors.labels(operation, 'SCRIPT'),
    };
    for (const it of Object.values(errors)) it.inc(0);
    return { answered: (ms) => took.observe(ms / 1000), failed: (code) => errors[code].inc() };
  },
  lost: (purpose) => redisLosses.inc({ purpose }),
  reachable: (purpose, is) => {
    redisLosses.inc({ purpose }, 0);
    redisUp.set({ purpose }, Number(is));
  },
});

const mongoMeasures = (metrics: Metrics): MongoMeasures => {
  const { mongodbSeconds, mongodbErrors, mongodbUp } = metrics;
  return {
    meterOf: (command) => {
      const took = mongodbSeconds.labels(command);
      const errors = mongodbErrors.labels(command);
      errors.inc(0);
      return { answered: (ms) => took.observe(ms / 1000), failed: () => errors.inc() };
    },
    reachable: (is) => mongodbUp.set(Number(is)),
  };
};

const journalReports = ({ journalSeconds, journalFailures }: Metrics): JournalReports => ({
  committed: (ms) => journalSeconds.observe(ms / 1000),
  failed: () => journalFailures.inc(),
});

const feedReports = ({ gapsRepaired, deafRooms }: Metrics) => {
  const repaired = { replay: gapsRepaired.labels('replay'), snapshot: gapsRepaired.labels('snapshot') };
  for (const it of Object.values(repaired)) it.inc(0);
  return {
    repaired: (how: 'replay' | 'snapshot') => repaired[how].inc(),
    deaf: (rooms: number) => deafRooms.inc(rooms),
  };
};

/** For the doorway. */
export const attendanceReports = ({ joins, marks, sessionsStarted, sessionsEnded }: Metrics) => {
  const checkedIn = { new: joins.labels('new'), again: joins.labels('again') };
  const marked = {
    present: marks.labels('present'),
    absent: marks.labels('absent'),
    late: marks.labels('late'),
    excused: marks.labels('excused'),
  };
  const ended = { staff: sessionsEnded.labels('staff'), clock: sessionsEnded.labels('clock') };
  for (const it of [checkedIn, marked, ended].flatMap((all) => Object.values(all))) it.inc(0);
  return {
    checkedIn: (which: keyof typeof checkedIn) => checkedIn[which].inc(),
    marked: (status: keyof typeof marked, records: number) => marked[status].inc(records),
    started: () => sessionsStarted.inc(),
    ended: (by: keyof typeof ended) => ended[by].inc(),
  };
};
