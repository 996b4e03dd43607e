import { Loading } from '../parts/loading.tsx';
import { Problem } from '../parts/problem.tsx';
import { texts } from '../texts.ts';
import type { Paged } from './use-paged.ts';

/** Below a list: the rest of it, that it is on its way, or why it is not. */
export const PagedEnd = ({ paged, empty }: { paged: Paged<unknown>; empty: string }) => (
  <>
    {paged.error !== null && <Problem error={paged.error} retry={paged.reload} />}
    {paged.items === null && paged.error === null && <Loading />}
    {paged.items?.length === 0 && paged.more === undefined && <p className="dim">{empty}</p>}
    {paged.more !== undefined && (
      <button type="button" className="button course-more" aria-disabled={paged.isLoading} onClick={paged.more}>
        {paged.isLoading ? texts.common.loading : texts.common.more}
      </button>
    )}
  </>
);
