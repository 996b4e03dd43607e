/** A session that is over: what was stored, and corrections of it. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { AttendanceStatus, MarkUpdate, Roll, RollRecord, Session } from '../../client/index.ts';
import type { Course } from '../../contract/nouns.ts';
import type { VersionedRecord } from '../../contract/rest-shapes.ts';
import { ApiError, api, download } from '../api.ts';
import { Loaded, useFetched } from '../parts/loaded.tsx';
import { texts } from '../texts.ts';
import { ArrivalsChart } from './arrivals-chart.tsx';
import { AuditList } from './audit-list.tsx';
import { ChangeNotice } from './change-notice.tsx';
import { CancelDialog, CorrectDialog } from './dialogs.tsx';
import type { Records } from './roll-rows.ts';
import { RollSection } from './roll-section.tsx';
import { SessionHeader } from './session-header.tsx';
import { useNameOf } from './staff-names.ts';
import { StatusBar } from './status-bar.tsx';
import { useTimes } from './times.ts';

const t = texts.session;
/** Doubled from the first to the last: the archive may be away for long. */
const LOOK_AGAIN_MS = { first: 1_500, last: 15_000 };

const NO_RECORDS: Records = new Map();

type ResultViewProps = { facts: Session; roll: Roll; course: Course | null; reload: () => void };
type Correcting = { ids: string[]; initial: AttendanceStatus };
type Corrected = { count: number; isUndo: boolean; reason: string; before: MarkUpdate[] };

/** Null: it was cancelled before it began, so there is none. */
const attendanceOf = (id: string, signal: AbortSignal) =>
  api('getAttendance', { params: { id }, signal }).catch((error: unknown) => {
    if (error instanceof ApiError && error.code === 'SESSION_NOT_ACTIVE') return null;
    throw error;
  });
type Attendance = NonNullable<Awaited<ReturnType<typeof attendanceOf>>>;

export const ResultView = (props: ResultViewProps) => {
  const { id } = props.facts;
  const { persisted_version } = props.roll;
  const [fetched, look] = useFetched((signal) => attendanceOf(id, signal), [id, props.facts.status, persisted_version]);
  const isAwaited = fetched.state === 'there' && fetched.value?.source === 'live';
  const wait = useRef(LOOK_AGAIN_MS.first);
  useEffect(() => {
    if (fetched.state !== 'there' || !isAwaited) return;
    const timer = setTimeout(look, wait.current);
    wait.current = Math.min(wait.current * 2, LOOK_AGAIN_MS.last);
    return () => clearTimeout(timer);
  }, [fetched, isAwaited, look]);
  return (
    <Loaded it={fetched} reload={look}>
      {(attendance) =>
        attendance === null ? <NeverTaken {...props} /> : <Result {...props} attendance={attendance} look={look} />
      }
    </Loaded>
  );
};

const NeverTaken = ({ facts, course }: ResultViewProps) => (
  <>
    <SessionHeader session={facts} course={course} />
    <p className="notice">{t.result.cancelled}</p>
    <AuditList session_id={facts.id} records={NO_RECORDS} />
  </>
);

const Result = ({ facts, roll, course, reload, attendance, look }: ResultViewProps & ResultProps) => {
  const { id } = facts;
  const records = useMemo(
    () =>
      new Map(
        (attendance.attendanceRecords as VersionedRecord[]).map((it): [string, RollRecord] => [it.student_id, it]),
      ),
    [attendance],
  );
  const [correcting, setCorrecting] = useState<Correcting | null>(null);
  const [isCancelling, setIsCancelling] = useState(false);
  const [corrected, setCorrected] = useState<Corrected | null>(null);
  const [failed, setFailed] = useState<{ error: unknown; again: () => void } | null>(null);
  const isCancelled = facts.status === 'cancelled';
  const isStored = attendance.source === 'archive';

  const correct = async (updates: MarkUpdate[], reason: string, isUndo = false) => {
    const before = updates.flatMap(({ student_id }): MarkUpdate[] => {
      const it = records.get(student_id);
      return it === undefined ? [] : [{ student_id, status: it.status, remarks: it.remarks ?? null }];
    });
    await api('correctRecords', { params: { id }, body: { updates, reason } });
    setFailed(null);
    setCorrected({ count: updates.length, isUndo, reason, before });
    look();
  };
  const undo = ({ before, reason }: Corrected) => {
    const again = () => undo({ before, reason, count: 0, isUndo: false });
    correct(before, t.bulk.undoReason(reason).slice(0, 500), true).catch((error) => setFailed({ error, again }));
  };
  const save = () => {
    download('downloadAttendance', id).then(
      () => setFailed(null),
      (error) => setFailed({ error, again: save }),
    );
  };
  return (
    <>
      <SessionHeader session={facts} course={course}>
        {!isCancelled && (
          <button type="button" className="button danger" disabled={!isStored} onClick={() => setIsCancelling(true)}>
            {t.cancel.button}
          </button>
        )}
        {records.size > 0 && (
          <button type="button" className="button primary" onClick={save}>
            {texts.common.download}
          </button>
        )}
      </SessionHeader>
      {isCancelled && <p className="notice">{t.result.cancelled}</p>}
      <StatusBar statistics={attendance.statistics} online={null} />
      <Storage {...{ roll, isStored, isCancelled }} version={attendance.version} />
      <div className="session-columns">
        <div className="session-aside">
          <ArrivalsChart records={records} isOpen />
        </div>
        <div className="session-main">
          <RollSection
            title={t.roll.resultTitle}
            records={records}
            online={null}
            isReadOnly={isCancelled || !isStored}
            labels={{ column: t.roll.columns.correct, bulk: t.bulk.correct }}
            onMark={(ids, initial) => setCorrecting({ ids, initial })}
            onRemarks={(student_id) =>
              setCorrecting({ ids: [student_id], initial: records.get(student_id)?.status ?? 'absent' })
            }
            notice={
              <ChangeNotice
                text={corrected === null ? null : textOfCorrected(corrected)}
                onUndo={corrected === null || corrected.isUndo ? undefined : () => undo(corrected)}
                onDismiss={() => setCorrected(null)}
                failed={failed}
              />
            }
          />
          <AuditList key={attendance.version} session_id={id} records={records} />
        </div>
      </div>
      {correcting !== null && (
        <CorrectDialog
          records={correcting.ids.flatMap((it) => records.get(it) ?? [])}
          initial={correcting.initial}
          correct={correct}
          onClose={() => setCorrecting(null)}
        />
      )}
      {isCancelling && (
        <CancelDialog
          isReasonRequired
          cancel={async (reason) => {
            await api('cancelSession', { params: { id }, body: { reason } });
            reload();
          }}
          onClose={() => setIsCancelling(false)}
        />
      )}
    </>
  );
};

type ResultProps = { attendance: Attendance; look: () => void };
type StorageProps = { roll: Roll; isStored: boolean; isCancelled: boolean; version: number };

const Storage = ({ roll, isStored, isCancelled, version }: StorageProps) => {
  const { time } = useTimes();
  const nameOf = useNameOf();
  const { ended } = roll;
  return (
    <p className="storage" role="status">
      {isStored ? (
        <span className="stored">
          <span aria-hidden="true">✓</span> {t.result.stored}
        </span>
      ) : (
        !isCancelled && <span>{t.result.storing}</span>
      )}
      {isStored && !isCancelled && <span className="dim">, {t.result.version(version)}. </span>}
      {ended !== null && <span className="dim">{t.result.ended(nameOf(ended.by), time(ended.at))}</span>}
    </p>
  );
};

const textOfCorrected = ({ count, isUndo }: Corrected): string =>
  isUndo ? t.bulk.undone(count) : t.bulk.corrected(count);
