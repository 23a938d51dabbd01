import { z } from 'zod';

/** What a reader of a sweep must know: a defect of imported data, or a limit of what can be read from it. */
export const sweepNote = z.object({
  level: z.enum(['warning', 'note']),
  code: z.string(),
  text: z.string(),
  /** Targets that it is about; empty = the whole sweep. */
  targets: z.array(z.string()),
});
