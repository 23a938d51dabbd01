import { canonicalJson } from '@/lib/service/sweeps/fingerprint';
import type { JobName } from '../ports';

/** Jobs with the same key are the same work. A delayed one is apart, so that it never stands in a prompt one's way. */
export const jobKey = (name: JobName, payload: unknown, startAfterSeconds?: number): string =>
  `${name} ${canonicalJson(payload)}${startAfterSeconds ? ' later' : ''}`;
