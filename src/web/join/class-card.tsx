/** Which class this is, and what its check-in asks for. */
import type { Session } from '../../client/index.ts';
import { texts } from '../texts.ts';
import { dayAndTimeOf } from './times.ts';

const rulesOf = ({ checkin }: Session): string[] => {
  const { opens_before_minutes: opens, late_after_minutes: late, closes_after_minutes: closes, code } = checkin;
  const { rules } = texts.join;
  return [
    ...(opens === undefined ? [] : [rules.opensBefore(opens)]),
    ...(late === undefined ? [] : [rules.late(late)]),
    ...(closes === undefined ? [] : [rules.closes(closes)]),
    ...(code === 'rotating' ? [rules.code] : []),
  ];
};

export const ClassCard = ({ session, courseTitle }: { session: Session; courseTitle: string | null }) => (
  <header className="join-class">
    {/* Its line is there before its text is, so that nothing moves. */}
    <p className="dim">{courseTitle ?? '\u00a0'}</p>
    <h1>{session.title}</h1>
    <p className="dim">{texts.join.startsAt(dayAndTimeOf(session.starts_at))}</p>
  </header>
);

export const Rules = ({ session }: { session: Session }) => {
  const rules = rulesOf(session);
  if (rules.length === 0) return null;
  return (
    <ul className="join-rules dim" aria-label={texts.join.rulesTitle}>
      {rules.map((it) => (
        <li key={it}>{it}</li>
      ))}
    </ul>
  );
};
