/** One session, as its staff see it: before, while it runs, and after. */
import { useEffect, useState, useSyncExternalStore } from 'react';
import { RollcastError, type Session } from '../../client/index.ts';
import { useAttendanceSession } from '../../client/react.ts';
import { SESSION_STATUSES, type SessionStatus } from '../../contract/nouns.ts';
import { api } from '../api.ts';
import { useLive } from '../live.tsx';
import { Link } from '../parts/link.tsx';
import { Loaded, useFetched } from '../parts/loaded.tsx';
import { Loading } from '../parts/loading.tsx';
import { Problem } from '../parts/problem.tsx';
import { LiveView } from '../session/live-view.tsx';
import { ResultView } from '../session/result-view.tsx';
import { ScheduledView } from '../session/scheduled-view.tsx';
import { SessionHeader } from '../session/session-header.tsx';
import { TimesContext, timesIn } from '../session/times.ts';
import { signedIn } from '../sign-in.ts';
import { texts } from '../texts.ts';

const t = texts.session;

const SessionPage = ({ session_id }: { session_id: string }) => {
  const person = useSyncExternalStore(signedIn.subscribe, signedIn.get);
  if (person?.role === 'student') {
    return (
      <section className="card">
        <h1>{t.forStudents}</h1>
        <Link to={{ page: 'join', session_id }} className="button primary">
          {t.toJoin}
        </Link>
      </section>
    );
  }
  return <StaffSession session_id={session_id} />;
};
export default SessionPage;

const StaffSession = ({ session_id }: { session_id: string }) => {
  const [fetched, reload] = useFetched(
    (signal) => api('getSession', { params: { id: session_id }, signal }),
    [session_id],
  );
  return (
    <Loaded it={fetched} reload={reload}>
      {(session) => <Followed fetched={session} reload={reload} />}
    </Loaded>
  );
};

/** A session never goes back: whoever says that it is further knows more. */
const furthest = (...of: SessionStatus[]): SessionStatus =>
  of.reduce((a, b) => (SESSION_STATUSES.indexOf(b) > SESSION_STATUSES.indexOf(a) ? b : a));

const Followed = ({ fetched, reload }: { fetched: Session; reload: () => void }) => {
  const client = useLive();
  const { session, roll, connection } = useAttendanceSession(client, fetched.id);
  const [error, setError] = useState<unknown>(null);
  const [tries, setTries] = useState(0);
  const [courseFetched] = useFetched(
    (signal) => api('getCourse', { params: { id: fetched.course_id }, signal }),
    [fetched.course_id],
  );
  const course = courseFetched.state === 'there' ? courseFetched.value : null;
  const status = furthest(fetched.status, roll.session?.status ?? 'scheduled');
  const facts = { ...fetched, ...roll.session, status };
  const isToFollow = status === 'active' && roll.phase === 'out';

  // biome-ignore lint/correctness/useExhaustiveDependencies: another try is another reason to ask.
  useEffect(() => {
    if (!isToFollow) return;
    setError(null);
    session.attend().catch((why: unknown) => {
      setError(why);
      // It may have ended just now.
      if (why instanceof RollcastError && why.code === 'SESSION_NOT_ACTIVE') reload();
    });
  }, [session, isToFollow, tries, reload]);

  const isConnected = connection.status === 'connected';
  const shared = { facts, course };
  const view = () => {
    if (roll.phase === 'removed') return <p className="notice">{t.removed}</p>;
    if (status === 'scheduled')
      return <ScheduledView {...shared} client={client} session={session} isConnected={isConnected} reload={reload} />;
    if (status !== 'active') return <ResultView {...shared} roll={roll} reload={reload} />;
    if (roll.phase === 'in')
      return <LiveView {...shared} client={client} session={session} roll={roll} isConnected={isConnected} />;
    return (
      <>
        <SessionHeader session={facts} course={course} />
        {error === null ? (
          <Loading />
        ) : (
          <Lost error={error} retry={() => setTries(tries + 1)} start={() => session.start()} />
        )}
      </>
    );
  };
  return <TimesContext value={timesIn(course?.timezone)}>{view()}</TimesContext>;
};

type LostProps = { error: unknown; retry: () => void; start: () => Promise<unknown> };

/** It runs, and cannot be followed. Where its roll was lost, only a start brings it back. */
const Lost = ({ error, retry, start }: LostProps) => {
  const [failed, setFailed] = useState<unknown>(null);
  const isRollLost = error instanceof RollcastError && error.code === 'SESSION_NOT_ACTIVE';
  if (!isRollLost) return <Problem error={error} retry={retry} />;
  return (
    <section className="card stack">
      <p role="alert">{t.resumeHint}</p>
      <button type="button" className="button primary" onClick={() => void start().catch(setFailed)}>
        {t.resume}
      </button>
      {failed !== null && <Problem error={failed} retry={retry} />}
    </section>
  );
};
