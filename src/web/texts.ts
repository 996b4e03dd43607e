/** Everything that people read, in one place: a translation is another object of this type. */
import type { AttendanceStatus, SessionStatus } from '../client/index.ts';

const plural = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

export const texts = {
  app: {
    name: 'Rollcast',
    tagline: 'Live roll call for every classroom at once',
    skip: 'Skip to content',
    menu: 'Menu',
  },
  status: { present: 'Present', absent: 'Absent', late: 'Late', excused: 'Excused' } satisfies Record<
    AttendanceStatus,
    string
  >,
  /** Beside the colour, for those who do not see it. */
  statusSign: { present: '✓', absent: '✗', late: '◔', excused: 'E' } satisfies Record<AttendanceStatus, string>,
  sessionStatus: {
    scheduled: 'Planned',
    active: 'Running',
    completed: 'Completed',
    cancelled: 'Cancelled',
  } satisfies Record<SessionStatus, string>,
  flags: {
    shared_device: 'Shared device',
    shared_device_hint: 'Another student checked in from the same device',
    removed: 'Removed',
    removed_hint: 'Not in the course any more',
  },
  connection: {
    connecting: 'Connecting…',
    connected: 'Live',
    reconnecting: 'Connection lost. Reconnecting…',
    offline: 'You are offline. Everything goes on by itself when you are back.',
    refused: 'You are signed out.',
    closed: 'Not connected',
    catchingUp: 'Catching up…',
  },
  signIn: {
    title: 'Sign in',
    with: 'Sign in',
    demo: 'Demo: continue as',
    paste: 'Paste a token',
    pasteHint: 'From your school’s system, or from npm run token',
    use: 'Use this token',
    invalid: 'This is not a token that can be used: it is broken or has expired.',
    out: 'Sign out',
    as: (name: string) => `Signed in as ${name}`,
    expired: 'Your sign-in has expired. Sign in again to go on.',
  },
  common: {
    back: 'Back',
    cancel: 'Cancel',
    close: 'Close',
    save: 'Save',
    retry: 'Try again',
    more: 'Show more',
    loading: 'Loading…',
    nothing: 'Nothing here yet.',
    copy: 'Copy',
    copied: 'Copied',
    download: 'Download CSV',
    none: 'none',
    required: 'required',
    optional: 'optional',
    minutes: 'minutes',
    students: (n: number) => plural(n, 'student', 'students'),
    percent: (n: number) => `${n.toLocaleString(undefined, { maximumFractionDigits: 1 })} %`,
  },
  errors: {
    title: 'That did not work',
    unknown: 'Something went wrong. Try again.',
    network: 'The service cannot be reached. Check your connection and try again.',
    notFound: 'This page does not exist, or you may not see it.',
  },
} as const;

export type Texts = typeof texts;
