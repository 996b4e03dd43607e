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
  join: {
    title: 'Check in',
    loading: 'Looking for your class…',
    button: 'I am here',
    notYou: 'Not you? Sign out',
    history: 'My attendance',
    startsAt: (when: string) => `Planned for ${when}`,
    rulesTitle: 'Check-in rules',
    rules: {
      opensBefore: (minutes: number) =>
        minutes === 0
          ? 'Check-in opens at the planned start.'
          : `Check-in opens ${plural(minutes, 'minute', 'minutes')} before the planned start.`,
      late: (minutes: number) => `From ${plural(minutes, 'minute', 'minutes')} after the start you count as late.`,
      closes: (minutes: number) => `Check-in closes ${plural(minutes, 'minute', 'minutes')} after the start.`,
      code: 'You need the code that is shown in the room.',
    },
    code: {
      label: 'Code shown in the room',
      hint: 'Six digits. They change every 15 seconds.',
      incomplete: 'The code has six digits.',
      wrong: 'That code is wrong or too old. Type the one that is shown now.',
      scannedTooOld: 'The code that you scanned is too old. Scan again, or type the one that is shown now.',
      limited: (wait: string) => `Too many wrong codes. You can try again in ${wait}.`,
      again: 'You can try again now.',
      use: 'Use this code',
    },
    signIn: {
      lead: 'Sign in, so that your school knows who you are.',
      trading: 'Keeping your code…',
      kept: (until: string) => `Your code is kept until ${until}. Sign in now, then tap once.`,
      offline: 'No connection. Your code is sent by itself as soon as you are back.',
      first: 'First the code',
      over: 'This class takes no check-ins now. Sign in to see your attendance.',
      unknown: 'This link does not lead to a class. Scan the code in the room again.',
      expired: 'Your sign-in has expired. Sign in again to go on. Nothing is lost.',
    },
    sending: {
      now: 'Checking you in…',
      waiting: 'Waiting for the network…',
      slow: 'The network is slow. This page goes on trying. You are checked in once only.',
      offline: 'No connection. You will be checked in by itself as soon as you are back. Keep this page open.',
    },
    waiting: {
      title: 'The class has not started yet',
      text: 'Keep this page open. The button comes by itself when your teacher starts the class.',
      started: 'The class has started. You can check in now.',
    },
    early: {
      title: (at: string) => `Check-in opens at ${at}`,
      text: (wait: string) => `That is in ${wait}. Keep this page open: you are checked in by itself then.`,
      now: 'Any moment now…',
    },
    closed: {
      title: 'Check-in is closed',
      text: 'You are here? Tell your teacher, who can still mark you.',
      again: 'Look again',
    },
    notEnrolled: {
      title: 'You are not in this course',
      text: (name: string) =>
        `You are signed in as ${name}. Is that you? If so, ask your teacher to add you, then try again.`,
    },
    removed: 'You are not in this course any more. Ask your teacher if that is not right.',
    cancelled: 'This class was cancelled',
    in: {
      title: { present: 'You are here', late: 'You are here, late', absent: 'Marked absent', excused: 'Excused' },
      since: (time: string) => `Checked in at ${time}`,
      byTeacher: (time: string) => `Set by your teacher at ${time}`,
      ofTeacher: 'Set by your teacher',
      marked: 'Your teacher has set for you:',
      means: {
        present: 'You count as present. You can close this page: you stay checked in.',
        late: 'You came after the time for being present, so you count as late. You stay checked in.',
        absent: 'You are here all the same? Tell your teacher.',
        excused: 'You do not have to be here, and this class does not count for your rate.',
      },
      changed: (status: string) => `Your teacher changed your status: ${status}`,
    },
    over: {
      title: 'The class is over',
      status: (status: string) => `Your attendance: ${status}`,
      endedAt: (time: string) => `Ended at ${time}`,
      unknown: 'Nothing was recorded for you.',
    },
    staff: {
      title: 'This page is for students',
      text: (name: string) =>
        `You are signed in as ${name}. Students check in here; you take attendance on the page of the session.`,
      link: 'Go to the session',
    },
    seconds: (n: number) => plural(n, 'second', 'seconds'),
    minutesLeft: (minutes: number, seconds: string) => `${minutes}:${seconds} minutes`,
    hoursLeft: (hours: number, minutes: number) => `${hours} h ${minutes} min`,
  },
  history: {
    title: 'My attendance',
    rate: 'Attendance rate',
    rateHint: 'Present and late, out of the classes from which you were not excused.',
    counts: 'Counts',
    sessions: (n: number) => `${plural(n, 'class', 'classes')}`,
    list: 'Classes, newest first',
    nothing: 'No class has been completed yet. Your attendance appears here after your first one.',
    notAStudent: 'Only students have an attendance of their own.',
  },
  errors: {
    title: 'That did not work',
    unknown: 'Something went wrong. Try again.',
    network: 'The service cannot be reached. Check your connection and try again.',
    notFound: 'This page does not exist, or you may not see it.',
  },
} as const;

export type Texts = typeof texts;
