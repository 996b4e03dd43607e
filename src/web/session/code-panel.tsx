/** The rotating code, small beside the roll, and large for the projector. */
import { useState } from 'react';
import type { AttendanceSession } from '../../client/index.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Problem } from '../parts/problem.tsx';
import { texts } from '../texts.ts';
import { type ShownCode, useCheckInCode } from './check-in-code.ts';
import './code.css';
import { Qr } from './qr.tsx';

const t = texts.session.code;
/** A slot of the service's codes; only the bar's length depends on it. */
const SLOT_S = 15;

const CodePanel = ({ session, title }: { session: AttendanceSession; title: string }) => {
  const { shown, error } = useCheckInCode(session);
  const [isLarge, setIsLarge] = useState(false);
  return (
    <section className="card code-panel" aria-labelledby="code-title">
      <h2 id="code-title">{t.title}</h2>
      {error !== null && <Problem error={error} />}
      <Code shown={shown} />
      <div className="row code-actions">
        <button type="button" className="button primary" onClick={() => setIsLarge(true)}>
          {t.show}
        </button>
        <CopyLink shown={shown} />
      </div>
      {isLarge && <LargeCode title={title} shown={shown} onClose={() => setIsLarge(false)} />}
    </section>
  );
};
export default CodePanel;

const Code = ({ shown }: { shown: ShownCode | null }) => (
  <div className="code">
    <div className="code-qr">{shown === null ? <p className="dim">{t.waiting}</p> : <Qr text={shown.url} />}</div>
    <div className="code-facts">
      <p className="code-lead dim">{t.lead}</p>
      {shown !== null && (
        <>
          <p className="code-digits">
            <span className="visually-hidden">{t.digits(shown.code)}</span>
            <span aria-hidden="true" className="code-typed">
              {shown.code.slice(0, 3)} {shown.code.slice(3)}
            </span>
          </p>
          <p className="code-left dim">{t.left(shown.left_s)}</p>
          <div className="code-bar" aria-hidden="true">
            <span style={{ transform: `scaleX(${Math.min(1, shown.left_s / SLOT_S)})` }} />
          </div>
        </>
      )}
    </div>
  </div>
);

const CopyLink = ({ shown }: { shown: ShownCode | null }) => {
  const [isCopied, setIsCopied] = useState(false);
  // Only where pages are served securely.
  if (navigator.clipboard === undefined) return null;
  const copy = () => {
    if (shown === null) return;
    navigator.clipboard.writeText(shown.url).then(
      () => setIsCopied(true),
      () => setIsCopied(false),
    );
  };
  return (
    <button type="button" className="button" disabled={shown === null} onClick={copy}>
      <span aria-live="polite">{isCopied ? texts.common.copied : t.copy}</span>
    </button>
  );
};

type LargeCodeProps = { title: string; shown: ShownCode | null; onClose: () => void };

const LargeCode = ({ title, shown, onClose }: LargeCodeProps) => (
  <Dialog title={title} className="code-large" onClose={onClose}>
    <Code shown={shown} />
    <button type="button" className="button code-close" onClick={onClose}>
      {texts.common.close}
    </button>
  </Dialog>
);
