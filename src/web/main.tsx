import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App, fetchPage } from './app.tsx';
import { currentRoute } from './router.ts';
import { fetchSettings, type Settings } from './settings.ts';
import { restore, takeFragment } from './sign-in.ts';
import './styles/theme.css';

/** A code that the address brought (`/join/<session>#<code>`), out of it before anything else can see it. */
const code = takeFragment();
restore();

const start = async (): Promise<void> => {
  fetchPage(currentRoute());
  // Without an answer the page works all the same, with a pasted token.
  const settings: Settings = await fetchSettings().catch(() => ({ login_url: null, demo_people: [] }));
  const root = document.getElementById('root');
  if (root === null) return;
  createRoot(root).render(
    <StrictMode>
      <App settings={settings} code={code} />
    </StrictMode>,
  );
};

void start();
