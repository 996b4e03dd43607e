import { useEffect } from 'react';
import { texts } from '../texts.ts';

/** What tabs and screen readers call this page. */
export const useTitle = (title: string): void => {
  useEffect(() => {
    document.title = `${title} – ${texts.app.name}`;
    return () => {
      document.title = texts.app.name;
    };
  }, [title]);
};
