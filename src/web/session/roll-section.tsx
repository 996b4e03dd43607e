/** The roll with all that finds, orders, selects and marks in it. Live, and of a session that is over. */
import { type ReactNode, useCallback, useDeferredValue, useMemo, useRef, useState } from 'react';
import type { AttendanceStatus } from '../../client/index.ts';
import { texts } from '../texts.ts';
import { BulkBar } from './bulk-bar.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { RollGrid } from './roll-grid.tsx';
import { countsOf, type Records, useRows, type View } from './roll-rows.ts';
import { RollTools } from './roll-tools.tsx';
import { useSelection } from './selection.ts';

type RollSectionProps = {
  title: string;
  records: Records;
  /** Null: nobody is online any more. */
  online: ReadonlySet<string> | null;
  pending?: ReadonlyMap<string, AttendanceStatus>;
  fresh?: ReadonlySet<string>;
  isReadOnly: boolean;
  /** What marking is called here. */
  labels: { column: string; bulk: string };
  onMark: (ids: string[], status: AttendanceStatus) => void;
  onRemarks: (id: string) => void;
  /** Beside the title. */
  actions?: ReactNode;
  /** Above the roll: what became of the last change. */
  notice?: ReactNode;
};

const NOTHING_PENDING: ReadonlyMap<string, AttendanceStatus> = new Map();
const NOBODY: ReadonlySet<string> = new Set();

export const RollSection = (props: RollSectionProps) => {
  const { title, records, online, isReadOnly, labels, onMark, onRemarks, actions, notice } = props;
  const { pending = NOTHING_PENDING, fresh = NOBODY } = props;
  const [view, setView] = useState<View>({ query: '', filter: 'all', sort: 'roll', isReversed: false });
  const [hasHelp, setHasHelp] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const selection = useSelection();
  // What is typed is shown at once, and what it finds when there is time.
  const rows = useRows(records, online, useDeferredValue(view));
  const counts = useMemo(() => countsOf(records, online), [records, online]);
  const onView = useCallback((changes: Partial<View>) => setView((before) => ({ ...before, ...changes })), []);
  const selected = [...selection.ids].filter((id) => records.has(id));
  const shown = rows.reduce((n, it) => (selection.ids.has(it.student_id) ? n + 1 : n), 0);
  const clear = () => {
    selection.set([]);
    search.current?.focus();
  };
  return (
    <section className="roll-section" aria-labelledby="roll-title">
      <div className="row roll-top">
        <h2 id="roll-title">{title}</h2>
        {actions}
      </div>
      {notice}
      <RollTools
        view={view}
        onView={onView}
        counts={counts}
        hasOnline={online !== null}
        shown={rows.length}
        search={search}
        onHelp={() => setHasHelp(true)}
      />
      {records.size === 0 ? (
        <p className="card dim">{texts.session.roll.empty}</p>
      ) : (
        <RollGrid
          rows={rows}
          online={online}
          pending={pending}
          fresh={fresh}
          selection={selection}
          isReadOnly={isReadOnly}
          markLabel={labels.column}
          view={view}
          onView={onView}
          onMark={onMark}
          onRemarks={onRemarks}
          onSearch={() => search.current?.focus()}
          onHelp={() => setHasHelp(true)}
        />
      )}
      <BulkBar
        selected={isReadOnly ? 0 : selected.length}
        hidden={selected.length - shown}
        label={labels.bulk}
        onMark={(status) => onMark(selected, status)}
        onClear={clear}
      />
      {hasHelp && <HelpDialog onClose={() => setHasHelp(false)} />}
    </section>
  );
};
