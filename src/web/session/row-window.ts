/** Of a long list in a page that scrolls: the rows that are to be seen, and some around them. */
import { type RefObject, useEffect, useLayoutEffect, useState } from 'react';

/** Below this everything is in the page: then the browser's own search finds everybody. */
const WINDOWED_FROM = 80;
const AROUND = 6;
/** Before it is known where the window is. */
const FIRST = 30;
const NARROW = '(max-width: 46rem)';
/** In rem: rows grow with the text size that people set. */
const ROW_REM = { wide: 3.25, narrow: 7.5 };

const heightNow = (): number => {
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  return Math.round(rem * (window.matchMedia(NARROW).matches ? ROW_REM.narrow : ROW_REM.wide));
};

/** Of every row, in px. */
export const useRowHeight = (): number => {
  const [height, setHeight] = useState(heightNow);
  useEffect(() => {
    const look = () => setHeight(heightNow());
    window.addEventListener('resize', look);
    return () => window.removeEventListener('resize', look);
  }, []);
  return height;
};

export type RowWindow = { from: number; to: number };

const windowOf = (body: HTMLElement, height: number): RowWindow => {
  const top = body.getBoundingClientRect().top;
  const from = Math.floor(-top / height) - AROUND;
  const to = Math.ceil((window.innerHeight - top) / height) + AROUND;
  // In steps: a small movement renders nothing anew.
  return { from: Math.floor(from / 5) * 5, to: Math.ceil(to / 5) * 5 };
};

/** from (inclusive) to (exclusive). */
export const useRowWindow = (count: number, height: number, body: RefObject<HTMLElement | null>): RowWindow => {
  const [range, setRange] = useState<RowWindow>({ from: 0, to: FIRST });
  const isWindowed = count > WINDOWED_FROM;
  useLayoutEffect(() => {
    if (!isWindowed) return;
    let frame = 0;
    const look = () => {
      frame = 0;
      if (body.current === null) return;
      const next = windowOf(body.current, height);
      setRange((before) => (before.from === next.from && before.to === next.to ? before : next));
    };
    const soon = () => {
      if (frame === 0) frame = requestAnimationFrame(look);
    };
    // Not at once: to ask where things are, in the middle of a change, makes the browser lay out everything twice.
    soon();
    window.addEventListener('scroll', soon, { passive: true });
    window.addEventListener('resize', soon);
    return () => {
      cancelAnimationFrame(frame);
      window.removeEventListener('scroll', soon);
      window.removeEventListener('resize', soon);
    };
  }, [isWindowed, height, body]);
  if (!isWindowed) return { from: 0, to: count };
  return { from: Math.max(0, Math.min(range.from, count)), to: Math.min(count, Math.max(0, range.to)) };
};
