import type { MouseEvent, ReactNode } from 'react';
import { go, hrefOf, type Route } from '../router.ts';

/** A link inside of the console; with a key held down, or the middle button, the browser does what it always does. */
export const Link = ({ to, className, children }: { to: Route; className?: string; children: ReactNode }) => {
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a href={hrefOf(to)} className={className} onClick={follow}>
      {children}
    </a>
  );
};
