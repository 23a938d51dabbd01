import { describe, expect, it } from 'vitest';
import { createRng, type PolicyEdge } from '@/lib/science/core';
import { fixColumns } from './exact';
import { loadHighs, solveProgram } from './highs';
import { layOut } from './layout';
import { prepareProblem } from './problem';

/** Single sources and pairs of like worth: the relaxation takes fractions of some sources. */
function fractionalProgram(trial: number) {
  const rng = createRng('fractional', trial);
  const names = Array.from({ length: 10 }, (_, i) => `s${i}`);
  const edges = names.flatMap((target) =>
    Array.from({ length: 10 }, (): PolicyEdge => {
      const sources = names.filter((s) => s !== target && rng.next() < 0.12).slice(0, 2);
      const value = rng.next() ** 2 + 0.1 * sources.length;
      return { target, sources: sources.length > 0 ? sources : [target], kind: 'transfer', value };
    }),
  );
  const budgets = [{ name: 'count', limit: 4 }];
  return layOut(prepareProblem({ targets: names, sources: names, edges, budgets, allowUnserved: true }))
    .program;
}

describe('fixColumns', () => {
  it('keeps the optimum for every incumbent up to it, and fixes most columns near it', async () => {
    const highs = await loadHighs();
    let fixed = 0;
    let columns = 0;
    for (let trial = 0; trial < 8; trial++) {
      const program = fractionalProgram(trial);
      const relaxed = solveProgram(highs, { ...program, integer: [] });
      const optimum = solveProgram(highs, program);
      for (const incumbent of [optimum.objective, optimum.objective - 20]) {
        const restricted = fixColumns(program, relaxed.rowDuals, incumbent);
        expect(solveProgram(highs, restricted).objective).toBeCloseTo(optimum.objective, 4);
        if (incumbent !== optimum.objective) continue;
        columns += program.columns;
        fixed += restricted.upper.filter((u, c) => u === restricted.lower[c]).length;
      }
    }
    expect(fixed / columns).toBeGreaterThan(0.3);
  });

  it('is sound for any multipliers, even meaningless ones', async () => {
    const highs = await loadHighs();
    const program = fractionalProgram(99);
    const optimum = solveProgram(highs, program).objective;
    const rng = createRng('multipliers');
    for (let trial = 0; trial < 5; trial++) {
      const wild = Float64Array.from({ length: program.rows.length }, () => 100 * rng.normal());
      expect(solveProgram(highs, fixColumns(program, wild, optimum)).objective).toBeCloseTo(optimum, 4);
    }
  });
});
