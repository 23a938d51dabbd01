import type { MatrixView } from '../contracts';
import { cellContext, cellView, targetView } from './cells';
import { type SweepData, sourcesOf, targetsOf } from './model';
import { ordersOf } from './orders';

/** The affinity matrix, cell by cell, with its orders and trees. Cells are target-major in dictionary order. */
export function matrixView(data: SweepData): MatrixView {
  const context = cellContext(data);
  const sources = sourcesOf(data.sweep).map((task) => task.id);
  const targets = targetsOf(data.sweep).map((task) => task.id);
  const cells = targets.flatMap((target) => sources.map((source) => cellView(context, source, target)));
  const targetRows = targets.map((target) => targetView(data, context, target));
  return {
    sweepId: data.sweep.id,
    sources,
    targets,
    cells,
    targetRows,
    ...ordersOf(data.sweep.tasks, cells, sources, targets),
    preliminary: targets.some((target) => context.analysis(target)?.preliminary ?? true),
    seeds: data.sweep.spec.seeds.length,
  };
}
