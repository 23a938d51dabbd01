import { z } from 'zod';

/** Payloads carry ids, rows hold truth. */
export const analyseTargetJob = z.strictObject({ sweepId: z.string().min(1), target: z.string().min(1) });
export const solvePolicyJob = z.strictObject({ sweepId: z.string().min(1) });
