import { useState } from 'react';
import type { AttendanceStatus, Rollcast } from 'rollcast/client';
import { useAttendanceSession } from 'rollcast/react';

const STATUSES: AttendanceStatus[] = ['present', 'late', 'excused', 'absent'];

type Props = { client: Rollcast; session_id: string };

/** What went wrong last, and a way to do something that may. */
const useProblem = (): [string, (what: Promise<unknown>) => void] => {
  const [problem, setProblem] = useState('');
  const attempt = (what: Promise<unknown>) => {
    what.then(
      () => setProblem(''),
      (error: Error) => setProblem(error.message),
    );
  };
  return [problem, attempt];
};

/** For staff: starts the session, shows who is there, and marks. */
export const RollCall = ({ client, session_id }: Props) => {
  const { session, roll, connection } = useAttendanceSession(client, session_id);
  const [problem, attempt] = useProblem();
  const isRunning = roll.phase === 'in';
  return (
    <main>
      <h1>{roll.session?.title ?? 'Roll call'}</h1>
      {connection.status === 'reconnecting' && <p role="status">No connection. It will be back by itself.</p>}
      {problem !== '' && <p role="alert">{problem}</p>}
      {roll.phase === 'out' && (
        <button type="button" onClick={() => attempt(session.start())}>
          Start
        </button>
      )}
      {isRunning && (
        <button type="button" onClick={() => attempt(session.end())}>
          End
        </button>
      )}
      {roll.statistics !== null && <p>{roll.statistics.attendanceRate} % attend</p>}
      <ul>
        {[...roll.records.values()].map(({ student_id, student_name, status }) => (
          <li key={student_id}>
            <label>
              {student_name} {roll.online.has(student_id) && '(online)'}{' '}
              <select
                value={status}
                disabled={!isRunning}
                onChange={({ target }) => attempt(session.mark(student_id, target.value as AttendanceStatus))}
              >
                {STATUSES.map((it) => (
                  <option key={it}>{it}</option>
                ))}
              </select>
            </label>
          </li>
        ))}
      </ul>
      {roll.phase === 'over' && <p>{roll.persisted_version === null ? 'Being stored …' : 'Stored.'}</p>}
    </main>
  );
};

/** For a student: checks in, and shows their own status from then on. */
export const CheckIn = ({ client, session_id }: Props) => {
  const { session, roll, me } = useAttendanceSession(client, session_id);
  const [problem, attempt] = useProblem();
  const [code, setCode] = useState('');
  const isOut = roll.phase === 'out' || roll.phase === 'entering';
  return (
    <main>
      <h1>{roll.session?.title ?? 'Check in'}</h1>
      {isOut ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            attempt(session.join(code === '' ? {} : { code }));
          }}
        >
          <label>
            Code, if your teacher shows one <input value={code} onChange={({ target }) => setCode(target.value)} />
          </label>
          <button type="submit" disabled={roll.phase === 'entering'}>
            Check in
          </button>
        </form>
      ) : (
        <p>You are {me.status}.</p>
      )}
      {roll.phase === 'over' && <p>It is over.</p>}
      {problem !== '' && <p role="alert">{problem}</p>}
    </main>
  );
};
