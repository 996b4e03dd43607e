/** Who are you: the school's login page, somebody of the demo, or a pasted token. */
import { type FormEvent, useState } from 'react';
import type { Settings } from '../settings.ts';
import { goToLogin, signInWith } from '../sign-in.ts';
import { texts } from '../texts.ts';
import './sign-in-page.css';

export const SignInPage = ({ settings }: { settings: Settings }) => (
  <main className="sign-in" id="content">
    <h1>{texts.app.name}</h1>
    <p className="dim">{texts.app.tagline}</p>
    <SignIn settings={settings} />
  </main>
);

export const SignIn = ({ settings: { login_url, demo_people } }: { settings: Settings }) => (
  <section className="card stack" aria-labelledby="sign-in-title">
    <h2 id="sign-in-title">{texts.signIn.title}</h2>
    {login_url !== null && (
      <button type="button" className="button primary" onClick={() => goToLogin(login_url)}>
        {texts.signIn.with}
      </button>
    )}
    {demo_people.length > 0 && (
      <div className="stack">
        <p>{texts.signIn.demo}</p>
        <div className="row">
          {demo_people.map(({ name, role, token }) => (
            <button key={token} type="button" className="button" onClick={() => signInWith(token)}>
              {name} <span className="dim">({role})</span>
            </button>
          ))}
        </div>
      </div>
    )}
    <PasteToken isOnly={login_url === null && demo_people.length === 0} />
  </section>
);

const PasteToken = ({ isOnly }: { isOnly: boolean }) => {
  const [isWrong, setIsWrong] = useState(false);
  const use = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get('token');
    setIsWrong(!signInWith(String(token)));
  };
  return (
    <details open={isOnly}>
      <summary>{texts.signIn.paste}</summary>
      <form className="stack" onSubmit={use}>
        <label htmlFor="token">{texts.signIn.paste}</label>
        <textarea
          id="token"
          name="token"
          className="field"
          rows={4}
          required
          spellCheck={false}
          aria-describedby="token-hint"
        />
        <p id="token-hint" className="dim">
          {texts.signIn.pasteHint}
        </p>
        {isWrong && (
          <p className="notice" role="alert">
            {texts.signIn.invalid}
          </p>
        )}
        <button type="submit" className="button">
          {texts.signIn.use}
        </button>
      </form>
    </details>
  );
};
