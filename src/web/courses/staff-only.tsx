/** Pages for staff, and what others are told there: the service would refuse them anyway, in fewer words. */
import { type ReactNode, useSyncExternalStore } from 'react';
import { ApiError } from '../api.ts';
import { Link } from '../parts/link.tsx';
import { Loading } from '../parts/loading.tsx';
import { Problem } from '../parts/problem.tsx';
import { signedIn } from '../sign-in.ts';
import { texts } from '../texts.ts';
import './courses.css';

export const StaffOnly = ({ children }: { children: ReactNode }) => {
  const person = useSyncExternalStore(signedIn.subscribe, signedIn.get);
  if (person?.role !== 'student') return children;
  return (
    <div className="card stack">
      <h1>{texts.home.staffOnly}</h1>
      <p>{texts.home.staffOnlyHint}</p>
      <Link to={{ page: 'home' }} className="button primary">
        {texts.home.toHome}
      </Link>
    </div>
  );
};

/** In place of a page whose course could not be read. */
export const NoCourse = ({ error, retry }: { error: unknown; retry: () => void }) => {
  const isKnown = error instanceof ApiError && (error.status === 404 || error.status === 403);
  return (
    <div className="card stack">
      <h1>{isKnown ? texts.home.badCourse : texts.errors.title}</h1>
      {!isKnown && <Problem error={error} retry={retry} />}
      <Link to={{ page: 'home' }} className="button">
        {texts.home.toCourses}
      </Link>
    </div>
  );
};

export const PageLoading = () => (
  <>
    <h1 className="visually-hidden">{texts.app.name}</h1>
    <Loading />
  </>
);
