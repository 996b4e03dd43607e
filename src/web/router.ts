/** Which page an address names, and how to get from one to another without loading anew. */
import { useSyncExternalStore } from 'react';
import { baseUrl } from './settings.ts';

export type Route =
  | { page: 'home' }
  | { page: 'course'; course_id: string }
  | { page: 'report'; course_id: string }
  | { page: 'session'; session_id: string }
  | { page: 'join'; session_id: string }
  | { page: 'history' }
  | { page: 'unknown' };

const PATTERNS: [RegExp, (...ids: string[]) => Route][] = [
  [/^$/, () => ({ page: 'home' })],
  [/^courses\/([^/]+)$/, (course_id = '') => ({ page: 'course', course_id })],
  [/^courses\/([^/]+)\/report$/, (course_id = '') => ({ page: 'report', course_id })],
  [/^sessions\/([^/]+)$/, (session_id = '') => ({ page: 'session', session_id })],
  [/^join\/([^/]+)$/, (session_id = '') => ({ page: 'join', session_id })],
  [/^history$/, () => ({ page: 'history' })],
];

/** path: below the base, without a slash at its beginning. */
export const routeOf = (path: string): Route => {
  for (const [pattern, route] of PATTERNS) {
    const match = pattern.exec(path.replace(/\/$/, ''));
    if (match !== null) return route(...match.slice(1).map(decodeURIComponent));
  }
  return { page: 'unknown' };
};

/** The other way round; relative to the base. */
export const pathOf = (route: Route): string => {
  switch (route.page) {
    case 'course':
      return `courses/${route.course_id}`;
    case 'report':
      return `courses/${route.course_id}/report`;
    case 'session':
      return `sessions/${route.session_id}`;
    case 'join':
      return `join/${route.session_id}`;
    case 'history':
      return 'history';
    default:
      return '';
  }
};

const listeners = new Set<() => void>();
const currentPath = (): string => window.location.pathname.slice(new URL(baseUrl()).pathname.length);

window.addEventListener('popstate', () => {
  for (const listener of listeners) listener();
});

export const currentRoute = (): Route => routeOf(currentPath());

export const hrefOf = (route: Route): string => new URL(pathOf(route), baseUrl()).href;

export const go = (route: Route, { replace = false } = {}): void => {
  if (replace) history.replaceState(null, '', hrefOf(route));
  else history.pushState(null, '', hrefOf(route));
  window.scrollTo(0, 0);
  // Whoever does not see that the page has changed is taken to its beginning.
  document.getElementById('content')?.focus({ preventScroll: true });
  for (const listener of listeners) listener();
};

export const useRoute = (): Route => {
  const path = useSyncExternalStore((changed) => {
    listeners.add(changed);
    return () => listeners.delete(changed);
  }, currentPath);
  return routeOf(path);
};
