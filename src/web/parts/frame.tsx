/** Around every page of somebody who is signed in. */
import type { ReactNode } from 'react';
import { type SignedIn, signOut } from '../sign-in.ts';
import { texts } from '../texts.ts';
import { ConnectionState } from './connection-state.tsx';
import './frame.css';
import { Link } from './link.tsx';

export const Frame = ({ person, children }: { person: SignedIn; children: ReactNode }) => (
  <>
    <a className="button skip" href="#content">
      {texts.app.skip}
    </a>
    <header className="frame-header">
      <Link to={{ page: 'home' }} className="frame-name">
        {texts.app.name}
      </Link>
      <ConnectionState />
      <span className="frame-person">{texts.signIn.as(person.name)}</span>
      <button type="button" className="button" onClick={signOut}>
        {texts.signIn.out}
      </button>
    </header>
    <main id="content" className="frame-content" tabIndex={-1}>
      {children}
    </main>
  </>
);
