import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Rollcast } from 'rollcast/client';
import { CheckIn, RollCall } from './roll-call.tsx';

// One client for the page, outside of every component: it is connected once, whatever is mounted and unmounted.
const { url = '', session = '', token = '', as } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const client = new Rollcast({ url, token });

const Page = as === 'teacher' ? RollCall : CheckIn;
const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <Page client={client} session_id={session} />
    </StrictMode>,
  );
}
