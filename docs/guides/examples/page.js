import { Rollcast } from 'rollcast/client';
import { checkIn } from './check-in.js';

const { url, session: session_id, token } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const client = new Rollcast({ url, token }).connect();
const session = client.session(session_id);

const say = (text) => {
  document.querySelector('[role=status]').textContent = text;
};
const form = document.querySelector('form');
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  say(await checkIn(session, new FormData(form).get('code')));
});

session.me.subscribe(() => say(`You are ${session.me.get().status}.`));
session.roll.subscribe(() => {
  const { phase, statistics } = session.roll.get();
  if (phase === 'over') say(`It is over, and ${statistics.attendanceRate} % attended.`);
});
client.connection.subscribe(() => {
  const { status, error } = client.connection.get();
  if (status === 'refused') say(error.message);
  if (status === 'reconnecting') say('No connection. It will be back by itself.');
});
