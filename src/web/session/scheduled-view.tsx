/** A session that has not begun: what it will be, and a button that begins it. */
import { useEffect, useState } from 'react';
import type { AttendanceSession, Rollcast, Session } from '../../client/index.ts';
import type { CheckinPolicy, Course } from '../../contract/nouns.ts';
import { api } from '../api.ts';
import { Problem } from '../parts/problem.tsx';
import { texts } from '../texts.ts';
import { CancelDialog } from './dialogs.tsx';
import { SessionHeader } from './session-header.tsx';

const t = texts.session;

export const rulesInWords = (checkin: CheckinPolicy): string[] => {
  const { opens_before_minutes, late_after_minutes, closes_after_minutes, auto_end_after_minutes, code } = checkin;
  return [
    opens_before_minutes === undefined ? t.rules.open : t.rules.opens(opens_before_minutes),
    late_after_minutes === undefined ? t.rules.neverLate : t.rules.late(late_after_minutes),
    closes_after_minutes === undefined ? null : t.rules.closes(closes_after_minutes),
    code === 'rotating' ? t.rules.code : t.rules.noCode,
    auto_end_after_minutes === undefined ? null : t.rules.autoEnd(auto_end_after_minutes),
  ].filter((it) => it !== null);
};

type ScheduledViewProps = {
  client: Rollcast;
  session: AttendanceSession;
  facts: Session;
  course: Course | null;
  isConnected: boolean;
  reload: () => void;
};

export const ScheduledView = ({ client, session, facts, course, isConnected, reload }: ScheduledViewProps) => {
  const [isStarting, setIsStarting] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [isCancelling, setIsCancelling] = useState(false);
  const { id, course_id, checkin } = facts;

  // Somebody else may start it.
  useEffect(() => {
    const feed = client.course(course_id);
    const look = () => feed.activeSessions.get().some(({ sessionId }) => sessionId === id) && reload();
    const stop = feed.activeSessions.subscribe(look);
    void feed.follow().catch(() => {});
    return stop;
  }, [client, course_id, id, reload]);

  const start = async () => {
    setIsStarting(true);
    setError(null);
    try {
      await session.start();
    } catch (why) {
      setError(why);
      reload();
    } finally {
      setIsStarting(false);
    }
  };
  return (
    <>
      <SessionHeader session={facts} course={course}>
        <button type="button" className="button danger" onClick={() => setIsCancelling(true)}>
          {t.cancel.button}
        </button>
      </SessionHeader>
      {error !== null && <Problem error={error} retry={() => void start()} />}
      <section className="card session-start">
        <button
          type="button"
          className="button primary big"
          disabled={isStarting || !isConnected}
          onClick={() => void start()}
        >
          {isStarting ? t.scheduled.starting : t.scheduled.start}
        </button>
        <p className="dim">{isConnected ? t.scheduled.hint : t.offlineHint}</p>
      </section>
      <section className="card" aria-labelledby="rules-title">
        <h2 id="rules-title">{t.rules.title}</h2>
        <ul className="session-rules">
          {rulesInWords(checkin).map((it) => (
            <li key={it}>{it}</li>
          ))}
        </ul>
      </section>
      {isCancelling && (
        <CancelDialog
          isReasonRequired={false}
          cancel={async (reason) => {
            await api('cancelSession', { params: { id }, body: reason === '' ? {} : { reason } });
            reload();
          }}
          onClose={() => setIsCancelling(false)}
        />
      )}
    </>
  );
};
