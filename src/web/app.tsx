/** Which page is shown, and the frame around it. */
import { lazy, Suspense, useEffect, useSyncExternalStore } from 'react';
import { LiveProvider } from './live.tsx';
import { NotFound } from './pages/not-found.tsx';
import { SignInPage } from './pages/sign-in-page.tsx';
import { Frame } from './parts/frame.tsx';
import { Loading } from './parts/loading.tsx';
import { type Route, useRoute } from './router.ts';
import type { Settings } from './settings.ts';
import { type SignedIn, signedIn } from './sign-in.ts';
import { texts } from './texts.ts';

// A student's phone loads what a student sees, and no more.
const PAGES = {
  home: () => import('./pages/home-page.tsx'),
  course: () => import('./pages/course-page.tsx'),
  report: () => import('./pages/report-page.tsx'),
  session: () => import('./pages/session-page.tsx'),
  join: () => import('./pages/join-page.tsx'),
  history: () => import('./pages/history-page.tsx'),
};
const HomePage = lazy(PAGES.home);
const CoursePage = lazy(PAGES.course);
const ReportPage = lazy(PAGES.report);
const SessionPage = lazy(PAGES.session);
const JoinPage = lazy(PAGES.join);
const HistoryPage = lazy(PAGES.history);

/** Begins to fetch what the address will show, while something else is waited for. */
export const fetchPage = ({ page }: Route): void => {
  if (page !== 'unknown') void PAGES[page]().catch(() => {});
};

type AppProps = { settings: Settings; code: string };

export const App = ({ settings, code }: AppProps) => {
  const route = useRoute();
  const person = useSyncExternalStore(signedIn.subscribe, signedIn.get);
  useEffect(() => {
    document.title = texts.app.name;
  }, []);
  return (
    <Suspense fallback={<Loading />}>
      {route.page === 'join' ? (
        <JoinPage
          key={route.session_id}
          session_id={route.session_id}
          code={code}
          settings={settings}
          person={person}
        />
      ) : person === null ? (
        <SignInPage settings={settings} />
      ) : (
        <LiveProvider person={person}>
          <Frame person={person}>
            <Page route={route} person={person} />
          </Frame>
        </LiveProvider>
      )}
    </Suspense>
  );
};

const Page = ({ route, person }: { route: Route; person: SignedIn }) => {
  switch (route.page) {
    case 'home':
      return <HomePage person={person} />;
    case 'course':
      return <CoursePage course_id={route.course_id} />;
    case 'report':
      return <ReportPage course_id={route.course_id} />;
    case 'session':
      return <SessionPage key={route.session_id} session_id={route.session_id} />;
    case 'history':
      return <HistoryPage person={person} />;
    default:
      return <NotFound />;
  }
};
