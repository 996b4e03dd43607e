import { RollcastError } from '../../client/index.ts';
import { ApiError } from '../api.ts';
import { texts } from '../texts.ts';

/** What to tell people of an error: the service's own words, which clients show as they are. */
export const textOf = (error: unknown): string => {
  if (error instanceof ApiError) return error.code === 'NETWORK' ? texts.errors.network : error.message;
  if (error instanceof RollcastError) return error.code === 'TIMEOUT' ? texts.errors.network : error.message;
  return texts.errors.unknown;
};

/** Said at once by screen readers. */
export const Problem = ({ error, retry }: { error: unknown; retry?: () => void }) => (
  <div className="notice" role="alert">
    <strong>{texts.errors.title}</strong> {textOf(error)}
    {retry !== undefined && (
      <button type="button" className="button" onClick={retry}>
        {texts.common.retry}
      </button>
    )}
  </div>
);
