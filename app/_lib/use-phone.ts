'use client';

import { useSyncExternalStore } from 'react';

const QUERY = '(max-width: 819px)';

/** Same limit as the `phone:` variant of the style sheet; false while rendering on the server. */
export const usePhone = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      const media = window.matchMedia(QUERY);
      media.addEventListener('change', listener);
      return () => media.removeEventListener('change', listener);
    },
    () => window.matchMedia(QUERY).matches,
    () => false,
  );
