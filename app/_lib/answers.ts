import { z } from 'zod';
import { runView, sweepView, targetView, taskView, workerView } from '@/lib/service/contracts';

/** Answers that are lists of a contract's views. */
export const sweepList = z.array(sweepView);
export const targetList = z.array(targetView);
export const runList = z.array(runView);
export const workerList = z.array(workerView);
export const taskList = z.array(taskView);
