/** The page of a scanned link: which class, one button, the result. Made for a phone that is held in one hand. */
import { useCallback, useEffect, useState } from 'react';
import { BeforeSignIn } from '../join/before-sign-in.tsx';
import { CheckIn, NotEnrolled } from '../join/check-in.tsx';
import { ClassCard, Rules } from '../join/class-card.tsx';
import { type Look, useCourseTitle, useLook } from '../join/look.ts';
import { type UsedPass, usePass } from '../join/pass.ts';
import '../join/join.css';
import { LiveProvider } from '../live.tsx';
import { ConnectionState } from '../parts/connection-state.tsx';
import { Link } from '../parts/link.tsx';
import { Problem } from '../parts/problem.tsx';
import type { Settings } from '../settings.ts';
import { type SignedIn, signOut } from '../sign-in.ts';
import { texts } from '../texts.ts';

type JoinPageProps = { session_id: string; code: string; settings: Settings; person: SignedIn | null };

const JoinPage = ({ session_id, code, settings, person }: JoinPageProps) => {
  const usedPass = usePass(session_id, code);
  const [hasExpired, setHasExpired] = useState(false);
  const onExpired = useCallback(() => setHasExpired(true), []);
  useEffect(() => {
    if (person !== null) setHasExpired(false);
  }, [person]);
  if (person === null) return <BeforeSignIn {...usedPass} settings={settings} hasExpired={hasExpired} />;
  if (person.role !== 'student') return <StaffNote session_id={session_id} name={person.name} />;
  return <StudentJoin key={person.user_id} {...{ session_id, usedPass, person, onExpired }} />;
};
export default JoinPage;

/** Check-in is still possible, or will be. */
const OPEN = new Set(['scheduled', 'active']);

type StudentJoinProps = { session_id: string; usedPass: UsedPass; person: SignedIn; onExpired: () => void };

const StudentJoin = ({ session_id, usedPass, person, onExpired }: StudentJoinProps) => {
  const [look, lookAgain] = useLook(session_id);
  useTokenExpiry(look, onExpired);
  const session = look.state === 'there' ? look.now.session : undefined;
  const courseTitle = useCourseTitle(session?.course_id);
  useTitle(session?.title);
  // A ticket is bound to a cookie that came with it: the connection is opened after that, so that it carries it.
  const isTrading = usedPass.pass.state === 'trading' || usedPass.pass.state === 'offline';
  const page = (isLive: boolean) => (
    <main className="join" id="content">
      <p className="join-top">
        <span className="join-name">{texts.app.name}</span>
        {isLive && <ConnectionState />}
      </p>
      {session === undefined ? (
        <header className="join-class">
          <h1>{texts.join.title}</h1>
        </header>
      ) : (
        <ClassCard session={session} courseTitle={courseTitle} />
      )}
      {look.state === 'failed' ? (
        <Failed error={look.error} name={person.name} again={lookAgain} />
      ) : look.state === 'looking' || !isLive ? (
        <Underway isOffline={usedPass.pass.state === 'offline' || (look.state === 'looking' && look.isOffline)} />
      ) : (
        <CheckIn {...{ person, usedPass, lookAgain, onExpired }} now={look.now} />
      )}
      {session !== undefined && OPEN.has(session.status) && <Rules session={session} />}
      <Foot person={person} />
    </main>
  );
  return isTrading ? page(false) : <LiveProvider person={person}>{page(true)}</LiveProvider>;
};

const useTitle = (title: string | undefined): void => {
  useEffect(() => {
    document.title = title === undefined ? texts.app.name : `${title} – ${texts.app.name}`;
  }, [title]);
};

const NOT_SIGNED_IN = 401;

const useTokenExpiry = (look: Look, onExpired: () => void): void => {
  useEffect(() => {
    if (look.state !== 'failed' || look.error.status !== NOT_SIGNED_IN) return;
    onExpired();
    signOut();
  }, [look, onExpired]);
};

const NOT_FOUND = 404;

/** What a student may not know of answers like what does not exist. */
const Failed = ({ error, name, again }: { error: { status: number }; name: string; again: () => void }) =>
  error.status === NOT_FOUND ? <NotEnrolled name={name} again={again} /> : <Problem error={error} retry={again} />;

const Underway = ({ isOffline }: { isOffline: boolean }) => (
  <div className="join-action">
    <p className={isOffline ? 'notice' : 'dim'} role="status">
      {isOffline ? texts.connection.offline : texts.join.loading}
    </p>
  </div>
);

const Foot = ({ person }: { person: SignedIn }) => (
  <footer className="join-foot">
    <p className="dim join-person">{texts.signIn.as(person.name)}</p>
    <Link to={{ page: 'history' }} className="button">
      {texts.join.history}
    </Link>
    <button type="button" className="button" onClick={signOut}>
      {texts.join.notYou}
    </button>
  </footer>
);

const StaffNote = ({ session_id, name }: { session_id: string; name: string }) => (
  <main className="join" id="content">
    <p className="join-top">
      <span className="join-name">{texts.app.name}</span>
    </p>
    <section className="join-result stack">
      <h1>{texts.join.staff.title}</h1>
      <p>{texts.join.staff.text(name)}</p>
      <Link to={{ page: 'session', session_id }} className="button primary">
        {texts.join.staff.link}
      </Link>
    </section>
  </main>
);
