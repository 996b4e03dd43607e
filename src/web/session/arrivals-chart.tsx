/** How many came when: bars for each moment, and a line for all so far. */
import { useDeferredValue, useMemo } from 'react';
import { texts } from '../texts.ts';
import type { Records } from './roll-rows.ts';
import { useTimes } from './times.ts';

type Bin = { from: number; count: number; total: number };

const t = texts.session.chart;
const SECOND = 1_000;
const WIDTHS_MS = [5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 86_400].map((it) => it * SECOND);
const MAX_BINS = 24;
const W = 320;
const H = 120;

const binsOf = (instants: readonly number[]): Bin[] => {
  const sorted = [...instants].sort((a, b) => a - b);
  const [first] = sorted;
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) return [];
  const width = WIDTHS_MS.find((it) => (last - first) / it < MAX_BINS - 1) ?? last - first + 1;
  const start = Math.floor(first / width) * width;
  const bins: Bin[] = [];
  for (let from = start; from <= last; from += width) bins.push({ from, count: 0, total: 0 });
  for (const it of sorted) {
    const bin = bins[Math.floor((it - start) / width)];
    if (bin !== undefined) bin.count += 1;
  }
  let total = 0;
  for (const bin of bins) {
    total += bin.count;
    bin.total = total;
  }
  return bins;
};

export const ArrivalsChart = ({ records, isOpen }: { records: Records; isOpen: boolean }) => {
  const { time } = useTimes();
  // Never in the way of what is more urgent.
  const shown = useDeferredValue(records);
  const bins = useMemo(
    () => binsOf([...shown.values()].flatMap((it) => (it.joined_at == null ? [] : [Date.parse(it.joined_at)]))),
    [shown],
  );
  return (
    <details className="card chart" open={isOpen}>
      <summary>
        <h2>{t.title}</h2>
      </summary>
      {bins.length === 0 ? <p className="dim">{t.none}</p> : <Drawn bins={bins} time={time} />}
    </details>
  );
};

const Drawn = ({ bins, time }: { bins: Bin[]; time: (instant: number) => string }) => {
  const all = bins.at(-1)?.total ?? 0;
  const most = Math.max(...bins.map(({ count }) => count));
  const step = W / bins.length;
  const summary = t.summary(all, time(bins[0]?.from ?? 0), time(bins.at(-1)?.from ?? 0));
  const line = bins.map(({ total }, i) => `${i * step + step / 2},${H - (total / all) * (H - 6)}`).join(' ');
  return (
    <>
      <svg className="chart-drawing" viewBox={`0 0 ${W} ${H}`} role="img" aria-label={summary}>
        <line className="chart-axis" x1="0" y1={H - 0.5} x2={W} y2={H - 0.5} />
        {bins.map(({ from, count }, i) => {
          const height = (count / most) * (H - 6);
          return (
            <rect key={from} x={i * step + 1} y={H - height} width={Math.max(1, step - 2)} height={height} rx="1.5" />
          );
        })}
        {bins.length > 1 && <polyline points={line} />}
      </svg>
      <p className="chart-ends dim" aria-hidden="true">
        <span>{time(bins[0]?.from ?? 0)}</span>
        <span>{time(bins.at(-1)?.from ?? 0)}</span>
      </p>
      <details>
        <summary className="chart-table-summary">{t.table}</summary>
        <table className="chart-table">
          <thead>
            <tr>
              <th scope="col">{t.time}</th>
              <th scope="col">{t.arrivals}</th>
              <th scope="col">{t.total}</th>
            </tr>
          </thead>
          <tbody>
            {bins.map(({ from, count, total }) => (
              <tr key={from}>
                <th scope="row">{time(from)}</th>
                <td>{count}</td>
                <td>{total}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  );
};
