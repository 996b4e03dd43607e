/** A session that runs: who is there, as it happens. */
import { lazy, Suspense, useMemo, useState, useSyncExternalStore } from 'react';
import {
  type AttendanceSession,
  type AttendanceStatus,
  type Roll,
  type Rollcast,
  type Session,
  statisticsOf,
} from '../../client/index.ts';
import type { Course } from '../../contract/nouns.ts';
import { api } from '../api.ts';
import { Loading } from '../parts/loading.tsx';
import { texts } from '../texts.ts';
import { useArrivals } from './arrivals.ts';
import { ArrivalsChart } from './arrivals-chart.tsx';
import { AuditList } from './audit-list.tsx';
import { ChangeNotice } from './change-notice.tsx';
import { CancelDialog, EndDialog, RemarksDialog, UnmarkedDialog } from './dialogs.tsx';
import { ArrivalAnnouncer, JustArrived } from './just-arrived.tsx';
import { type Done, Marking } from './marking.ts';
import { isUnmarked } from './roll-rows.ts';
import { RollSection } from './roll-section.tsx';
import { SessionHeader } from './session-header.tsx';
import { useStaffNamesHeard } from './staff-names.ts';
import { StatusBar } from './status-bar.tsx';

// With what draws QR codes: only where there is a code to show.
const CodePanel = lazy(() => import('./code-panel.tsx'));

const t = texts.session;
type Asking = { what: 'end' | 'cancel' | 'unmarked' } | { what: 'remarks'; id: string };

type LiveViewProps = {
  client: Rollcast;
  session: AttendanceSession;
  facts: Session;
  roll: Roll;
  course: Course | null;
  isConnected: boolean;
};

const IS_WIDE = window.matchMedia('(min-width: 64rem)').matches;

export const LiveView = ({ client, session, facts, roll, course, isConnected }: LiveViewProps) => {
  const marking = useMemo(() => new Marking(client, session), [client, session]);
  const { pending, failed, done } = useSyncExternalStore(marking.state.subscribe, marking.state.get);
  const [asking, setAsking] = useState<Asking | null>(null);
  useStaffNamesHeard(client);
  const { records, online } = roll;
  const arrivals = useArrivals(records, roll.phase === 'in');
  const statistics = useMemo(() => statisticsOf(records.values()), [records]);
  const unmarked = useMemo(() => [...records.values()].filter(isUnmarked).length, [records]);
  const close = () => setAsking(null);

  // What fails is told by the marking's own state.
  const onMark = (ids: string[], status: AttendanceStatus) => {
    const [student_id, ...others] = ids;
    if (student_id === undefined) return;
    const sent = others.length === 0 ? marking.one({ student_id, status }) : marking.many(ids, status);
    void sent.catch(() => {});
  };
  return (
    <>
      <SessionHeader session={facts} course={course}>
        {!isConnected && <span className="dim">{t.offlineHint}</span>}
        <button
          type="button"
          className="button danger"
          disabled={!isConnected}
          onClick={() => setAsking({ what: 'cancel' })}
        >
          {t.cancel.button}
        </button>
        <button
          type="button"
          className="button primary"
          disabled={!isConnected}
          onClick={() => setAsking({ what: 'end' })}
        >
          {t.end.button}
        </button>
      </SessionHeader>
      <StatusBar statistics={statistics} online={online.size} />
      <p className="catching-up" role="status">
        {roll.in_sync ? '' : texts.connection.catchingUp}
      </p>
      <ArrivalAnnouncer arrivals={arrivals} statistics={statistics} />
      <div className="session-columns">
        <div className="session-aside">
          {facts.checkin.code === 'rotating' && (
            <Suspense fallback={<Loading />}>
              <CodePanel session={session} title={facts.title} />
            </Suspense>
          )}
          <JustArrived arrivals={arrivals} />
          <ArrivalsChart records={records} isOpen={IS_WIDE} />
        </div>
        <div className="session-main">
          <RollSection
            title={t.roll.title}
            records={records}
            online={online}
            pending={pending}
            fresh={arrivals.fresh}
            isReadOnly={false}
            labels={{ column: t.roll.columns.mark, bulk: t.bulk.mark }}
            onMark={onMark}
            onRemarks={(id) => setAsking({ what: 'remarks', id })}
            actions={
              unmarked > 0 && (
                <button type="button" className="button" onClick={() => setAsking({ what: 'unmarked' })}>
                  {t.bulk.unmarked(unmarked)}
                </button>
              )
            }
            notice={
              <ChangeNotice
                text={done === null ? null : textOfDone(done)}
                onUndo={done === null || done.undo.length === 0 ? undefined : () => void marking.undo().catch(() => {})}
                onDismiss={() => marking.dismiss()}
                failed={failed}
              />
            }
          />
          <AuditList session_id={facts.id} records={records} />
        </div>
      </div>
      <Asked
        {...{ asking, roll, marking, statistics, unmarked, close }}
        end={async ({ markUnmarked }) => {
          // Not by submit: whoever checks in at this very moment would be overwritten.
          if (markUnmarked) await marking.unmarkedAbsent();
          await session.end();
        }}
        cancel={(reason) => api('cancelSession', { params: { id: facts.id }, body: reason === '' ? {} : { reason } })}
      />
    </>
  );
};

const textOfDone = ({ count, status }: Done): string => {
  if (status === null) return t.bulk.undone(count);
  return count === 0 ? t.bulk.nothing : t.bulk.done(count, texts.status[status]);
};

type AskedProps = {
  asking: Asking | null;
  roll: Roll;
  marking: Marking;
  statistics: ReturnType<typeof statisticsOf>;
  unmarked: number;
  end: (input: { markUnmarked: boolean }) => Promise<unknown>;
  cancel: (reason: string) => Promise<unknown>;
  close: () => void;
};

const Asked = ({ asking, roll, marking, statistics, unmarked, end, cancel, close }: AskedProps) => {
  switch (asking?.what) {
    case 'end':
      return <EndDialog statistics={statistics} unmarked={unmarked} end={end} onClose={close} />;
    case 'cancel':
      return <CancelDialog isReasonRequired={false} cancel={cancel} onClose={close} />;
    case 'unmarked':
      return <UnmarkedDialog unmarked={unmarked} run={() => marking.unmarkedAbsent()} onClose={close} />;
    case 'remarks': {
      const record = roll.records.get(asking.id);
      if (record === undefined) return null;
      return <RemarksDialog record={record} save={(update) => marking.one(update)} onClose={close} />;
    }
    default:
      return null;
  }
};
