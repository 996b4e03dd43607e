/** How a student stands in a class: during it, and after it. */
import { useEffect, useRef } from 'react';
import type { AttendanceStatus, Me } from '../../client/index.ts';
import { StatusPill } from '../parts/status-pill.tsx';
import { texts } from '../texts.ts';
import { timeOf } from './times.ts';

/** Who set the status, as far as the service said. */
const byWhom = ({ status, joined_at, marked_at }: Me): string | null => {
  const isMarked = marked_at !== null && marked_at !== joined_at;
  if (isMarked) return texts.join.in.byTeacher(timeOf(marked_at));
  return status === 'absent' || status === 'excused' ? texts.join.in.ofTeacher : null;
};

/** byTap: the button that had the focus is gone, so the result takes it. */
export const InClass = ({ me, byTap }: { me: Me; byTap: boolean }) => {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (byTap) heading.current?.focus();
  }, [byTap]);
  if (me.status === null) return null;
  const by = byWhom(me);
  return (
    <section className={`join-result ${me.status}`} aria-labelledby="result">
      <p className="join-sign" aria-hidden="true">
        {texts.statusSign[me.status]}
      </p>
      <h2 id="result" ref={heading} tabIndex={-1}>
        {texts.join.in.title[me.status]}
      </h2>
      {me.joined_at !== null && <p className="join-time">{texts.join.in.since(timeOf(me.joined_at))}</p>}
      {by !== null && <p className="join-time">{by}</p>}
      <p>{texts.join.in.means[me.status]}</p>
    </section>
  );
};

type AfterClassProps = { status: AttendanceStatus | null; ended_at: string | null; isCancelled: boolean };

export const AfterClass = ({ status, ended_at, isCancelled }: AfterClassProps) => (
  <section className="join-result" aria-labelledby="result">
    <h2 id="result">{isCancelled ? texts.join.cancelled : texts.join.over.title}</h2>
    {ended_at !== null && <p className="join-time">{texts.join.over.endedAt(timeOf(ended_at))}</p>}
    {!isCancelled && (status === null ? <p>{texts.join.over.unknown}</p> : <StatusPill status={status} />)}
  </section>
);
