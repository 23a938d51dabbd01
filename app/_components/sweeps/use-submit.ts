'use client';

import { useRouter } from 'next/navigation';
import { useRef, useState } from 'react';
import { ApiError } from '@/app/_lib/api';
import { invalidate } from '@/app/_lib/use-api';

/** Sends what `send` sends and goes to the page it names; keeps what the server refused until the page is changed. */
export function useSubmit(send: () => Promise<string>) {
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const changes = useRef(0);
  const submit = async (): Promise<void> => {
    const sent = changes.current;
    setBusy(true);
    setError(null);
    try {
      const page = await send();
      invalidate('/sweeps');
      router.push(page);
    } catch (thrown) {
      setBusy(false);
      // A refusal of what has been changed since would be shown at what is right by now.
      if (sent !== changes.current) return;
      setError(thrown instanceof ApiError ? thrown : new ApiError(0, 'internal', String(thrown)));
    }
  };
  const clear = (): void => {
    changes.current += 1;
    setError(null);
  };
  return { busy, error, submit, clear };
}
