/** One mark per session, oldest on the left: told apart by sign and height as well as by colour. */
import { texts } from '../texts.ts';
import type { Mark } from './trends.ts';

const wordOf = ({ status }: Mark): string => (status === null ? texts.report.noRecord : texts.status[status]);
const signOf = ({ status }: Mark): string => (status === null ? '·' : texts.statusSign[status]);

export const TrendStrip = ({ name, marks }: { name: string; marks: readonly Mark[] }) => (
  <span className="trend" role="img" aria-label={texts.report.trendOf(name, marks.map(wordOf))}>
    {marks.map((it) => (
      <span
        key={it.session.id}
        className={`trend-mark ${it.status ?? 'unknown'}`}
        title={`${it.session.title}: ${wordOf(it)}`}
      >
        {signOf(it)}
      </span>
    ))}
  </span>
);

export const StatusMark = ({ mark }: { mark: Mark }) => (
  <span className={`trend-mark ${mark.status ?? 'unknown'}`} aria-hidden="true">
    {signOf(mark)}
  </span>
);

export { wordOf };
