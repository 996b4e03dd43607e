import { Rollcast } from 'rollcast/client';

/** tokenUrl: where your own service hands out the token of who is signed in. */
export const connect = (url, tokenUrl, signInAgain) => {
  const token = async () => {
    const answer = await fetch(tokenUrl, { credentials: 'include' });
    // Nobody is signed in: null. Anything else that goes wrong passes: what is thrown here is tried again.
    if (answer.status === 401) return null;
    if (!answer.ok) throw new Error(`no token: ${answer.status}`);
    return answer.text();
  };
  const client = new Rollcast({ url, token });
  client.connection.subscribe(() => {
    const { status, error } = client.connection.get();
    if (status === 'refused') signInAgain(error.code);
  });
  return client.connect();
};
