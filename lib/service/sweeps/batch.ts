import { type FieldIssue, TaskatlasError } from '@/lib/science/core';
import type { SweepBatch, SweepSpec } from '../contracts';
import { countKinds } from './counts';
import { parseSweepFile } from './parse';
import type { SweepPlan } from './plan';

/** One file of a batch, read and planned. */
export interface PlannedFile {
  file: string;
  spec: SweepSpec;
  plan: SweepPlan;
}

/** What is wrong with a file, each path led by the file's name. */
function issuesOf(file: string, error: TaskatlasError): FieldIssue[] {
  const found = error.issues.length > 0 ? error.issues : [{ path: '', message: error.message }];
  return found.map(({ path, message }) => ({ path: path ? `${file}: ${path}` : file, message }));
}

/**
 * Reads and plans several sweep files; nothing of them is used unless all are right.
 * @throws TaskatlasError `invalid-input` with every issue of every file
 */
export async function planFiles(
  files: SweepBatch['files'],
  plan: (spec: SweepSpec) => Promise<SweepPlan>,
): Promise<PlannedFile[]> {
  const planned: PlannedFile[] = [];
  const issues: FieldIssue[] = [];
  for (const { name, text } of files) {
    try {
      const spec = parseSweepFile(text);
      planned.push({ file: name, spec, plan: await plan(spec) });
    } catch (error) {
      if (!(error instanceof TaskatlasError) || error.code !== 'invalid-input') throw error;
      issues.push(...issuesOf(name, error));
    }
  }
  if (issues.length > 0) {
    const wrong = files.length - planned.length;
    throw new TaskatlasError(
      'invalid-input',
      `${wrong} of ${files.length} sweep files cannot be planned, so that none is submitted.`,
      { issues },
    );
  }
  return planned;
}

/** The plans of several sweeps as one: a run that more than one of them wants is there once. */
export function joinPlans(
  plans: readonly Pick<SweepPlan, 'runs' | 'growth' | 'skipped'>[],
): Pick<SweepPlan, 'runs' | 'counts' | 'growth' | 'skipped'> {
  const runs = [...new Map(plans.flatMap((plan) => plan.runs.map((run) => [run.fingerprint, run]))).values()];
  return {
    runs,
    counts: countKinds(runs),
    skipped: [...new Set(plans.flatMap((plan) => plan.skipped))],
    growth: {
      runs: plans.reduce((sum, plan) => sum + plan.growth.runs, 0),
      flops: plans.reduce((sum, plan) => sum + plan.growth.flops, 0),
    },
  };
}
