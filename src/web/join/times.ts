/** Clock times and countdowns, as people read them. */
import { useEffect, useState } from 'react';
import { texts } from '../texts.ts';

const TICK_MS = 1_000;

/** Hours and minutes by the clock of this device. */
export const timeOf = (iso: string): string =>
  new Date(iso).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });

/** With the day, unless it is today. */
export const dayAndTimeOf = (iso: string): string => {
  const at = new Date(iso);
  if (at.toDateString() === new Date().toDateString()) return timeOf(iso);
  return at.toLocaleString(undefined, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
};

export const waitOf = (seconds: number): string => {
  if (seconds < 60) return texts.join.seconds(seconds);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return texts.join.minutesLeft(minutes, String(seconds % 60).padStart(2, '0'));
  return texts.join.hoursLeft(Math.floor(minutes / 60), minutes % 60);
};

/** Seconds until then, 0 at last; milliseconds since the epoch. By the clock, so that a phone that slept is right again. */
export const useCountdown = (until: number): number => {
  const left = () => Math.max(0, Math.ceil((until - Date.now()) / 1000));
  const [, setTick] = useState(0);
  const isOver = left() === 0;
  useEffect(() => {
    if (isOver) return;
    const tick = () => setTick((it) => it + 1);
    const timer = setInterval(tick, TICK_MS);
    document.addEventListener('visibilitychange', tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
    };
  }, [isOver]);
  return left();
};
