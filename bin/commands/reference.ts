import type { Command } from 'commander';
import { TaskatlasError } from '@/lib/science/core';
import { table } from '../terminal';
import { printJson, readJsonFile } from './json-input';
import { type ReferenceMetric, referenceFile, runCases } from './reference-metric';

type Metrics = Readonly<Record<string, ReferenceMetric>>;

/** Rooms that answer to `reference run`, each loaded only when it is needed. Methods and estimators join here. */
const FAMILIES: readonly (() => Promise<Metrics>)[] = [
  async () => (await import('./reference-statistics')).statisticsMetrics,
  async () => (await import('./reference-learning')).learningMetrics,
];

/** All metrics by name. Throws when two families claim one name. */
export async function loadReferenceMetrics(): Promise<Map<string, ReferenceMetric>> {
  const metrics = new Map<string, ReferenceMetric>();
  for (const family of await Promise.all(FAMILIES.map((load) => load()))) {
    for (const [name, metric] of Object.entries(family)) {
      if (metrics.has(name))
        throw new TaskatlasError('internal', `reference metric "${name}" is defined twice`);
      metrics.set(name, metric);
    }
  }
  return metrics;
}

/** Runs a reference file through the metric of that name. */
export async function runReference(metricName: string, file: string) {
  const metrics = await loadReferenceMetrics();
  const metric = metrics.get(metricName);
  if (!metric) {
    throw new TaskatlasError(
      'invalid-input',
      `unknown metric "${metricName}"; there are ${[...metrics.keys()].join(', ')}`,
    );
  }
  const { cases } = await readJsonFile(file, referenceFile, 'a reference file');
  return { cases: await runCases(metric, cases) };
}

/** Mounts `taskatlas reference run` and `reference list`. */
export function registerReference(program: Command): void {
  const reference = program.command('reference').description('recompute reference values by metric');
  reference
    .command('run <metric>')
    .description('compute every case of a file {"cases": [{"name", "inputs"}]}')
    .requiredOption('--input <file>', 'reference file')
    .option('--json', 'print JSON')
    .action(async (metric: string, options: { input: string; json?: boolean }) => {
      const answer = await runReference(metric, options.input);
      if (options.json) return printJson(answer);
      const rows = answer.cases.map((c) => [
        c.name,
        'error' in c ? `error: ${c.error}` : JSON.stringify(c.value),
      ]);
      process.stdout.write(`${table(['case', 'value'], rows)}\n`);
    });
  reference
    .command('list')
    .description('metrics that can be recomputed')
    .action(async () => {
      const metrics = await loadReferenceMetrics();
      const rows = [...metrics].map(([name, metric]) => [name, metric.description]);
      process.stdout.write(`${table(['metric', 'what'], rows)}\n`);
    });
}
