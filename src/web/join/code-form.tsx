/** The button, and where a code is asked for the field above it. */
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { texts } from '../texts.ts';
import { useCountdown, waitOf } from './times.ts';

const CODE = /^\d{6}$/;

type CodeFormProps = {
  /** What is wrong with the last code. */
  problem: string | null;
  /** No code is looked at before; milliseconds since the epoch, 0: any time. */
  limitedUntil?: number;
  button: string;
  onCode: (code: string) => void;
};

export const CodeForm = ({ problem, limitedUntil = 0, button, onCode }: CodeFormProps) => {
  const [isIncomplete, setIsIncomplete] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const seconds = useCountdown(limitedUntil);
  const wrong = isIncomplete ? texts.join.code.incomplete : problem;
  // Whoever has just been told that a code is wrong types the next one.
  useEffect(() => {
    if (problem !== null) field.current?.focus();
  }, [problem]);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const code = (field.current?.value ?? '').replace(/\D/g, '');
    setIsIncomplete(!CODE.test(code));
    if (CODE.test(code)) onCode(code);
    else field.current?.focus();
  };
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <label htmlFor="code">{texts.join.code.label}</label>
      <input
        id="code"
        ref={field}
        className="field join-code"
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={7}
        aria-describedby={wrong === null ? 'code-hint' : 'code-wrong code-hint'}
        aria-invalid={wrong !== null}
      />
      <p id="code-hint" className="dim">
        {texts.join.code.hint}
      </p>
      {wrong !== null && seconds === 0 && (
        <p id="code-wrong" className="notice" role="alert">
          {wrong}
        </p>
      )}
      {limitedUntil > 0 && <Limited seconds={seconds} />}
      <button type="submit" className="button primary join-button" disabled={seconds > 0}>
        {button}
      </button>
    </form>
  );
};

/** Said once at the beginning and once at the end, not every second. */
const Limited = ({ seconds }: { seconds: number }) => {
  const [first] = useState(seconds);
  return (
    <div className="notice">
      <span aria-hidden="true">{seconds > 0 ? texts.join.code.limited(waitOf(seconds)) : texts.join.code.again}</span>
      <span className="visually-hidden" role="alert">
        {seconds > 0 ? texts.join.code.limited(waitOf(first)) : texts.join.code.again}
      </span>
    </div>
  );
};
