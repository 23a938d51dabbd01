import type { TaskDeclaration, TaskMetric } from '@/lib/science/core';
import type { TaskView } from '../contracts';
import type { StoredSweep } from '../ports';
import { sourcesOf, targetsOf } from './model';

const metric = ({ name, unit, higherIsBetter }: TaskMetric): TaskMetric => ({ name, unit, higherIsBetter });

/** A task as the dictionary declares it. */
export const taskView = (task: TaskDeclaration): TaskView => ({
  id: task.id,
  name: task.name,
  family: task.family,
  summary: task.summary,
  source: task.roles.includes('source'),
  target: task.roles.includes('target'),
  labelCost: task.labelCost,
  metric: task.metric ? metric(task.metric) : null,
});

/** The tasks of a sweep with the roles that they have in it, which the sweep may narrow. */
export function sweepTasks(sweep: StoredSweep): TaskView[] {
  const sources = new Set(sourcesOf(sweep).map((t) => t.id));
  const targets = new Set(targetsOf(sweep).map((t) => t.id));
  return sweep.tasks.map((task) => ({
    ...taskView(task),
    source: sources.has(task.id),
    target: targets.has(task.id),
  }));
}
