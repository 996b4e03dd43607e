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
const calendar = cached(
  (zone) => new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short', ...inZone(zone) }),
);

export type Times = { time: (instant: string | number) => string; day: (instant: string | number) => string };

export const timesIn = cached(
  (zone): Times => ({
    time: (instant) => clock(zone).format(new Date(instant)),
    day: (instant) => calendar(zone).format(new Date(instant)),
  }),
);

export const TimesContext = createContext<Times>(timesIn(undefined));
export const useTimes = (): Times => useContext(TimesContext);
