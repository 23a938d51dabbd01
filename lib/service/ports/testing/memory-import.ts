import type { RunStore } from '../index';

/** Imports in memory: nobody looks in between, so that step by step is whole. */
export const memoryImport = (
  store: Pick<RunStore, 'adopt' | 'createSweep' | 'saveAnalysis' | 'savePolicy'>,
): Pick<RunStore, 'importSweeps'> => ({
  importSweeps: async (batch) => {
    const stored = [];
    for (const { sweep, analyses, policies, runs = [] } of batch) {
      await store.adopt(runs);
      stored.push(
        await store.createSweep(
          sweep,
          runs.map((run) => ({ ...run, dependsOn: [] })),
        ),
      );
      for (const analysis of analyses) await store.saveAnalysis(sweep.id, analysis);
      for (const policy of policies) await store.savePolicy(sweep.id, policy);
    }
    return stored;
  },
});
