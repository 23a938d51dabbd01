import { type MatrixView, methodsOf } from '../contracts';
import { cellContext, cellView, targetView } from './cells';
import { atMainSize } from './main-size';
import { type SweepData, sourcesOf, targetsOf } from './model';
import { ordersOf } from './orders';

/**
 * The affinity matrix of one method, of the first order at the main transfer size, cell by cell, with its orders and
 * trees. Cells are target-major in dictionary order.
 */
export function matrixView(all: SweepData, method?: string): MatrixView {
  const data = atMainSize(all);
  const context = cellContext(data, method);
  const sources = sourcesOf(data.sweep).map((task) => task.id);
  const targets = targetsOf(data.sweep).map((task) => task.id);
  const cells = targets.flatMap((target) => sources.map((source) => cellView(context, source, target)));
  const targetRows = targets.map((target) => targetView(data, context, target));
  return {
    sweepId: data.sweep.id,
    method: context.method,
    methods: methodsOf(data.sweep.spec).map(({ id, label }) => ({ id, label })),
    sources,
    targets,
    cells,
    targetRows,
    ...ordersOf(data.sweep.tasks, cells, sources, targets),
    preliminary: targets.some((target) => context.analysis(target)?.preliminary ?? true),
    seeds: data.sweep.spec.seeds.length,
  };
}
