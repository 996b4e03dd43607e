import { useEffect, useState } from 'react';
import { useConnection } from '../../client/react.ts';
import { useLive } from '../live.tsx';
import { texts } from '../texts.ts';

const useIsOnline = (): boolean => {
  const [isOnline, setIsOnline] = useState(navigator.onLine);
  useEffect(() => {
    const look = () => setIsOnline(navigator.onLine);
    window.addEventListener('online', look);
    window.addEventListener('offline', look);
    return () => {
      window.removeEventListener('online', look);
      window.removeEventListener('offline', look);
    };
  }, []);
  return isOnline;
};

/** Whether what is shown is live; said aloud when it changes. */
export const ConnectionState = () => {
  const { status } = useConnection(useLive());
  const isOnline = useIsOnline();
  const shown = isOnline || status === 'connected' ? status : 'offline';
  return (
    <span className={`connection ${shown}`} role="status">
      <span aria-hidden="true" className="connection-sign" />
      {texts.connection[shown]}
    </span>
  );
};
