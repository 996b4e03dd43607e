import { useState } from 'react';

export type Sending = { isSending: boolean; error: unknown; send: (what: () => Promise<void>) => void };

/** Something that is sent once at a time, and what it was refused with. */
export const useSending = (): Sending => {
  const [isSending, setIsSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const send = (what: () => Promise<void>): void => {
    if (isSending) return;
    setIsSending(true);
    setError(null);
    what()
      .catch((why: unknown) => setError(why))
      .finally(() => setIsSending(false));
  };
  return { isSending, error, send };
};
