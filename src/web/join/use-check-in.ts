/** From the tap to the result: what a student can do now, and why not. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { type AttendanceSession, newRequestId, type Rollcast, RollcastError } from '../../client/index.ts';
import { signOut } from '../sign-in.ts';
import type { ClassNow } from './look.ts';
import type { UsedPass } from './pass.ts';

export type CodeNeed = 'no' | 'asked' | 'wrong' | 'scanned_too_old';

export type Step =
  /** Whether they have joined before is being found out. */
  | { at: 'looking' }
  /** The class has not been started. */
  | { at: 'waiting' }
  /** limited_until: no code is looked at before; milliseconds since the epoch. */
  | { at: 'ready'; code: CodeNeed; limited_until?: number }
  | { at: 'sending' }
  /** Tapped before check-in opens: it is sent by itself then. */
  | { at: 'early'; opens_at: string; input: JoinInput }
  | { at: 'in'; byTap: boolean }
  | { at: 'closed' | 'not_enrolled' | 'over' }
  | { at: 'failed'; error: RollcastError };

type JoinInput = { code?: string; ticket?: string };

export type CheckIn = {
  step: Step;
  /** code: as typed; else what was scanned, if anything was. */
  tap: (code?: string) => void;
};

/** While check-in is not open it is asked again at least so often: a phone's clock may be slow. */
const ASK_EARLY_EVERY_MS = 30_000;
const ASK_EARLY_MIN_MS = 1_000;
const LIMITED_MS = 60_000;
const TOKEN_CODES = new Set(['TOKEN_EXPIRED', 'TOKEN_INVALID', 'TOKEN_MISSING']);

/** 'again': the outcome is unknown, so it goes on; null: nobody is here to see it any more. */
const afterRefusal = (error: unknown, input: JoinInput): Step | 'again' | 'look' | null => {
  if (!(error instanceof RollcastError)) throw error;
  switch (error.code) {
    case 'TIMEOUT':
    case 'STORE_UNAVAILABLE':
      return 'again';
    case 'CLOSED':
      return null;
    case 'CHECKIN_NOT_OPEN':
      return { at: 'early', opens_at: error.opens_at ?? new Date().toISOString(), input };
    case 'CHECKIN_CLOSED':
      return { at: 'closed' };
    case 'CHECKIN_CODE_REQUIRED':
      return { at: 'ready', code: 'asked' };
    case 'CHECKIN_CODE_INVALID':
      return { at: 'ready', code: input.ticket === undefined ? 'wrong' : 'scanned_too_old' };
    case 'RATE_LIMITED':
      return { at: 'ready', code: 'asked', limited_until: Date.now() + (error.retry_after_ms ?? LIMITED_MS) };
    case 'STUDENT_NOT_ENROLLED':
    case 'SESSION_NOT_FOUND':
      return { at: 'not_enrolled' };
    // Not started, or just ended: the class itself says which.
    case 'SESSION_NOT_ACTIVE':
      return 'look';
    default:
      return { at: 'failed', error };
  }
};

/** Only who joined before may ask what they missed: so a device that never sent the join knows too, and nothing is changed by asking. */
const hasJoined = async (client: Rollcast, session_id: string): Promise<boolean> => {
  for (;;) {
    try {
      await client.request('syncAttendance', { session_id });
      return true;
    } catch (error) {
      if (!(error instanceof RollcastError)) throw error;
      if (error.code === 'CLOSED' || TOKEN_CODES.has(error.code)) throw error;
      if (error.code !== 'TIMEOUT' && error.code !== 'STORE_UNAVAILABLE') return false;
    }
  }
};

const firstStep = ({ session, own }: ClassNow, { pass }: UsedPass): Step => {
  if (session.status === 'scheduled') return { at: 'waiting' };
  if (session.status !== 'active') return { at: 'over' };
  // Nobody has written anything about them yet, so they have not joined.
  if (own?.marked_at == null) return readyStep(session.checkin.code, pass);
  return { at: 'looking' };
};

const readyStep = (code: 'off' | 'rotating' | undefined, pass: UsedPass['pass']): Step => {
  if (code !== 'rotating' || pass.state === 'kept') return { at: 'ready', code: 'no' };
  if (pass.state === 'limited') return { at: 'ready', code: 'asked', limited_until: pass.until };
  return { at: 'ready', code: pass.state === 'refused' ? 'scanned_too_old' : 'asked' };
};

type Checking = {
  client: Rollcast;
  session: AttendanceSession;
  now: ClassNow;
  usedPass: UsedPass;
  lookAgain: () => void;
};

export const useCheckIn = ({ client, session, now, usedPass, lookAgain }: Checking): CheckIn => {
  const [step, setStep] = useState(() => firstStep(now, usedPass));
  const { pass, forget } = usedPass;
  const kept = useRef(pass);
  kept.current = pass;
  const { session_id } = session;

  const send = useCallback(
    async (input: JoinInput, byTap: boolean): Promise<void> => {
      // Who waits for check-in to open goes on seeing that.
      setStep((before) => (before.at === 'early' ? before : { at: 'sending' }));
      // One for all tries: however often it is sent, it happens once.
      const request_id = newRequestId();
      for (;;) {
        try {
          await session.join(input, { request_id });
          forget();
          setStep({ at: 'in', byTap });
          return;
        } catch (error) {
          const next = afterRefusal(error, input);
          if (next === 'again') continue;
          if (input.ticket !== undefined && next !== null && next !== 'look' && next.at === 'ready') forget();
          if (next === 'look') lookAgain();
          else if (next !== null) setStep(next);
          return;
        }
      }
    },
    [session, forget, lookAgain],
  );

  // A newer look at the class begins anew, unless they are in it: then they hear by themselves.
  const seen = useRef(now);
  useEffect(() => {
    if (seen.current === now) return;
    seen.current = now;
    setStep((before) => (before.at === 'in' ? before : firstStep(now, { pass: kept.current } as UsedPass)));
  }, [now]);

  useEffect(() => {
    if (step.at !== 'looking') return;
    let isCurrent = true;
    const settle = async () => {
      const joined = await hasJoined(client, session_id);
      if (!isCurrent) return;
      if (!joined) {
        setStep(readyStep(now.session.checkin.code, kept.current));
        return;
      }
      await send({}, false);
      // Who set the status and when, the answer to a join does not say.
      await session.refresh();
    };
    settle().catch(() => {});
    return () => {
      isCurrent = false;
    };
  }, [step, client, session, session_id, now, send]);

  useEffect(() => {
    if (step.at !== 'early') return;
    const until = Date.parse(step.opens_at) - Date.now();
    const wait = Math.min(ASK_EARLY_EVERY_MS, Math.max(ASK_EARLY_MIN_MS, until));
    const timer = setTimeout(() => void send(step.input, true), wait);
    return () => clearTimeout(timer);
  }, [step, send]);

  const tap = useCallback(
    (code?: string) => {
      const ticket = kept.current.state === 'kept' ? kept.current.ticket : undefined;
      void send(code !== undefined ? { code } : ticket !== undefined ? { ticket } : {}, true);
    },
    [send],
  );
  return { step, tap };
};

/** Told when the service does not take the token any more: they sign in anew, and come back to this page. */
export const useSignOutWhenRefused = (status: string, onExpired: () => void): void => {
  useEffect(() => {
    if (status !== 'refused') return;
    onExpired();
    signOut();
  }, [status, onExpired]);
};
