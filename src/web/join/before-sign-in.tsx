/** Whoever scanned a code and is not signed in: the code is kept first, then they sign in. */
import { useState } from 'react';
import { SignIn } from '../pages/sign-in-page.tsx';
import type { Settings } from '../settings.ts';
import { texts } from '../texts.ts';
import { CodeForm } from './code-form.tsx';
import type { Pass, UsedPass } from './pass.ts';
import { timeOf } from './times.ts';

type BeforeSignInProps = UsedPass & { settings: Settings; hasExpired: boolean };

const { signIn } = texts.join;

const saidOf = (pass: Pass): string => {
  switch (pass.state) {
    case 'trading':
      return signIn.trading;
    case 'offline':
      return signIn.offline;
    case 'kept':
      return signIn.kept(timeOf(pass.expires_at));
    case 'closed':
      return signIn.over;
    case 'unknown':
      return signIn.unknown;
    default:
      return signIn.lead;
  }
};

export const BeforeSignIn = ({ pass, trade, settings, hasExpired }: BeforeSignInProps) => {
  const [hasTyped, setHasTyped] = useState(false);
  const use = (code: string) => {
    setHasTyped(true);
    trade(code);
  };
  const problem = hasTyped ? texts.join.code.wrong : texts.join.code.scannedTooOld;
  const needsCode = pass.state === 'refused' || pass.state === 'limited';
  return (
    <main className="join" id="content">
      <p className="join-top">
        <span className="join-name">{texts.app.name}</span>
      </p>
      <header className="join-class">
        <h1>{texts.join.title}</h1>
        <p className={`join-note ${pass.state === 'kept' ? '' : 'dim'}`} role="status">
          {pass.state === 'kept' && <span aria-hidden="true">✓ </span>}
          {saidOf(pass)}
        </p>
      </header>
      {hasExpired && (
        <p className="notice" role="alert">
          {signIn.expired}
        </p>
      )}
      {needsCode && (
        <section className="card" aria-labelledby="code-first">
          <h2 id="code-first">{signIn.first}</h2>
          <CodeForm
            problem={pass.state === 'refused' ? problem : null}
            {...(pass.state === 'limited' ? { limitedUntil: pass.until } : {})}
            button={texts.join.code.use}
            onCode={use}
          />
        </section>
      )}
      <SignIn settings={settings} />
    </main>
  );
};
