/** What became of the last change of many, with the way back. */
import { Problem } from '../parts/problem.tsx';
import { texts } from '../texts.ts';

type ChangeNoticeProps = {
  /** Null: nothing has been changed. */
  text: string | null;
  onUndo?: (() => void) | undefined;
  onDismiss: () => void;
  failed: { error: unknown; again: () => void } | null;
};

const t = texts.session.bulk;

export const ChangeNotice = ({ text, onUndo, onDismiss, failed }: ChangeNoticeProps) => (
  <>
    {failed !== null && <Problem error={failed.error} retry={failed.again} />}
    <div className={text === null ? 'visually-hidden' : 'change-notice row'} role="status">
      {text !== null && (
        <>
          <span>{text}</span>
          {onUndo !== undefined && (
            <button type="button" className="button" onClick={onUndo}>
              {t.undo}
            </button>
          )}
          <button type="button" className="button icon" aria-label={t.dismiss} onClick={onDismiss}>
            <span aria-hidden="true">×</span>
          </button>
        </>
      )}
    </div>
  </>
);
