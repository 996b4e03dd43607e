/** A class list as spreadsheets save it: taken over as a whole, or not at all and with every bad line. */
import { type FormEvent, useState } from 'react';
import type { Course } from '../../contract/nouns.ts';
import { ApiError, api } from '../api.ts';
import { Problem } from '../parts/problem.tsx';
import { useSending } from '../parts/use-sending.ts';
import { texts } from '../texts.ts';
import { TextField } from './form-parts.tsx';

type BadLine = { line: number; message: string };

const badLinesOf = (error: unknown): BadLine[] =>
  error instanceof ApiError && Array.isArray(error.details.lines) ? (error.details.lines as BadLine[]) : [];

export const RosterUpload = ({ course, onDone }: { course: Course; onDone: () => void }) => {
  const { send, error, isSending } = useSending();
  const [told, setTold] = useState('');
  const upload = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const file = new FormData(form).get('file');
    setTold('');
    if (!(file instanceof File) || file.name === '') return setTold(texts.course.noFile);
    send(async () => {
      const counts = await api('putEnrollments', { params: { id: course.id }, body: file });
      form.reset();
      setTold(texts.course.uploaded(counts.created, counts.updated, counts.unchanged));
      onDone();
    });
  };
  return (
    <details className="course-upload">
      <summary>{texts.course.upload}</summary>
      <form className="stack" onSubmit={upload}>
        <TextField
          label={texts.course.file}
          hint={texts.course.uploadHint}
          type="file"
          name="file"
          required
          accept=".csv,text/csv"
        />
        <button type="submit" className="button" aria-disabled={isSending}>
          {texts.course.send}
        </button>
        <p role="status">{told}</p>
        {error !== null && <UploadProblem error={error} />}
      </form>
    </details>
  );
};

const UploadProblem = ({ error }: { error: unknown }) => {
  const lines = badLinesOf(error);
  if (lines.length === 0) return <Problem error={error} />;
  return (
    <div className="notice" role="alert">
      <p>{texts.course.badLines}</p>
      <ul>
        {lines.map(({ line, message }) => (
          <li key={`${line} ${message}`}>
            <strong>{texts.course.line(line)}</strong>: {message}
          </li>
        ))}
      </ul>
    </div>
  );
};
