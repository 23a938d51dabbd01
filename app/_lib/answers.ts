import { z } from 'zod';
import { sweepView, targetListItem, taskView, workerView } from '@/lib/service/contracts';

/** Answers that wrap a list of a contract's views. */
export const sweepList = z.object({ sweeps: z.array(sweepView) });
export const targetList = z.object({ targets: z.array(targetListItem) });
export const workerList = z.object({ workers: z.array(workerView) });
export const taskList = z.object({ tasks: z.array(taskView) });
