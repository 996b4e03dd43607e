/**
 * Both changes of the clocks in 2026, in zones of different habits: at one o'clock UTC, at two o'clock local, and by half
 * an hour in the southern autumn and spring. Written out, since what computes them is what the tests look at.
 */
export type ClockChange = {
  zone: string;
  /** The first instant of the new offset. */
  at: string;
  /** What clocks show one second before, and then. */
  last: string;
  first: string;
  /** Local times half an hour before the change and an hour after it. */
  lesson: { begins: string; ends: string };
  /** A local time in the middle of those that are skipped or come twice, and how far from the change it is taken to be. */
  odd: { local: string; minutes: number };
  /** When the local day of the change begins and ends. */
  day: { date: string; next: string; begins: string; ends: string };
};

export const CLOCK_CHANGES: ClockChange[] = [
  {
    zone: 'Europe/Berlin',
    at: '2026-03-29T01:00:00.000Z',
    last: '2026-03-29T01:59:59+01:00',
    first: '2026-03-29T03:00:00+02:00',
    lesson: { begins: '2026-03-29T01:30', ends: '2026-03-29T04:00' },
    odd: { local: '2026-03-29T02:30', minutes: 30 },
    day: {
      date: '2026-03-29',
      next: '2026-03-30',
      begins: '2026-03-28T23:00:00.000Z',
      ends: '2026-03-29T22:00:00.000Z',
    },
  },
  {
    zone: 'Europe/Berlin',
    at: '2026-10-25T01:00:00.000Z',
    last: '2026-10-25T02:59:59+02:00',
    first: '2026-10-25T02:00:00+01:00',
    lesson: { begins: '2026-10-25T02:30', ends: '2026-10-25T03:00' },
    odd: { local: '2026-10-25T02:30', minutes: -30 },
    day: {
      date: '2026-10-25',
      next: '2026-10-26',
      begins: '2026-10-24T22:00:00.000Z',
      ends: '2026-10-25T23:00:00.000Z',
    },
  },
  {
    zone: 'America/New_York',
    at: '2026-03-08T07:00:00.000Z',
    last: '2026-03-08T01:59:59-05:00',
    first: '2026-03-08T03:00:00-04:00',
    lesson: { begins: '2026-03-08T01:30', ends: '2026-03-08T04:00' },
    odd: { local: '2026-03-08T02:30', minutes: 30 },
    day: {
      date: '2026-03-08',
      next: '2026-03-09',
      begins: '2026-03-08T05:00:00.000Z',
      ends: '2026-03-09T04:00:00.000Z',
    },
  },
  {
    zone: 'America/New_York',
    at: '2026-11-01T06:00:00.000Z',
    last: '2026-11-01T01:59:59-04:00',
    first: '2026-11-01T01:00:00-05:00',
    lesson: { begins: '2026-11-01T01:30', ends: '2026-11-01T02:00' },
    odd: { local: '2026-11-01T01:30', minutes: -30 },
    day: {
      date: '2026-11-01',
      next: '2026-11-02',
      begins: '2026-11-01T04:00:00.000Z',
      ends: '2026-11-02T05:00:00.000Z',
    },
  },
  {
    zone: 'Australia/Lord_Howe',
    at: '2026-10-03T15:30:00.000Z',
    last: '2026-10-04T01:59:59+10:30',
    first: '2026-10-04T02:30:00+11:00',
    lesson: { begins: '2026-10-04T01:30', ends: '2026-10-04T03:30' },
    odd: { local: '2026-10-04T02:15', minutes: 15 },
    day: {
      date: '2026-10-04',
      next: '2026-10-05',
      begins: '2026-10-03T13:30:00.000Z',
      ends: '2026-10-04T13:00:00.000Z',
    },
  },
  {
    zone: 'Australia/Lord_Howe',
    at: '2026-04-04T15:00:00.000Z',
    last: '2026-04-05T01:59:59+11:00',
    first: '2026-04-05T01:30:00+10:30',
    lesson: { begins: '2026-04-05T01:30', ends: '2026-04-05T02:30' },
    odd: { local: '2026-04-05T01:45', minutes: -15 },
    day: {
      date: '2026-04-05',
      next: '2026-04-06',
      begins: '2026-04-04T13:00:00.000Z',
      ends: '2026-04-05T13:30:00.000Z',
    },
  },
];
