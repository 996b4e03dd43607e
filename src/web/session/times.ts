/** Instants as people read them, by the clocks of the course. */
import { createContext, useContext } from 'react';

const cached = <T>(make: (zone: string | undefined) => T) => {
  const made = new Map<string | undefined, T>();
  return (zone: string | undefined): T => {
    const it = made.get(zone) ?? make(zone);
    made.set(zone, it);
    return it;
  };
};

const inZone = (zone: string | undefined) => (zone === undefined ? {} : { timeZone: zone });
const clock = cached((zone) => new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', ...inZone(zone) }));
const shortClock = cached((zone) => new Intl.DateTimeFormat(undefined, { timeStyle: 'short', ...inZone(zone) }));
const calendar = cached(
  (zone) => new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short', ...inZone(zone) }),
);

type InWords = (instant: string | number) => string;
/** time: with seconds. minute: without. */
export type Times = { time: InWords; minute: InWords; day: InWords };

export const timesIn = cached(
  (zone): Times => ({
    time: (instant) => clock(zone).format(new Date(instant)),
    minute: (instant) => shortClock(zone).format(new Date(instant)),
    day: (instant) => calendar(zone).format(new Date(instant)),
  }),
);

export const TimesContext = createContext<Times>(timesIn(undefined));
export const useTimes = (): Times => useContext(TimesContext);
