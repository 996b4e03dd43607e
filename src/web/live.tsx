/** One live connection for the whole console, for as long as somebody is signed in. */
import { createContext, type ReactNode, useContext, useEffect, useMemo } from 'react';
import { Rollcast } from '../client/index.ts';
import { baseUrl } from './settings.ts';
import { type SignedIn, signedIn } from './sign-in.ts';

const LiveContext = createContext<Rollcast | null>(null);

const connectionOf = (_user: string): Rollcast => {
  const { origin, pathname } = new URL(baseUrl());
  const token = () => signedIn.get()?.token ?? null;
  return new Rollcast({ url: origin, token, socket: { path: `${pathname}socket.io` } });
};

export const LiveProvider = ({ person, children }: { person: SignedIn; children: ReactNode }) => {
  // Whoever signs in anew as the same user goes on over the same connection; another user has another one.
  const user = `${person.role} ${person.user_id}`;
  const client = useMemo(() => connectionOf(user), [user]);
  useEffect(() => {
    client.connect();
    return () => client.close();
  }, [client]);
  return <LiveContext value={client}>{children}</LiveContext>;
};

export const useLive = (): Rollcast => {
  const client = useContext(LiveContext);
  if (client === null) throw new Error('nobody is signed in here');
  return client;
};
