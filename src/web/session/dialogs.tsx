/** What is asked before something is done. */
import { useId, useState } from 'react';
import type { AttendanceStatus, MarkUpdate, RollRecord, Statistics } from '../../client/index.ts';
import { texts } from '../texts.ts';
import { ActionDialog } from './action-dialog.tsx';
import { nameOfRecord } from './roll-rows.ts';
import { StatusBar } from './status-bar.tsx';
import { StatusChoice } from './status-choice.tsx';

const t = texts.session;
const textOfField = (form: FormData, name: string): string => String(form.get(name) ?? '').trim();
const REASON_MAX = 500;

type ReasonProps = { label: string; hint?: string; isRequired: boolean };
const Reason = ({ label, hint, isRequired }: ReasonProps) => {
  const id = useId();
  return (
    <div>
      <label htmlFor={id}>
        {label}{' '}
        <span className="dim form-optional">({isRequired ? texts.common.required : texts.common.optional})</span>
      </label>
      <input
        id={id}
        name="reason"
        className="field"
        required={isRequired}
        maxLength={REASON_MAX}
        pattern={isRequired ? '.*\\S.*' : undefined}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
      />
      {hint !== undefined && (
        <p id={`${id}-hint`} className="dim">
          {hint}
        </p>
      )}
    </div>
  );
};

type RemarksProps = { record: RollRecord; save: (update: MarkUpdate) => Promise<unknown>; onClose: () => void };

export const RemarksDialog = ({ record, save, onClose }: RemarksProps) => {
  const id = useId();
  const run = (form: FormData) =>
    save({
      student_id: record.student_id,
      status: textOfField(form, 'status') as AttendanceStatus,
      remarks: textOfField(form, 'remarks') || null,
    });
  return (
    <ActionDialog title={t.remarks.title(nameOfRecord(record))} confirm={texts.common.save} run={run} onClose={onClose}>
      <StatusChoice label={t.remarks.status} initial={record.status} />
      <div>
        <label htmlFor={id}>{t.remarks.label}</label>
        <textarea
          id={id}
          name="remarks"
          className="field"
          rows={4}
          maxLength={500}
          defaultValue={record.remarks ?? ''}
          aria-describedby={`${id}-hint`}
        />
        <p id={`${id}-hint`} className="dim">
          {t.remarks.hint}
        </p>
      </div>
    </ActionDialog>
  );
};

type UnmarkedProps = { unmarked: number; run: () => Promise<unknown>; onClose: () => void };

export const UnmarkedDialog = ({ unmarked, run, onClose }: UnmarkedProps) => (
  <ActionDialog title={t.bulk.unmarkedTitle} confirm={t.bulk.confirm} run={run} onClose={onClose}>
    <p>{t.bulk.unmarkedBody(unmarked)}</p>
  </ActionDialog>
);

type EndProps = {
  statistics: Statistics;
  unmarked: number;
  end: (input: { markUnmarked: boolean }) => Promise<unknown>;
  onClose: () => void;
};

export const EndDialog = ({ statistics, unmarked, end, onClose }: EndProps) => (
  <ActionDialog
    title={t.end.title}
    confirm={t.end.confirm}
    run={(form) => end({ markUnmarked: form.get('unmarked') !== null })}
    onClose={onClose}
  >
    <StatusBar statistics={statistics} online={null} />
    {unmarked > 0 && (
      <div>
        <p>{t.end.unmarked(unmarked)}</p>
        <label className="choice">
          <input type="checkbox" name="unmarked" /> {t.end.markUnmarked}
        </label>
      </div>
    )}
    <p className="dim">{t.end.body}</p>
  </ActionDialog>
);

type CancelProps = { isReasonRequired: boolean; cancel: (reason: string) => Promise<unknown>; onClose: () => void };

export const CancelDialog = ({ isReasonRequired, cancel, onClose }: CancelProps) => (
  <ActionDialog
    title={t.cancel.title}
    confirm={t.cancel.confirm}
    keep={t.cancel.keep}
    isDangerous
    run={(form) => cancel(textOfField(form, 'reason'))}
    onClose={onClose}
  >
    <p>{t.cancel.body}</p>
    <Reason label={t.cancel.reason} isRequired={isReasonRequired} />
  </ActionDialog>
);

type CorrectProps = {
  records: RollRecord[];
  initial: AttendanceStatus;
  correct: (updates: MarkUpdate[], reason: string) => Promise<unknown>;
  onClose: () => void;
};

export const CorrectDialog = ({ records, initial, correct, onClose }: CorrectProps) => {
  const [only] = records.length === 1 ? records : [];
  const id = useId();
  // What the form says of remarks is for one alone: those of many stay.
  const [remarks, setRemarks] = useState(only?.remarks ?? '');
  const run = (form: FormData) => {
    const status = textOfField(form, 'status') as AttendanceStatus;
    const more = only === undefined || remarks === (only.remarks ?? '') ? {} : { remarks: remarks.trim() || null };
    return correct(
      records.map(({ student_id }) => ({ student_id, status, ...more })),
      textOfField(form, 'reason'),
    );
  };
  return (
    <ActionDialog
      title={t.correct.title(records.length, only === undefined ? '' : nameOfRecord(only))}
      confirm={t.correct.confirm}
      run={run}
      onClose={onClose}
    >
      <StatusChoice label={t.correct.to} initial={initial} />
      {only !== undefined && (
        <div>
          <label htmlFor={id}>{t.correct.remarks}</label>
          <textarea
            id={id}
            className="field"
            rows={2}
            maxLength={500}
            value={remarks}
            onChange={(event) => setRemarks(event.target.value)}
          />
        </div>
      )}
      <Reason label={t.correct.reason} hint={t.correct.reasonHint} isRequired />
    </ActionDialog>
  );
};
