/** The one thing to do on this page, and what came of it. Inside of a live connection. */
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { Connection, Me, Roll } from '../../client/index.ts';
import { useAttendanceSession } from '../../client/react.ts';
import { useLive } from '../live.tsx';
import { Loading } from '../parts/loading.tsx';
import { Problem } from '../parts/problem.tsx';
import { StatusPill } from '../parts/status-pill.tsx';
import type { SignedIn } from '../sign-in.ts';
import { texts } from '../texts.ts';
import { CodeForm } from './code-form.tsx';
import type { ClassNow } from './look.ts';
import type { UsedPass } from './pass.ts';
import { AfterClass, InClass } from './result.tsx';
import { timeOf, useCountdown, waitOf } from './times.ts';
import {
  type CheckIn as Checking,
  type CodeNeed,
  type Step,
  useCheckIn,
  useSignOutWhenRefused,
} from './use-check-in.ts';
import { useStart } from './use-start.ts';

type CheckInProps = {
  now: ClassNow;
  person: SignedIn;
  usedPass: UsedPass;
  lookAgain: () => void;
  onExpired: () => void;
};

export const CheckIn = ({ now, person, usedPass, lookAgain, onExpired }: CheckInProps) => {
  const client = useLive();
  const { session, roll, me, connection } = useAttendanceSession(client, now.session.id);
  const { step, tap } = useCheckIn({ client, session, now, usedPass, lookAgain });
  useStart(client, now.session, step.at === 'waiting', lookAgain);
  useSignOutWhenRefused(connection.status, onExpired);
  return (
    <div className="join-action">
      <p className="visually-hidden" role="status">
        {useSaid(step, me, roll)}
      </p>
      <Action {...{ step, tap, me, roll, connection, now, person, lookAgain }} />
    </div>
  );
};

/** What changes without anybody doing anything, for those who do not see it. */
const useSaid = (step: Step, me: Me, roll: Roll): string => {
  const [said, setSaid] = useState('');
  const before = useRef({ at: step.at, status: me.status, phase: roll.phase });
  useEffect(() => {
    const { at, status, phase } = before.current;
    before.current = { at: step.at, status: me.status, phase: roll.phase };
    if (at === 'waiting' && step.at === 'ready') setSaid(texts.join.waiting.started);
    if (status !== null && me.status !== null && status !== me.status)
      setSaid(texts.join.in.changed(texts.status[me.status]));
    if (phase === 'in' && roll.phase === 'over') {
      const own = me.status === null ? '' : texts.join.over.status(texts.status[me.status]);
      setSaid(`${texts.join.over.title}. ${own}`);
    }
  }, [step.at, me.status, roll.phase]);
  return said;
};

type ActionProps = {
  step: Step;
  tap: Checking['tap'];
  me: Me;
  roll: Roll;
  connection: Connection;
  now: ClassNow;
  person: SignedIn;
  lookAgain: () => void;
};

const Action = ({ step, tap, me, roll, connection, now, person, lookAgain }: ActionProps) => {
  switch (step.at) {
    case 'looking':
      return <Loading />;
    case 'waiting':
      return (
        <Told title={texts.join.waiting.title} text={texts.join.waiting.text}>
          <button type="button" className="button primary join-button" disabled>
            {texts.join.button}
          </button>
        </Told>
      );
    case 'ready':
      return (
        <>
          <Marked now={now} />
          <Ready {...step} tap={tap} />
        </>
      );
    case 'sending':
      return <Sending isConnected={connection.status === 'connected'} />;
    case 'early':
      return <Early opens_at={step.opens_at} />;
    case 'in':
      return <In {...{ me, roll, now }} byTap={step.byTap} />;
    case 'closed':
      return (
        <Told title={texts.join.closed.title} text={texts.join.closed.text} isAlert>
          <Marked now={now} />
          <button type="button" className="button" onClick={lookAgain}>
            {texts.join.closed.again}
          </button>
        </Told>
      );
    case 'not_enrolled':
      return <NotEnrolled name={person.name} again={lookAgain} />;
    case 'over':
      return (
        <AfterClass status={now.own?.status ?? null} ended_at={null} isCancelled={now.session.status === 'cancelled'} />
      );
    case 'failed':
      return <Problem error={step.error} retry={lookAgain} />;
  }
};

/** Staff may mark who has not checked in. */
const Marked = ({ now: { own } }: { now: ClassNow }) =>
  own?.marked_at == null ? null : (
    <p>
      {texts.join.in.marked} <StatusPill status={own.status} />
    </p>
  );

type ReadyProps = { code: CodeNeed; limited_until?: number; tap: Checking['tap'] };

const Ready = ({ code, limited_until = 0, tap }: ReadyProps) => {
  if (code === 'no')
    return (
      <button type="button" className="button primary join-button" onClick={() => tap()}>
        {texts.join.button}
      </button>
    );
  const problems = { asked: null, wrong: texts.join.code.wrong, scanned_too_old: texts.join.code.scannedTooOld };
  return <CodeForm problem={problems[code]} limitedUntil={limited_until} button={texts.join.button} onCode={tap} />;
};

/** After so long it is worth saying that it takes long. */
const SLOW_AFTER_MS = 4_000;

const Sending = ({ isConnected }: { isConnected: boolean }) => {
  const [isSlow, setIsSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsSlow(true), SLOW_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  const { now, waiting, slow, offline } = texts.join.sending;
  return (
    <>
      <button type="button" className="button primary join-button" disabled>
        {isConnected ? now : waiting}
      </button>
      <p className="join-note" role="status">
        {isConnected ? (isSlow ? slow : '') : offline}
      </p>
    </>
  );
};

const Early = ({ opens_at }: { opens_at: string }) => {
  const seconds = useCountdown(Date.parse(opens_at));
  const [first] = useState(seconds);
  const { title, text, now } = texts.join.early;
  return (
    <section className="join-result">
      <h2>{title(timeOf(opens_at))}</h2>
      <p aria-hidden="true">{seconds > 0 ? text(waitOf(seconds)) : now}</p>
      {/* Not every second. */}
      <p className="visually-hidden" role="alert">
        {title(timeOf(opens_at))}. {text(waitOf(first))}
      </p>
    </section>
  );
};

const In = ({ me, roll, now, byTap }: { me: Me; roll: Roll; now: ClassNow; byTap: boolean }) => {
  if (roll.phase === 'removed') return <p className="notice">{texts.join.removed}</p>;
  if (roll.phase !== 'over') return <InClass me={me} byTap={byTap} />;
  return (
    <AfterClass
      status={me.status ?? now.own?.status ?? null}
      ended_at={roll.ended?.at ?? null}
      isCancelled={roll.session?.status === 'cancelled'}
    />
  );
};

export const NotEnrolled = ({ name, again }: { name: string; again: () => void }) => (
  <Told title={texts.join.notEnrolled.title} text={texts.join.notEnrolled.text(name)} isAlert>
    <button type="button" className="button" onClick={again}>
      {texts.common.retry}
    </button>
  </Told>
);

type ToldProps = { title: string; text: string; isAlert?: boolean; children: ReactNode };

const Told = ({ title, text, isAlert = false, children }: ToldProps) => (
  <section className="join-result stack">
    <div role={isAlert ? 'alert' : 'status'}>
      <h2>{title}</h2>
      <p>{text}</p>
    </div>
    {children}
  </section>
);
