/** The last who came, to be seen wherever the roll is scrolled to, and told to screen readers, but not a thousand times. */
import { useEffect, useRef, useState } from 'react';
import type { Statistics } from '../../client/index.ts';
import { StatusPill } from '../parts/status-pill.tsx';
import { texts } from '../texts.ts';
import type { Arrivals } from './arrivals.ts';
import { nameOfRecord } from './roll-rows.ts';
import { useTimes } from './times.ts';

const t = texts.session.arrivals;
/** A screen reader needs some seconds for a sentence. */
const ANNOUNCE_EVERY_MS = 8_000;
const NAMED = 3;

export const JustArrived = ({ arrivals }: { arrivals: Arrivals }) => {
  const { time } = useTimes();
  return (
    <section
      className={`card arrivals${arrivals.latest.length === 0 ? ' empty' : ''}`}
      aria-labelledby="arrivals-title"
    >
      <h2 id="arrivals-title">{t.title}</h2>
      {arrivals.latest.length === 0 ? (
        <p className="dim">{t.none}</p>
      ) : (
        <ol>
          {arrivals.latest.map((it) => (
            <li key={it.student_id}>
              <span className="arrival-name">{nameOfRecord(it)}</span>
              <StatusPill status={it.status} />
              <span className="dim arrival-time">{it.joined_at == null ? '' : time(it.joined_at)}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
};

const hereOf = ({ presentCount, lateCount }: Statistics): number => presentCount + lateCount;

export const ArrivalAnnouncer = ({ arrivals, statistics }: { arrivals: Arrivals; statistics: Statistics }) => {
  const [said, setSaid] = useState('');
  const now = useRef({ arrivals, statistics });
  now.current = { arrivals, statistics };
  const told = useRef({ count: 0, at: Number.NEGATIVE_INFINITY });
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const { count } = arrivals;
  useEffect(() => {
    if (count === told.current.count || timer.current !== undefined) return;
    const say = () => {
      timer.current = undefined;
      const { arrivals: all, statistics: of } = now.current;
      const n = all.count - told.current.count;
      told.current = { count: all.count, at: performance.now() };
      const names = all.latest.slice(0, n).map(nameOfRecord).join(', ');
      const make = n <= NAMED ? t.announceNames(names, hereOf(of), of.totalStudents) : null;
      setSaid(make ?? t.announceMany(n, hereOf(of), of.totalStudents));
    };
    timer.current = setTimeout(say, Math.max(300, told.current.at + ANNOUNCE_EVERY_MS - performance.now()));
  }, [count]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <p className="visually-hidden" aria-live="polite">
      {said}
    </p>
  );
};
