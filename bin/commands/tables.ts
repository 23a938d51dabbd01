import type { Command } from 'commander';
import { methodsOfKind } from '@/lib/science/catalog/methods';
import { runDetailView, runListView } from '@/lib/service/contracts';
import { connectApi } from '../api-client';
import { table } from '../terminal';

interface Options {
  sweep: string;
  url?: string;
  json?: boolean;
}

const MEASURING = methodsOfKind('transfer').filter((method) => method.measures === true);
/** Only methods that measure are asked for: a sweep has thousands of transfers. Labels end in `(method …)`. */
const measures = ({ label }: { label: string }): boolean =>
  MEASURING.some(({ id }) => label.includes(`(${id}`));

/** Tables of every taught encoder and adaptation of a sweep that is done, with the run that they belong to. */
async function measuredTables({ sweep, url }: Options) {
  const api = await connectApi(url === undefined ? {} : { url });
  try {
    const done = async (kind: string) =>
      (await api.get(`/sweeps/${sweep}/runs?kind=${kind}&state=done&limit=1000`, runListView)).runs;
    const runs = [...(await done('pretrain')), ...(await done('transfer')).filter(measures)];
    const found = [];
    for (const { fingerprint, label } of runs) {
      const { tables, seed } = await api.get(`/runs/${fingerprint}`, runDetailView);
      if (tables.length > 0) found.push({ fingerprint, label, seed, tables });
    }
    return found;
  } finally {
    await api.close();
  }
}

/** `taskatlas tables`: what methods measured beside their losses. */
export function registerTables(program: Command): void {
  program
    .command('tables')
    .description(
      'what methods measured beside their losses: the affinity of joint tasks, cross-stitch units, the distance between domains, whether adaptations still do the task in the source domain',
    )
    .option('--sweep <id>', 'number or id of the sweep', 'latest')
    .option('--url <url>', 'server to ask (default: the one running in this clone, else the database itself)')
    .option('--json', 'print as JSON')
    .action(async (options: Options) => {
      const found = await measuredTables(options);
      const print = (text: string): void => void process.stdout.write(`${text}\n`);
      if (options.json) return print(JSON.stringify(found, null, 2));
      if (found.length === 0)
        print(
          'No finished run of this sweep has tables: teach an encoder by multi-task, or adapt to another domain (dann, adda …).',
        );
      for (const { label, seed, tables } of found) {
        for (const { name, meaning, rows, columns, values } of tables) {
          print(`${label} (seed ${seed}): ${name}. ${meaning}\n`);
          const lines = rows.map((row, i) => [
            row,
            ...columns.map((_, j) => values[i]?.[j]?.toPrecision(3) ?? '–'),
          ]);
          print(`${table(['', ...columns], lines)}\n`);
        }
      }
    });
}
